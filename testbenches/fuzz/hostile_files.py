# SPDX-License-Identifier: Apache-2.0
"""Corrupt and hostile files at the command line: hostile_files.py EPOCHVP PEAK_MIB CASE | --list

Each must end with exit status 65, one line on stderr and nothing on stdout, without needing more
memory than PEAK_MIB. What the readers refuse byte by byte is tested beside them; here are the files
that cost something.
"""
import json
import os
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile

import model_files

MIB = 1 << 20


def sparse(path, size, start=b""):
    with open(path, "wb") as file:
        file.write(start)
        file.truncate(size)
    return str(path)


def text_file(path, text):
    path.write_text(text)
    return str(path)


# ---- ELF ----------------------------------------------------------------------------------------

def elf_header(segments, sections=0, sections_at=0):
    return struct.pack("<4s5B7xHHIIIIIHHHHHH", b"\x7fELF", 1, 1, 1, 0, 0, 2, 243, 1, 0x80000000,
                       52, sections_at, 1, 52, 32, segments, 40, sections, 0)


def load_segment(offset, address, size):
    return struct.pack("<8I", 1, offset, address, address, size, size, 7, 4)


def elf_segments_share_bytes(folder):
    """65,535 segments of a 4 MiB file, each the whole of it: 256 GiB if they were copied."""
    count = 65535
    size = 4 * MIB
    table = b"".join(load_segment(0, 0x80000000, size) for _ in range(count))
    return ["run", sparse(folder / "a.elf", size, elf_header(count) + table)]


def symbol_elf(folder, symbols, names):
    """One segment, and this symbol table with one name of `names` bytes that all symbols share."""
    code = elf_header(1, 3, 84 + 16 * symbols + names)
    table = struct.pack("<IIIBBH", 0, 0x80000000, 4, 2, 0, 1) * symbols
    sections = bytes(40)
    sections += struct.pack("<10I", 0, 2, 0, 0, 84, 16 * symbols, 2, 0, 4, 16)
    sections += struct.pack("<10I", 0, 3, 0, 0, 84 + 16 * symbols, names, 0, 0, 1, 0)
    path = folder / "a.elf"
    path.write_bytes(code + load_segment(0, 0x80000000, 4) + table + b"n" * names + sections)
    return path


def elf_symbols_share_a_name(folder):
    """A million symbols whose one name is 8 MiB long: 8 TiB if they were copied."""
    return ["run", str(symbol_elf(folder, 1_000_000, 8 * MIB))]


def repeat_symbol_table(path, count):
    """Gives the ELF of symbol_elf() `count` more section headers for its one symbol table."""
    data = bytearray(path.read_bytes())
    sections = struct.unpack_from("<I", data, 32)[0]
    data += data[sections + 40:sections + 80] * count
    struct.pack_into("<H", data, 48, 3 + count)
    path.write_bytes(data)


def elf_many_symbol_tables(folder):
    """65,000 symbol tables over the same 100,000 symbols."""
    path = symbol_elf(folder, 100_000, 64)
    repeat_symbol_table(path, 65_000)
    return ["run", str(path)]


def elf_larger_than_any(folder):
    return ["run", sparse(folder / "a.elf", 1 << 40, b"\x7fELF")]


def elf_outside_memory(folder):
    path = folder / "a.elf"
    path.write_bytes(elf_header(2) + load_segment(0, 0x80000000, 16) +
                     load_segment(0, 0xFFFFF000, 0x1000))
    path.write_bytes(path.read_bytes().ljust(0x1000, b"\0"))
    return ["run", str(path)]


def elf_is_cut(folder):
    path = folder / "a.elf"
    path.write_bytes(elf_header(1) + load_segment(84, 0x80000000, 64))
    return ["run", str(path)]


# ---- models -------------------------------------------------------------------------------------

def compile_folder(folder, **files):
    return ["compile", str(model_files.write_folder(folder / "model", **files)), "-o",
            str(folder / "out.epim")]


def tensors_header_longer_than_file(folder):
    return compile_folder(folder, tensors=struct.pack("<Q", 1 << 62) + b"{}")


def tensors_overlap(folder):
    entry = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    return compile_folder(
        folder, tensors=model_files.safetensors({"a": entry, "b": entry}, bytes(16)))


def tensors_hold_nan(folder):
    spoil = ("layers.0.ssm.C", 3, float("nan"))
    return compile_folder(folder, tensors=model_files.model(spoil))


def tensors_of_1e9_elements(folder):
    entry = {"dtype": "F32", "shape": [10 ** 9], "data_offsets": [0, 4 * 10 ** 9]}
    return compile_folder(folder, tensors=model_files.safetensors({"a": entry}, bytes(16)))


def tensors_with_endless_offsets(folder):
    offsets = "0," * 5_000_000
    return compile_folder(folder, tensors=model_files.safetensors(
        '{"a":{"dtype":"F32","shape":[4],"data_offsets":[' + offsets + "0]}}", bytes(16)))


def tensors_with_endless_shape(folder):
    shape = "1," * 5_000_000
    return compile_folder(folder, tensors=model_files.safetensors(
        '{"a":{"dtype":"F32","shape":[' + shape + '4],"data_offsets":[0,16]}}', bytes(16)))


def tensors_by_the_million(folder):
    """A parser that looks through all earlier tensors after each would take hours."""
    entry = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    return compile_folder(folder, tensors=model_files.safetensors(
        "{" + ",".join(f'"t{i}":{entry}' for i in range(1_000_000)) + "}"))


def tensors_depth_bomb(folder):
    return compile_folder(
        folder, tensors=model_files.safetensors('{"a":{"shape":' + "[" * 5_000_000))


def tensors_of_a_terabyte(folder):
    arguments = compile_folder(folder)
    sparse(folder / "model" / "model.safetensors", 1 << 40, struct.pack("<Q", 2) + b"{}")
    return arguments


def tensors_are_a_pipe(folder):
    arguments = compile_folder(folder)
    path = folder / "model" / "model.safetensors"
    path.unlink()
    os.mkfifo(path)
    return arguments


def model_config_depth_bomb(folder):
    return compile_folder(folder, settings='{"a":' * 1_000_000)


def model_config_of_a_terabyte(folder):
    arguments = compile_folder(folder)
    sparse(folder / "model" / "config.json", 1 << 40, b"{}")
    return arguments


def model_config_of_1e9_channels(folder):
    return compile_folder(folder, settings=model_files.config(d_model=10 ** 9))


def model_config_asks_for_what_is_not_there(folder):
    huge = model_files.config(d_model=65535, d_state=65534, n_layers=1024)
    return compile_folder(folder, settings=huge)


# ---- scenarios ----------------------------------------------------------------------------------

def scenario(folder, text):
    return ["run", text_file(folder / "s.json", text)]


def scenario_depth_bomb(folder):
    return scenario(folder, "[" * 10_000_000)


def scenario_of_millions_of_elements(folder):
    return scenario(folder, '{"data":[' + "{}," * 5_000_000 + "{}]}")


def scenario_of_1e9_elements(folder):
    path = folder / "s.json"
    sparse(path, 2 * 10 ** 9, b'{"data":[')
    return ["run", str(path)]


def scenario_of_a_million_keys(folder):
    """An ordered object that looks every key up among all before it would take hours."""
    keys = ",".join(f'"k{i}":0' for i in range(1_000_000))
    return scenario(folder, "{" + keys + "}")


def scenario_with_endless_arguments(folder):
    return scenario(folder, '{"firmware":{"elf":"hello.elf","args":[' + '"x",' * 3_000_000 +
                    '"x"]}}')


def scenario_with_nan(folder):
    return scenario(folder, '{"dram":{"ideal":{"latency_ns":NaN}}}')


def scenario_extends_for_ever(folder):
    """20,000 files, each extending the next: a chain, not a cycle."""
    count = 20_000
    for i in range(count):
        text_file(folder / f"s{i}.json", f'{{"extends":"s{i + 1}.json"}}')
    text_file(folder / f"s{count}.json", "{}")
    return ["run", str(folder / "s0.json")]


def scenario_is_a_pipe(folder):
    os.mkfifo(folder / "s.json")
    return ["run", str(folder / "s.json")]


def scenario_is_endless(_):
    return ["config", "/dev/zero"]


def scenario_of_noise(folder):
    path = folder / "s.json"
    path.write_bytes(bytes((i * 167 + 13) % 256 for i in range(100_000)))
    return ["config", str(path)]


def data_larger_than_memory(folder):
    sparse(folder / "d.bin", 1 << 40)
    return scenario(folder, json.dumps(
        {"firmware": {"elf": "hello.elf"}, "data": [{"name": "d", "file": "d.bin"}]}))


def grid_nested_without_end(folder):
    return ["grid", text_file(folder / "c.json", '{"mode":' + "[" * 2_000_000 + "}")]


def grid_of_a_million_keys(folder):
    keys = ",".join(f'"k{i}":0' for i in range(1_000_000))
    return ["grid", text_file(folder / "c.json", "{" + keys + "}")]


def grid_of_two_gigabytes(folder):
    return ["grid", sparse(folder / "c.json", 2 * 10 ** 9, b'{"mode":"')]


def grid_of_more_pes_than_memory(folder):
    return ["grid", text_file(folder / "c.json", json.dumps(
        {"mode": "real", "rows": 65535, "cols": 65535, "state_slots": 255, "channels": 1,
         "modes": 1, "steps": 1, "seed": 1}))]


def grid_of_more_words_than_memory(folder):
    return ["grid", text_file(folder / "c.json", json.dumps(
        {"mode": "real", "rows": 1, "cols": 4000, "channels": 4000, "modes": 1,
         "steps": 16_777_216, "seed": 1}))]


def grid_is_a_pipe(folder):
    os.mkfifo(folder / "c.json")
    return ["grid", str(folder / "c.json")]


CASES = {name: case for name, case in list(globals().items())
         if name.startswith(("elf_", "tensors_", "model_config_", "scenario_", "data_",
                             "grid_"))
         and name != "elf_header"}


def run(epochvp, peak_mib, name):
    with tempfile.TemporaryDirectory() as scratch:
        arguments = CASES[name](pathlib.Path(scratch))
        done = subprocess.run([epochvp, *arguments], capture_output=True, cwd=scratch, check=False)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"exit status {done.returncode}, peak {peak} MiB")
    print(done.stderr[:2000].decode(errors="replace"), end="")
    wrong = []
    if done.returncode != 65:
        wrong.append(f"exit status {done.returncode}, wanted 65")
    if done.stdout:
        wrong.append("something on stdout")
    if done.stderr.count(b"\n") != 1 or len(done.stderr) > 1000:
        wrong.append(f"{done.stderr.count(10)} lines, {len(done.stderr)} bytes on stderr; "
                     "wanted one line of at most 1000")
    if peak > peak_mib:
        wrong.append(f"peak memory of {peak} MiB, allowed {peak_mib}")
    for problem in wrong:
        print("FAILED:", problem)
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(CASES))
        return 0
    if len(sys.argv) != 4 or sys.argv[3] not in CASES:
        print(__doc__, file=sys.stderr)
        return 64
    return run(sys.argv[1], int(sys.argv[2]), sys.argv[3])


if __name__ == "__main__":
    sys.exit(main())
