#!/usr/bin/env python3
"""The same decode shapes through PyTorch and Triton, for a machine that has them.

  peers.py [--points measured.json] [--out peers.json] [--budget SECONDS] [--dry-run]

Peers:
  sdpa_flash, sdpa_cudnn   scaled_dot_product_attention with that backend. It has no paged cache: K and
                           V are gathered from the pages and anchors concatenated beforehand, and that
                           time is NOT part of the result (it is reported as gather_us).
  triton_paged             a split-KV decode kernel over the paged cache itself, written here.

Shapes are those of a fieldsim-measure report (--points; its eager `fused` rows) or a built-in list of
the matrix's first ones. The output has the report's format, so that rows can be laid side by side. Every
result is compared with FP64 first; inputs rotate past five times L2 and are random. --dry-run prints the
plan and needs no torch.
"""
import argparse
import datetime
import json
import statistics
import sys
import time

BACKENDS = ("sdpa_flash", "sdpa_cudnn", "triton_paged")
# (batch, context, anchors): the goals' shapes, then a coarse grid, all at 32/8/128, page 16, BF16.
BUILT_IN = [(16, 65536, 0), (16, 65536, 256), (1, 65536, 0), (1, 65536, 256), (128, 4096, 0),
            (64, 32768, 0), (16, 8192, 256), (1, 8192, 0), (64, 2048, 1024), (256, 1024, 0),
            (4, 16384, 64), (1, 1024, 0)]
L2_MULTIPLE = 5
ASSUMED_L2 = 60 << 20  # for --dry-run; the device's own otherwise


class Point:
    """A decode shape: one query token a request, equal lengths, shared anchors."""

    def __init__(self, batch, context, anchors, heads=(32, 8, 128), page=16):
        self.batch, self.context, self.anchors, self.page = batch, context, anchors, page
        self.q_heads, self.kv_heads, self.dim = heads

    def parameters(self):
        return {"batch": self.batch, "context": self.context, "anchors": self.anchors,
                "heads": f"{self.q_heads}/{self.kv_heads}/{self.dim}", "page": self.page, "q_len": 1,
                "dtype": "bf16", "lengths": "equal"}

    def bytes(self):
        """Compulsory traffic, as fieldsim-measure counts it."""
        token = 2 * 2 * self.dim * self.kv_heads
        tokens = self.batch * self.context + self.anchors
        pages = self.batch * -(-self.context // self.page)
        return tokens * token + 2 * 2 * self.batch * self.q_heads * self.dim + 4 * pages

    def set_bytes(self):
        """What one input set takes: every request has its own copy of the anchors."""
        return self.batch * (self.context + self.anchors) * 2 * 2 * self.dim * self.kv_heads

    def sets(self, l2):
        needed = L2_MULTIPLE * l2
        return 1 if self.set_bytes() >= needed else -(-needed // self.set_bytes()) + 1


def points_of(file):
    """The shapes of a report that these peers can run."""
    with open(file) as report:
        rows = json.load(report)["results"]
    points = []
    for row in rows:
        p = row["parameters"]
        if row["name"] != "fused eager" or p["q_len"] != 1 or p["lengths"] != "equal" or p["dtype"] != "bf16":
            continue
        if p["anchors"] % p["page"] == 0 and p.get("anchor_sets", "shared") == "shared":
            heads = tuple(int(x) for x in p["heads"].split("/"))
            points.append(Point(p["batch"], p["context"], p["anchors"], heads, p["page"]))
    return points


def plan(points, l2):
    for point in points:
        for backend in BACKENDS:
            yield backend, point, point.sets(l2)


def summary(samples):
    samples = sorted(samples)
    cut = statistics.quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else samples * 3
    return {"count": len(samples), "min": samples[0], "q1": cut[0], "median": cut[1], "q3": cut[2],
            "max": samples[-1]}


def row_of(backend, point, first, second, **extra):
    median = summary(first + second)["median"]
    return {"group": "kernels", "name": f"{backend} eager", "parameters": {**point.parameters(), **extra},
            "unit": "us", "all": summary(first + second), "first_pass": summary(first),
            "second_pass": summary(second),
            "noise": abs(statistics.median(first) - statistics.median(second)) / median,
            "rate": point.bytes() / median / 1e3, "rate_unit": "GB/s",
            "note": "gather and concatenation excluded" if backend.startswith("sdpa") else ""}


# ---- From here on torch and triton are needed; main() imports this part only when it measures.

class Inputs:
    """`sets` paged caches with anchors as pages in front of every block table, in random page order."""

    def __init__(self, torch, point, sets, seed):
        g = torch.Generator(device="cuda").manual_seed(seed)
        self.point, self.length = point, point.context + point.anchors
        per_request = -(-point.context // point.page)
        front = point.anchors // point.page
        pages = point.batch * per_request + front
        shape = (sets, pages, point.page, point.kv_heads, point.dim)
        self.k = torch.randn(shape, device="cuda", dtype=torch.bfloat16, generator=g)
        self.v = torch.randn(shape, device="cuda", dtype=torch.bfloat16, generator=g)
        self.q = torch.randn(point.batch, point.q_heads, point.dim, device="cuda", dtype=torch.bfloat16, generator=g)
        own = front + torch.randperm(pages - front, device="cuda", generator=g).view(point.batch, per_request)
        shared = torch.arange(front, device="cuda").expand(point.batch, front)
        self.table = torch.cat([shared, own], 1).to(torch.int32).contiguous()
        self.lengths = torch.full((point.batch,), self.length, device="cuda", dtype=torch.int32)

    def gathered(self, i):
        """Contiguous K and V of set i, [batch, kv_heads, tokens, dim]."""
        def gather(pool):
            rows = pool[i][self.table.long()].flatten(1, 2)[:, :self.length]
            return rows.transpose(1, 2).contiguous()
        return gather(self.k), gather(self.v)


def make_call(torch, backend, inputs, sets):
    """call(run) -> output [batch, q_heads, dim]; and the time of gathering one set, in us."""
    p = inputs.point
    scale = p.dim ** -0.5
    if backend == "triton_paged":
        from triton import next_power_of_2

        from peers_triton import merge_kernel, split_kernel
        sms = torch.cuda.get_device_properties(0).multi_processor_count
        splits = max(1, min(64, 4 * sms // (p.batch * p.kv_heads), -(-inputs.length // 256)))
        group, rows = p.q_heads // p.kv_heads, p.batch * p.q_heads
        part_o = torch.empty(rows, splits, p.dim, device="cuda")
        part_m, part_l = (torch.empty(rows, splits, device="cuda") for _ in range(2))
        out = torch.full_like(inputs.q, float("nan"))

        def paged(run):
            split_kernel[(p.batch, p.kv_heads, splits)](
                inputs.q, inputs.k[run % sets], inputs.v[run % sets], inputs.table, inputs.lengths, part_o, part_m,
                part_l, scale * 1.4426950408889634, inputs.table.stride(0), splits, GROUP=group,
                ROWS=max(16, next_power_of_2(group)), DIM=p.dim, PAGE=p.page, BLOCK=64,
                KV_HEADS=p.kv_heads, num_warps=4, num_stages=3)
            merge_kernel[(rows,)](part_o, part_m, part_l, out, splits, SPLITS=next_power_of_2(splits), DIM=p.dim)
            return out
        return paged, 0.0
    from torch.nn.attention import SDPBackend, sdpa_kernel
    which = SDPBackend.FLASH_ATTENTION if backend == "sdpa_flash" else SDPBackend.CUDNN_ATTENTION
    torch.cuda.synchronize()
    begin = time.perf_counter()
    kv = [inputs.gathered(i) for i in range(sets)]
    torch.cuda.synchronize()
    gather_us = 1e6 * (time.perf_counter() - begin) / sets
    query = inputs.q.unsqueeze(2)

    def sdpa(run):
        k, v = kv[run % sets]
        with sdpa_kernel(which):
            return torch.nn.functional.scaled_dot_product_attention(
                query, k, v, scale=scale, enable_gqa=p.q_heads != p.kv_heads).squeeze(2)
    return sdpa, gather_us


def error_of(torch, backend, inputs, call):
    """Relative L2 error against FP64 on the first request."""
    k, v = (x[0].double().repeat_interleave(inputs.point.q_heads // inputs.point.kv_heads, 0) for x in inputs.gathered(0))
    q = inputs.q[0].double().unsqueeze(1)
    want = (torch.softmax(q @ k.transpose(1, 2) * inputs.point.dim ** -0.5, -1) @ v).squeeze(1)
    got = call(0)[0].double()
    return (torch.linalg.norm(got - want) / torch.linalg.norm(want)).item()


def timed(torch, call, box):
    """Two passes of device times in us, queued back to back between events."""
    for run in range(3):
        call(run)
    torch.cuda.synchronize()
    begin = time.perf_counter()
    call(3)
    torch.cuda.synchronize()
    count = int(min(25, max(2, box / 2 / max(1e-6, time.perf_counter() - begin))))
    passes = []
    for _ in range(2):
        events = [torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
        events[0].record()
        for run in range(count):
            call(4 + run)
            events[run + 1].record()
        torch.cuda.synchronize()
        passes.append([1e3 * events[i].elapsed_time(events[i + 1]) for i in range(count)])
    return passes


def measure(arguments, points, report):
    import torch
    device = torch.cuda.get_device_properties(0)
    report["device"] = {"name": device.name, "arch": 10 * device.major + device.minor,
                        "sm_count": device.multi_processor_count, "memory_bytes": device.total_memory}
    report["versions"] = {"torch": torch.__version__, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
    l2 = getattr(device, "L2_cache_size", ASSUMED_L2)
    begin = time.monotonic()
    for backend, point, sets in plan(points, l2):
        what = {"group": "kernels", "what": f"{backend} {point.parameters()}"}
        if time.monotonic() - begin > arguments.budget:
            report["skipped"].append({**what, "why": "time"})
            continue
        try:
            # Paged pools and, for SDPA, the gathered copies beside them.
            if 2.5 * sets * point.set_bytes() > torch.cuda.mem_get_info()[0]:
                raise RuntimeError("memory")
            inputs = Inputs(torch, point, sets, seed=7)
            call, gather_us = make_call(torch, backend, inputs, sets)
            error = error_of(torch, backend, inputs, call)
            report["checks"].append({"name": f"attention {backend}", "parameters": point.parameters(),
                                     "passed": error <= 1e-2, "error": error, "tolerance": 1e-2})
            first, second = timed(torch, call, box=0.4)
            report["results"].append(row_of(backend, point, first, second, gather_us=gather_us, sets=sets))
            row = report["results"][-1]
            print(f"{backend:13} {row['all']['median']:10.1f} us {row['rate']:8.1f} GB/s error {error:.1e} {point.parameters()}")
        except Exception as problem:  # a backend that refuses a shape is a result, not an end
            report["skipped"].append({**what, "why": str(problem).splitlines()[0][:200]})
            print(f"{backend:13} left out: {report['skipped'][-1]['why']}", file=sys.stderr)
        inputs = call = None
        torch.cuda.empty_cache()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", metavar="FILE", help="a fieldsim-measure report to take the shapes from")
    parser.add_argument("--out", default="peers.json")
    parser.add_argument("--budget", type=float, default=240, metavar="SECONDS")
    parser.add_argument("--dry-run", action="store_true", help="print the plan; needs no torch")
    arguments = parser.parse_args()
    points = points_of(arguments.points) if arguments.points else [Point(*p) for p in BUILT_IN]
    if arguments.dry_run:
        for backend, point, sets in plan(points, ASSUMED_L2):
            print(f"{backend:13} sets={sets:<4} bytes={point.bytes():<12}", *(f"{k}={v}" for k, v in point.parameters().items()))
        print("gathering of pages and concatenation of anchors: excluded for sdpa_*, none for triton_paged")
        return 0
    report = {"format": "fieldsim-measure-1", "tool": "peers.py", "command": " ".join(sys.argv),
              "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
              "checks": [], "results": [], "skipped": []}
    try:
        measure(arguments, points, report)
    except (ImportError, AssertionError, RuntimeError) as missing:
        print(f"peers.py: cannot measure here: {missing}", file=sys.stderr)
        return 77
    report["complete"] = not report["skipped"]
    with open(arguments.out, "w") as file:
        json.dump(report, file, indent=1)
    return 0 if all(check["passed"] for check in report["checks"]) else 1


if __name__ == "__main__":
    sys.exit(main())
