"""Runs fieldsim-measure over the stand-in for the CUDA runtime and reads what it wrote."""
import json
import os
import subprocess
import sys
import time

MODE, PROGRAM, FOLDER = sys.argv[1:4]


def run(name, *arguments, free_mib=700, execute=False):
    """Exit code, standard output, the JSON file, the trace or None, and the seconds it took."""
    out = os.path.join(FOLDER, f"fake_{MODE}_{name}.json")
    trace = out + ".trace.json"
    for file in (out, trace):
        if os.path.exists(file):
            os.remove(file)
    environment = dict(os.environ, FAKE_CUDA_FREE_MIB=str(free_mib), FAKE_CUDA_RUN="1" if execute else "0",
                       FIELDSIM_CUBLAS="/nonexistent")
    begin = time.monotonic()
    done = subprocess.run([PROGRAM, "--out", out, *arguments], env=environment, capture_output=True, text=True)
    seconds = time.monotonic() - begin
    print(name, "exit", done.returncode, f"{seconds:.1f} s")
    print(done.stdout[-3000:], done.stderr[-2000:])
    with open(out) as file:
        result = json.load(file)
    spans = None
    if os.path.exists(trace):
        with open(trace) as file:
            spans = json.load(file)["traceEvents"]
    return done.returncode, done.stdout, result, spans, seconds


def names(result, group):
    return {row["name"] for row in result["results"] if row["group"] == group}


def groups():
    code, text, result, _, _ = run("all", "--only", "ceilings,latency,kernels,pcie,host", "--budget", "12")
    assert code == 0, code
    assert not result["stopped"], result["stopped"]
    assert {"copy (read + write)", "read", "L2 read", "mma.sync m16n8k16 bf16"} <= names(result, "ceilings")
    assert {"launch, eager", "launch, in a graph", "launch + event sync", "launch + stream sync"} <= names(result, "latency")
    assert {"d2h pinned", "h2d pinned", "d2h pageable", "h2d pageable", "both ways pinned"} <= names(result, "pcie")
    assert {row["parameters"]["device_memory"] for row in result["results"] if row["group"] == "pcie"} >= {"idle", "busy"}
    assert "sha256, threads" in names(result, "host")
    assert {row["parameters"]["copies"] for row in result["results"] if row["group"] == "host"} == {"none", "d2h running"}
    kernels = names(result, "kernels")
    assert {"fused eager", "gamma_fused eager", "two_pass eager", "unfused eager", "cascade eager",
            "prepend_pages eager"} <= kernels, kernels
    for row in result["results"]:
        assert row["all"]["count"] >= 1 and row["all"]["q1"] <= row["all"]["median"] <= row["all"]["q3"], row
        if "fitted" not in row["name"]:
            assert row["first_pass"]["count"] and row["second_pass"]["count"], row
    assert any("memory" in s["why"] for s in result["skipped"])  # 64k x 16 does not fit into 700 MiB
    assert "goal " in text and "group     name" in text
    for key in ("commit", "date", "device", "clocks_before", "clocks_after", "budget_s", "elapsed_s"):
        assert key in result, key


def wrong():
    # Launches that do nothing leave the poison: noticed, reported, and nothing is timed after it.
    code, text, result, _, _ = run("noop", "--only", "check,kernels", "--budget", "20")
    assert code == 1 and "WRONG" in text and "wrong" in result["stopped"]
    assert all(not check["passed"] for check in result["checks"])
    assert not result["results"]
    # The same kernels run on the emulator: right results.
    code, _, result, _, _ = run("attention", "--only", "check", "--budget", "25", execute=True)
    assert code == 0 and len(result["checks"]) >= 3 and all(check["passed"] for check in result["checks"])
    code, _, result, _, _ = run("integrity", "--only", "integrity", "--budget", "1", execute=True)
    assert code == 0 and len(result["checks"]) == 32 and all(check["passed"] for check in result["checks"])
    code, _, result, _, _ = run("integrity_noop", "--only", "integrity", "--budget", "1")
    assert code == 1 and not any(check["passed"] for check in result["checks"])


def budget():
    code, _, result, _, seconds = run("one", "--only", "ceilings,latency,kernels,pcie,host,decode", "--budget", "2")
    assert code == 0 and result["elapsed_s"] < 4, (seconds, result["elapsed_s"])  # CPU seconds
    assert not result["complete"] and result["skipped"] and not result["stopped"]
    code, _, result, _, _ = run("oom", "--only", "kernels", "--budget", "3", free_mib=1)
    assert code in (0, 1) and result["budget_s"] == 3  # too little memory for anything: still a report


def decode():
    code, text, result, spans, _ = run("all", "--only", "decode", "--budget", "15", free_mib=4096)
    assert code == 0, text
    rows = {(row["name"], row["parameters"]["every"]) for row in result["results"]}
    wanted = {(name, k) for name in ("pessimistic", "optimistic") for k in (1, 8, 32)}
    assert wanted | {("none", 32)} <= rows, rows
    assert all(row["rate"] > 0 and row["rate_unit"] == "tokens/s" for row in result["results"])
    assert all("of 40 layers" in row["note"] and "cuBLAS" not in row["name"] for row in result["results"])
    assert all(check["passed"] for check in result["checks"])
    tracks = {event["args"]["name"] for event in spans if event["name"] == "thread_name"}
    assert {"GPU", "link", "hash worker"} <= tracks, tracks
    processes = {event["pid"] for event in spans if event["name"] == "process_name"}
    tokens = {p: sum(e["ph"] == "X" and e["name"] == "token" and e["pid"] == p for e in spans) for p in processes}
    assert len(processes) >= 7 and set(tokens.values()) == {32}, tokens
    hashes = {p: sum(e["ph"] == "X" and e["name"] == "sha256" and e["pid"] == p for e in spans) for p in processes}
    assert hashes[1] == 0 and hashes[2] == 32, hashes  # none; pessimistic at k = 1


{"groups": groups, "wrong": wrong, "budget": budget, "decode": decode}[MODE]()
