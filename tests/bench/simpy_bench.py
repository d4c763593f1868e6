"""The hold model on SimPy: processes that yield timeouts. Arguments: pending processes, events."""
import math
import os
import sys
import time

import simpy

MASK = (1 << 64) - 1
TABLE_SIZE = 1 << 14


def exponential_table(mean, state=42):
    """The table of hold.hpp, kExponential."""
    values = []
    for _ in range(TABLE_SIZE):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        u = (((z ^ (z >> 31)) >> 11) + 0.5) * 2.0**-53
        values.append(int(-mean * math.log(u)) + 1)
    return values


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def main():
    n, events = int(sys.argv[1]), int(sys.argv[2])
    table = exponential_table(1e6)
    env = simpy.Environment()
    at = 0

    def hold():
        nonlocal at
        while True:
            at = (at + 1) % TABLE_SIZE
            yield env.timeout(table[at])

    before = resident_bytes()
    processes = [env.process(hold()) for _ in range(n)]
    for _ in processes:
        env.step()
    size = (resident_bytes() - before) / n
    for _ in range(min(n, 100_000)):
        env.step()
    start = time.thread_time()
    for _ in range(events):
        env.step()
    ns = (time.thread_time() - start) / events * 1e9
    print(f"RES simpy exponential {n} {ns:.3f} {size:.1f}", flush=True)


main()
