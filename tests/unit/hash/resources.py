"""Registers, stack and spills of the quantiser's and the hashes' kernels, from ptxas, against a record.

A stack frame means that the message schedule has left the registers: the kernel would still be right,
and several times slower. A changed register count is no fault, but has to be looked at and recorded.
  resources.py NVCC SOURCE_ROOT [--print]
"""
import re
import subprocess
import sys
import tempfile

NVCC, ROOT = sys.argv[1:3]
FILES = ("kernels/quant/int8.cu", "kernels/hash/tree.cu")
ARCHS = (80, 90, 100)
# Most registers per kernel (over its instantiations), nvcc 13.0.88; 65,536 / threads is the limit.
RECORD = {
    "quantize_kernel": {80: 34, 90: 38, 100: 38},
    "leaf_kernel": {80: 115, 90: 115, 100: 117},
    "level_kernel": {80: 56, 90: 56, 100: 56},
}


def compiled(file, arch):
    """(kernel, registers, stack, spills) of every instantiation."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as out:
        done = subprocess.run(
            [NVCC, "-std=c++20", "-O3", f"-I{ROOT}", f"-gencode=arch=compute_{arch},code=sm_{arch}",
             "-Xptxas", "-v", "-cubin", f"{ROOT}/{file}", "-o", out.name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pattern = re.compile(r"Compiling entry function '\w*?(\w+?_kernel).*?(\d+) bytes stack frame, (\d+) bytes spill"
                         r" stores, (\d+) bytes spill loads.*?Used (\d+) registers", re.S)
    for name, stack, stores, loads, registers in pattern.findall(done.stderr):
        yield re.search(r"(quantize|leaf|level)_kernel", name)[0], int(registers), int(stack), int(stores) + int(loads)


most, wrong = {}, []
for arch in ARCHS:
    for file in FILES:
        for kernel, registers, stack, spills in compiled(file, arch):
            key = (kernel, arch)
            most[key] = max(most.get(key, 0), registers)
            if stack or spills:
                wrong.append(f"{kernel} sm_{arch}: {stack} bytes of stack, {spills} of spills")
for (kernel, arch), registers in sorted(most.items()):
    print(f"{kernel} sm_{arch}: {registers} registers")
    if "--print" not in sys.argv and registers != RECORD[kernel][arch]:
        wrong.append(f"{kernel} sm_{arch}: {registers} registers, recorded {RECORD[kernel][arch]}")
assert len(most) == len(RECORD) * len(ARCHS), most
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
