#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A tiny training run of train_psmnist on digits made here, whose expected logits a
recurrence in plain Python finds again in the model folder. Skipped (77) where PyTorch is not installed.

usage: test_train_psmnist.py PROJECT_ROOT
"""
import cmath
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

from pytorch import PYTHON, run_tests

ROOT = pathlib.Path(sys.argv.pop())
SCRIPT = ROOT / "scripts" / "train_psmnist"
PIXELS, CLASSES, DEPTH, WIDTH, MODES = 784, 10, 2, 4, 3
EPSILON = 1e-5


def permutation():
    order, state = list(range(PIXELS)), 1
    for i in range(PIXELS - 1, 0, -1):
        state = state * 16807 % 2147483647
        j = state % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def shaped(values, shape):
    """A flat sequence as nested lists."""
    if len(shape) == 1:
        return list(values)
    size = len(values) // shape[0]
    return [shaped(values[i * size:(i + 1) * size], shape[1:]) for i in range(shape[0])]


def safetensors(path):
    data = path.read_bytes()
    end = 8 + struct.unpack_from("<Q", data)[0]
    result = {}
    for name, entry in json.loads(data[8:end]).items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            values = struct.unpack(f"<{(last - first) // 4}f", data[end + first:end + last])
            result[name] = shaped(values, entry["shape"])
    return result


def normed(tensors, prefix, norm, h):
    gain, offset = tensors[prefix + "weight"], tensors[prefix + "bias"]
    result = []
    for row in h:
        if norm == "batch":
            means, variances = tensors[prefix + "running_mean"], tensors[prefix + "running_var"]
        else:
            mean = sum(row) / len(row)
            means = [mean] * len(row)
            variances = [sum((value - mean) ** 2 for value in row) / len(row)] * len(row)
        result.append([(value - mean) / math.sqrt(variance + EPSILON) * g + b for value, mean, variance,
                       g, b in zip(row, means, variances, gain, offset)])
    return result


def filtered(tensors, prefix, z):
    y = [[d * value for d, value in zip(tensors[prefix + "D"], row)] for row in z]
    for direction in (0, 1):
        for channel in range(WIDTH):
            dt = math.exp(tensors[prefix + "log_dt"][direction][channel])
            for mode in range(MODES):
                a = complex(-math.exp(tensors[prefix + "log_A_real"][direction][channel][mode]),
                            tensors[prefix + "A_imag"][direction][channel][mode])
                a_bar = cmath.exp(dt * a)
                b_bar = (a_bar - 1) / a
                c = complex(*tensors[prefix + "C"][direction][channel][mode])
                state = 0j
                if direction == 0:
                    for t in range(PIXELS):
                        state = a_bar * state + b_bar * z[t][channel]
                        y[t][channel] += 2 * (c * state).real
                else:
                    for t in reversed(range(PIXELS)):
                        y[t][channel] += 2 * (c * state).real
                        state = a_bar * state + b_bar * z[t][channel]
    return y


def affine(weight, bias, vector):
    return [sum(w * v for w, v in zip(row, vector)) + b for row, b in zip(weight, bias)]


def logits(tensors, norm, pixels):
    h = [[w[0] * (pixel / 255 - 0.1307) / 0.3081 + b
          for w, b in zip(tensors["encoder.weight"], tensors["encoder.bias"])] for pixel in pixels]
    for layer in range(DEPTH):
        prefix = f"layers.{layer}."
        y = filtered(tensors, prefix + "ssm.", normed(tensors, prefix + "norm.", norm, h))
        for t, row in enumerate(y):
            g = [value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in row]
            v = affine(tensors[prefix + "output_linear.weight"], tensors[prefix + "output_linear.bias"], g)
            h[t] = [old + value / (1 + math.exp(-gate))
                    for old, value, gate in zip(h[t], v[:WIDTH], v[WIDTH:])]
    mean = [sum(row[channel] for row in h) / PIXELS for channel in range(WIDTH)]
    return affine(tensors["decoder.weight"], tensors["decoder.bias"], mean)


class Train(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder, cls.digits = pathlib.Path(folder.name), {}
        for name, count in (("train", 1128), ("10000", 200)):  # 1000 are held out
            source = random.Random(count)
            classes = bytes(i % CLASSES for i in range(count))
            cls.digits[name] = [bytes(25 * k + source.randrange(25) for _ in range(PIXELS)) for k in classes]
            (cls.folder / f"digits-{name}.idx").write_bytes(
                struct.pack(">4I", 0x803, count, 28, 28) + b"".join(cls.digits[name]))
            (cls.folder / f"labels-{name}.idx").write_bytes(struct.pack(">2I", 0x801, count) + classes)

    def train(self, out, *options):
        return subprocess.run(
            [PYTHON, SCRIPT, "--data", self.folder, "--out", self.folder / out, "--width", str(WIDTH),
             "--modes", str(MODES), "--depth", str(DEPTH), "--batch", "32", "--minutes", "0",
             "--max-steps", "6", *options], text=True, capture_output=True, check=False)

    def test_the_folder_gives_its_expected_logits(self):
        for norm in ("batch", "layer"):
            with self.subTest(norm=norm):
                result = self.train(norm, "--norm", norm)
                self.assertEqual(result.returncode, 0, result.stderr)
                model = self.folder / norm / "model"
                config = json.loads((model / "config.json").read_text())
                self.assertEqual((config["norm"], config["bidirectional"], config["d_state"]),
                                 (norm, True, 2 * MODES))
                order = permutation()
                self.assertEqual((model / "digits.idx").read_bytes()[16:], b"".join(
                    bytes(digit[pixel] for pixel in order) for digit in self.digits["10000"]))
                tensors, expected = (safetensors(model / name) for name in
                                     ("model.safetensors", "expected.safetensors"))
                for index in (0, 7):
                    pixels = [self.digits["10000"][index][pixel] for pixel in order]
                    found = logits(tensors, norm, pixels)
                    for name, limit in (("logits_recurrent", 1e-6), ("logits_convolution", 1e-4)):
                        row = expected[name][index]
                        for value, reference in zip(found, row):
                            self.assertLessEqual(abs(value - reference), limit * max(map(abs, row)), name)

    def test_without_a_time_limit_two_runs_are_alike(self):
        weights = []
        for out, seed in (("one", "1"), ("two", "1"), ("three", "2")):
            self.assertEqual(self.train(out, "--seed", seed).returncode, 0)
            weights.append((self.folder / out / "model" / "model.safetensors").read_bytes())
        self.assertEqual(weights[0], weights[1])
        self.assertNotEqual(weights[0], weights[2])

    def test_a_checkpoint_gives_the_same_folder(self):
        self.assertEqual(self.train("first").returncode, 0)
        result = self.train("again", "--from", self.folder / "first" / "checkpoint.pt")
        self.assertEqual(result.returncode, 0, result.stderr)
        for path in (self.folder / "first" / "model").iterdir():
            self.assertEqual((self.folder / "again" / "model" / path.name).read_bytes(),
                             path.read_bytes(), path.name)
        result = self.train("again", "--from", self.folder / "first" / "model" / "config.json")
        self.assertEqual(result.returncode, 65)
        self.assertIn("not a checkpoint", result.stderr)

    def test_missing_data(self):
        result = self.train("none", "--data", self.folder / "nowhere")
        self.assertEqual(result.returncode, 65)
        self.assertIn("scripts/fetch_mnist --train fetches it", result.stderr)


if __name__ == "__main__":
    run_tests()
