"""peers.py plans without torch, counts bytes as the harness does, and reads the harness's reports."""
import importlib.util
import json
import subprocess
import sys
import tempfile

SCRIPT = sys.argv[1]


def run(*arguments):
    return subprocess.run([sys.executable, "-B", SCRIPT, *arguments], capture_output=True, text=True)


done = run("--dry-run")
assert done.returncode == 0, done.stderr
lines = done.stdout.splitlines()
assert len(lines) == 3 * 12 + 1 and "excluded" in lines[-1], lines
for backend in ("sdpa_flash", "sdpa_cudnn", "triton_paged"):
    assert sum(line.startswith(backend) for line in lines) == 12
# 16 x 65,536 tokens of 4096 bytes, Q and out, 4096 page ids a request; far past five L2 alone.
assert f"bytes={16 * 65536 * 4096 + 4 * 16 * 32 * 128 + 4 * 16 * 4096}" in lines[0] and "sets=1 " in lines[0]

spec = importlib.util.spec_from_file_location("peers", SCRIPT)
sys.dont_write_bytecode = True
peers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(peers)
small = peers.Point(1, 1024, 0)
assert small.sets(60 << 20) * small.set_bytes() > 5 * (60 << 20)
assert peers.summary([4, 1, 3, 2]) == {"count": 4, "min": 1, "q1": 1.75, "median": 2.5, "q3": 3.25, "max": 4}
row = peers.row_of("sdpa_flash", small, [10.0, 10.0], [11.0, 11.0], gather_us=5.0)
assert row["all"]["count"] == 4 and abs(row["noise"] - 1 / 10.5) < 1e-12 and "excluded" in row["note"]

with tempfile.NamedTemporaryFile("w", suffix=".json") as report:
    same = {"batch": 4, "context": 2048, "anchors": 64, "heads": "64/8/64", "page": 16, "q_len": 1,
            "dtype": "bf16", "lengths": "equal", "anchor_sets": "shared"}
    rows = [{"name": "fused eager", "parameters": same},
            {"name": "fused graph", "parameters": same},
            {"name": "fused eager", "parameters": {**same, "q_len": 4}},
            {"name": "fused eager", "parameters": {**same, "lengths": "zipf"}},
            {"name": "fused eager", "parameters": {**same, "anchors": 37}}]
    json.dump({"results": rows}, report)
    report.flush()
    done = run("--dry-run", "--points", report.name)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 3 + 1, done.stdout
    assert "heads=64/8/64" in done.stdout

assert run("--budget", "x").returncode == 2
try:
    import torch  # noqa: F401
except ImportError:
    done = run("--out", "/nonexistent/never")
    assert done.returncode == 77 and "torch" in done.stderr, done.stderr
print("ok")
