"""Compiles kernels for one architecture and reads the result: ptxas's report, and the machine code
in the ELF sections, without a disassembler. Instructions of sm_70 and later are 16 bytes; the low
12 bits name the operation and its operand form (learned from nvdisasm -hex on our own cubins)."""
import collections
import re
import struct
import subprocess

# Operation names by the low 12 bits; several forms of one operation share a name.
OPCODES = {
    0x23C: "HMMA", 0x83B: "LDSM", 0xFAE: "LDGSTS", 0x981: "LDG", 0x986: "STG", 0x386: "STG",
    0x984: "LDS", 0x388: "STS", 0x988: "STS", 0x308: "MUFU", 0x983: "LDL", 0x387: "STL",
    0x987: "STL", 0xF89: "SHFL", 0xB1D: "BAR", 0x9A8: "ATOMG", 0x3A8: "ATOMG",
}


class NoCompiler(Exception):
    pass


def compile_cubin(nvcc, root, source, arch, output, extra=()):
    """Returns ptxas's report."""
    command = [nvcc, "-std=c++20", "-O3", "-I", root, "-gencode",
               f"arch=compute_{arch},code=sm_{arch}", "-Xptxas", "-v", "-cubin", source,
               "-o", output, *extra]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NoCompiler(nvcc) from error
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-4000:])
    return done.stderr


def resources(report):
    """{mangled name: (registers, static shared bytes, spill bytes)}"""
    rows = {}
    name, spill = None, 0
    for line in report.splitlines():
        if m := re.search(r"Compiling entry function '(\S+)'", line):
            name = m.group(1)
        elif m := re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", line):
            spill = int(m.group(1)) + int(m.group(2))
        elif m := re.search(r"Used (\d+) registers", line):
            shared = re.search(r"(\d+) bytes smem", line)
            rows[name] = (int(m.group(1)), int(shared.group(1)) if shared else 0, spill)
    return rows


def instructions(cubin):
    """Yields (mangled kernel name, [(low word, high word), ...]) of every kernel."""
    data = open(cubin, "rb").read()
    (sections_at,) = struct.unpack_from("<Q", data, 40)
    size, count, names_index = struct.unpack_from("<HHH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, sections_at + i * size)
                for i in range(count)]
    names_at = sections[names_index][4]
    for section in sections:
        start = names_at + section[0]
        name = data[start:data.index(b"\0", start)].decode()
        if name.startswith(".text."):
            words = [struct.unpack_from("<QQ", data, section[4] + i)
                     for i in range(0, section[5], 16)]
            yield name[len(".text."):], words


def copy_bytes(high, arch):
    """Width of an LDGSTS: a two-bit field of the high word, one bit further up from sm_100 on."""
    return 4 << ((high >> (10 if arch >= 100 else 9)) & 3)


def histogram(words, arch):
    """Operation counts; LDGSTS also by its width."""
    counts = collections.Counter()
    for low, high in words:
        name = OPCODES.get(low & 0xFFF)
        if name is None:
            continue
        counts[name] += 1
        if name == "LDGSTS":
            counts[f"LDGSTS.{8 * copy_bytes(high, arch)}"] += 1
    return counts


def parse_name(mangled):
    """(kernel, dtype, [integer template arguments]) of one of our kernels, from its mangled name."""
    kernel = re.search(r"\d+([a-z_]+)_kernel", mangled).group(1)
    dtype = "bf16" if "DTypeE1E" in mangled else "f16"
    return kernel, dtype, [int(n) for n in re.findall(r"Li(\d+)E", mangled)]
