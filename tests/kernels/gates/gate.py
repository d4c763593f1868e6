"""The gates on what nvcc makes of the kernels.

  gate.py ARCH NVCC ROOT WORK          resources equal kernels/resources.inc; opcodes as required
  gate.py planted ARCH NVCC ROOT WORK  a kernel with too few registers must fail both gates
  gate.py record NVCC ROOT WORK        prints resources.inc

Exit 0: passed, 1: failed, 77: no nvcc."""
import os
import sys

import cubin

ARCHS = (80, 90, 100)
DTYPES = ("f16", "bf16")
# Stages of the kernels whose template does not say them: scores_tiling and values_tiling.
STAGES = {64: 3, 128: 3, 256: 2}


def rows_of(report, arch):
    rows = []
    for mangled, (registers, shared, spill) in cubin.resources(report).items():
        kernel, dtype, numbers = cubin.parse_name(mangled)
        head_dim = numbers[0] if numbers else 0
        stages = numbers[1] if len(numbers) > 1 else 0
        if kernel in ("scores", "values"):
            stages = STAGES[head_dim]
        rows.append((kernel, head_dim, stages, dtype, arch, registers, shared, spill))
    return rows


def line(row):
    kernel, head_dim, stages, dtype, *rest = row
    return (f"{{Kernel::{kernel}, {head_dim}, {stages}, DType::{dtype}, "
            + ", ".join(map(str, rest)) + "},")


def compile_all(nvcc, root, work, arch):
    """Resource rows and opcode histograms {mangled: Counter} of both element types."""
    rows, code = [], {}
    for dtype in DTYPES:
        out = os.path.join(work, f"gate_{dtype}_{arch}.cubin")
        source = os.path.join(os.path.dirname(__file__), f"instances_{dtype}.cu")
        rows += rows_of(cubin.compile_cubin(nvcc, root, source, arch, out), arch)
        for name, words in cubin.instructions(out):
            code[name] = cubin.histogram(words, arch)
    return sorted(rows), code


def opcode_faults(name, counts):
    kernel, _, numbers = cubin.parse_name(name)
    dim = numbers[0] if numbers else 0
    faults = []

    def want(condition, text):
        if not condition:
            faults.append(f"{name}: {text} ({dict(counts)})")

    want(counts["LDL"] + counts["STL"] == 0, "local-memory traffic")
    # One step: 2 score tiles by dim/16 slices, dim/8 value tiles.
    scores, values = 2 * dim // 16, dim // 8
    needed = {"fused": scores + values, "planted": scores + values, "scores": scores,
              "values": values}.get(kernel)
    if needed is not None:
        want(counts["HMMA"] >= needed, f"fewer than {needed} tensor-core instructions")
        want(counts["LDGSTS"] > 0, "no asynchronous copies")
        want(counts["LDGSTS"] == counts["LDGSTS.128"], "an asynchronous copy below 128 bits")
        want(counts["LDSM"] > 0, "no ldmatrix")
    return faults


def check(arch, nvcc, root, work):
    rows, code = compile_all(nvcc, root, work, arch)
    with open(os.path.join(root, "kernels", "resources.inc"), encoding="utf-8") as file:
        recorded = sorted(l.strip() for l in file if l.split(",")[4].strip() == str(arch))
    faults = [f"not recorded (or changed): {line(r)}" for r in rows if line(r) not in recorded]
    faults += [f"recorded, but not compiled: {l}" for l in recorded
               if l not in [line(r) for r in rows]]
    faults += [f"spills: {line(r)}" for r in rows if r[-1] != 0]
    for name, counts in code.items():
        faults += opcode_faults(name, counts)
    if len(rows) != 30 or len(code) != 30:
        faults.append(f"{len(rows)} kernels reported, {len(code)} in the cubins, 30 expected")
    return faults


def widths_are_read_right(arch, nvcc, root, work):
    """The width field is undocumented: check it on copies of known width."""
    out = os.path.join(work, f"gate_widths_{arch}.cubin")
    cubin.compile_cubin(nvcc, root, os.path.join(os.path.dirname(__file__), "copy_widths.cu"),
                        arch, out)
    faults = []
    for name, words in cubin.instructions(out):
        _, _, (width,) = cubin.parse_name(name)
        counts = cubin.histogram(words, arch)
        if counts[f"LDGSTS.{8 * width}"] != 1 or counts["LDGSTS"] != 1:
            faults.append(f"a {width}-byte copy reads as {dict(counts)}")
    return faults


def planted(arch, nvcc, root, work):
    out = os.path.join(work, f"gate_planted_{arch}.cubin")
    source = os.path.join(os.path.dirname(__file__), "planted_spill.cu")
    rows = rows_of(cubin.compile_cubin(nvcc, root, source, arch, out), arch)
    code = {n: cubin.histogram(w, arch) for n, w in cubin.instructions(out)}
    faults = []
    if not any(r[-1] > 0 for r in rows):
        faults.append(f"ptxas reported no spill: {rows}")
    if not any("local-memory" in f for n, c in code.items() for f in opcode_faults(n, c)):
        faults.append(f"the opcode gate saw no local-memory traffic: {code}")
    return faults


def main(arguments):
    if arguments[0] == "record":
        nvcc, root, work = arguments[1:]
        rows = [r for arch in ARCHS for r in compile_all(nvcc, root, work, arch)[0]]
        print("\n".join(line(r) for r in sorted(rows)))
        return 0
    if arguments[0] == "planted":
        arch, nvcc, root, work = int(arguments[1]), *arguments[2:]
        faults = planted(arch, nvcc, root, work)
    else:
        arch, nvcc, root, work = int(arguments[0]), *arguments[1:]
        faults = widths_are_read_right(arch, nvcc, root, work) + check(arch, nvcc, root, work)
    print("\n".join(faults) if faults else "all gates passed")
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except cubin.NoCompiler as error:
        print(f"skipped: no CUDA compiler ({error})")
        sys.exit(77)
