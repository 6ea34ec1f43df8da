#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Converts a small export made here and compares every value with it.

usage: test_convert_smnist.py PATH_OF_CONVERT_SMNIST
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

CONVERT = sys.argv.pop()
WIDTH, MODES, DEPTH, STEPS, COUNT = 2, 3, 2, 784, 4


def floats(data):
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def product(shape):
    result = 1
    for extent in shape:
        result *= extent
    return result


def export_shapes():
    shapes = {"enc_w": [WIDTH], "enc_b": [WIDTH]}
    for layer in range(DEPTH):
        prefix = f"layer{layer}."
        for name in ("ln_g", "ln_b", "D"):
            shapes[prefix + name] = [WIDTH]
        for name in ("Abar", "Bbar", "C"):
            shapes[prefix + name + "_re"] = [WIDTH, MODES]
            shapes[prefix + name + "_im"] = [WIDTH, MODES]
        shapes[prefix + "lin_w"] = [2 * WIDTH, WIDTH]
        shapes[prefix + "lin_b"] = [2 * WIDTH]
    shapes["dec_w"] = [10, WIDTH]
    shapes["dec_b"] = [10]
    return shapes


class Convert(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source = pathlib.Path(folder.name, "export")
        self.target = pathlib.Path(folder.name, "model")
        self.source.mkdir()
        self.write_export()

    def write_export(self):
        entries, weights = [], b""
        self.values = {}
        for name, shape in export_shapes().items():
            first = len(weights) // 4
            values = [float(first + i) for i in range(product(shape))]
            entries.append({"name": name, "shape": shape, "offset_bytes": len(weights)})
            weights += struct.pack(f"<{len(values)}f", *values)
            self.values[name] = values
        self.manifest = {"network": {"H": WIDTH, "N": MODES, "depth": DEPTH}, "tensors": entries}
        self.logits = [float(i) for i in range(COUNT * 10)]
        self.residual = [float(i) for i in range(STEPS * (DEPTH + 1) * WIDTH)]
        self.digits = bytes(i % 251 for i in range(COUNT * STEPS))
        files = {
            "weights.bin": weights,
            "digits_u8.bin": self.digits,
            "labels_u8.bin": bytes(range(COUNT)),
            "logits_recur_f32.bin": struct.pack(f"<{COUNT * 10}f", *self.logits),
            "logits_conv_f32.bin": struct.pack(f"<{COUNT * 10}f", *reversed(self.logits)),
            "digit0_h_f32.bin": struct.pack(f"<{len(self.residual)}f", *self.residual),
        }
        for name, data in files.items():
            (self.source / name).write_bytes(data)
        self.write_manifest()

    def write_manifest(self):
        (self.source / "manifest.json").write_text(json.dumps(self.manifest))

    def convert(self):
        return subprocess.run([CONVERT, self.source, "-o", self.target], text=True,
                              capture_output=True, check=False)

    def safetensors(self, name):
        """{tensor: (shape, values)}."""
        data = (self.target / name).read_bytes()
        end = 8 + struct.unpack_from("<Q", data)[0]
        header = json.loads(data[8:end])
        header.pop("__metadata__")
        return {key: (entry["shape"],
                      floats(data[end + entry["data_offsets"][0]:end + entry["data_offsets"][1]]))
                for key, entry in header.items()}

    def refused(self, reason):
        result = self.convert()
        self.assertEqual(result.returncode, 65)
        self.assertIn(reason, result.stderr)
        self.assertEqual(result.stdout, "")

    def test_every_weight_arrives(self):
        self.assertEqual(self.convert().returncode, 0)
        model = self.safetensors("model.safetensors")
        self.assertEqual(model.pop("encoder.weight"), ([WIDTH, 1], self.values["enc_w"]))
        self.assertEqual(model.pop("encoder.bias"), ([WIDTH], self.values["enc_b"]))
        self.assertEqual(model.pop("decoder.weight"), ([10, WIDTH], self.values["dec_w"]))
        self.assertEqual(model.pop("decoder.bias"), ([10], self.values["dec_b"]))
        plain = {"norm.weight": ("ln_g", [WIDTH]), "norm.bias": ("ln_b", [WIDTH]),
                 "ssm.D": ("D", [WIDTH]), "output_linear.weight": ("lin_w", [2 * WIDTH, WIDTH]),
                 "output_linear.bias": ("lin_b", [2 * WIDTH])}
        for layer in range(DEPTH):
            for new, (old, shape) in plain.items():
                self.assertEqual(model.pop(f"layers.{layer}.{new}"),
                                 (shape, self.values[f"layer{layer}.{old}"]))
            for new, old in (("A_bar", "Abar"), ("B_bar", "Bbar"), ("C", "C")):
                shape, values = model.pop(f"layers.{layer}.ssm.{new}")
                self.assertEqual(shape, [WIDTH, MODES, 2])
                self.assertEqual(values[0::2], self.values[f"layer{layer}.{old}_re"])
                self.assertEqual(values[1::2], self.values[f"layer{layer}.{old}_im"])
        self.assertEqual(model, {})

    def test_digits_and_expectations_arrive(self):
        self.assertEqual(self.convert().returncode, 0)
        digits = (self.target / "digits.idx").read_bytes()
        self.assertEqual(digits[:16], struct.pack(">4I", 0x803, COUNT, 28, 28))
        self.assertEqual(digits[16:], self.digits)
        self.assertEqual((self.target / "labels.idx").read_bytes(),
                         struct.pack(">2I", 0x801, COUNT) + bytes(range(COUNT)))
        expected = self.safetensors("expected.safetensors")
        self.assertEqual(expected["logits_recurrent"], ([COUNT, 10], self.logits))
        self.assertEqual(expected["logits_convolution"], ([COUNT, 10], self.logits[::-1]))
        self.assertEqual(expected["digit0_residual"],
                         ([STEPS, DEPTH + 1, WIDTH], self.residual))

    def test_config(self):
        self.assertEqual(self.convert().returncode, 0)
        config = json.loads((self.target / "config.json").read_text())
        self.assertEqual((config["d_model"], config["d_state"], config["n_layers"]),
                         (WIDTH, 2 * MODES, DEPTH))

    def test_missing_file(self):
        (self.source / "labels_u8.bin").unlink()
        self.refused("labels_u8.bin: No such file")

    def test_weights_cut_short(self):
        path = self.source / "weights.bin"
        path.write_bytes(path.read_bytes()[:-4])
        self.refused("weights.bin: dec_b ends at byte")

    def test_missing_and_unknown_tensor(self):
        self.manifest["tensors"][0]["name"] = "enc_v"
        self.write_manifest()
        self.refused("no tensor enc_w")
        self.manifest["tensors"][0]["name"] = "enc_w"
        self.manifest["tensors"].append({"name": "extra", "shape": [1], "offset_bytes": 0})
        self.write_manifest()
        self.refused("unknown tensor extra")

    def test_another_shape(self):
        self.manifest["tensors"][0]["shape"] = [WIDTH + 1]
        self.write_manifest()
        self.refused("enc_w has shape [3], expected [2]")

    def test_digits_cut_short(self):
        (self.source / "digits_u8.bin").write_bytes(self.digits[:-1])
        self.refused("bytes of digits or labels")

    def test_manifest_is_no_export(self):
        (self.source / "manifest.json").write_text("{}")
        self.refused("not an export")

    def test_usage(self):
        result = subprocess.run([CONVERT, self.source], capture_output=True, check=False)
        self.assertEqual(result.returncode, 64)


if __name__ == "__main__":
    unittest.main()
