#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A tiny training run on digits made here: its network runs on the platform and gives there what
the training recipe says it gives. Skipped (77) where PyTorch is not installed.

usage: test_train_smnist.py PROJECT_ROOT PATH_OF_EPOCHVP
"""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

from pytorch import PYTHON, run_tests

EPOCHVP = sys.argv.pop()
ROOT = pathlib.Path(sys.argv.pop())
PIXELS, CLASSES, DEPTH = 784, 10, 2


def safetensor(path, name):
    data = path.read_bytes()
    end = 8 + struct.unpack_from("<Q", data)[0]
    first, last = json.loads(data[8:end])[name]["data_offsets"]
    return struct.unpack(f"<{(last - first) // 4}f", data[end + first:end + last])


class Train(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, count in (("train", 1128), ("10000", 200)):  # 1000 are held out
            self.write_digits(name, count)

    def write_digits(self, name, count):
        """Class k: pixels from 25 k to 25 k + 24 on average, so that there is something to learn."""
        source = random.Random(count)
        classes = bytes(i % CLASSES for i in range(count))
        pixels = b"".join(bytes(25 * k + source.randrange(25) for _ in range(PIXELS))
                          for k in classes)
        (self.folder / f"digits-{name}.idx").write_bytes(
            struct.pack(">4I", 0x803, count, 28, 28) + pixels)
        (self.folder / f"labels-{name}.idx").write_bytes(struct.pack(">2I", 0x801, count) + classes)

    def train(self, *options):
        return subprocess.run(
            [PYTHON, ROOT / "scripts" / "train_smnist", "--data", self.folder, "--out",
             self.folder / "out", "--width", "8", "--modes", "4", "--depth", str(DEPTH), "--batch",
             "32", "--minutes", "0", "--max-steps", "6", *options],
            text=True, capture_output=True, check=False)

    def logits(self, model):
        run = subprocess.run([EPOCHVP, "run", "smnist", "--set", f"network.model={model}", "--set",
                              f"data.0.file={model}/digits.idx", "--set",
                              f"data.1.file={model}/labels.idx", "--", "--digits=20", "--logits"],
                             text=True, capture_output=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = [line for line in run.stdout.splitlines() if line.startswith("logits ")]
        return [[float(value) for value in line.split(": ")[1].split()] for line in lines]

    def test_the_platform_gives_the_recipes_logits(self):
        result = self.train("--stages", "4:0.01,2:0.02,1:1")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([stride in result.stdout for stride in
                          ('"stride": 4', '"stride": 2', '"stride": 1')], [True] * 3)
        expected = safetensor(self.folder / "out/model/expected.safetensors", "logits_recurrent")
        found = self.logits(self.folder / "out/model")
        self.assertEqual(len(found), 20)
        for digit, values in enumerate(found):
            row = expected[CLASSES * digit:CLASSES * (digit + 1)]
            largest = max(map(abs, row))
            for value, reference in zip(values, row):
                self.assertLessEqual(abs(value - reference), 2e-5 * largest)

    def test_without_a_time_limit_two_runs_are_alike(self):
        weights = []
        for _ in range(2):
            self.assertEqual(self.train().returncode, 0)
            weights.append((self.folder / "out/export/weights.bin").read_bytes())
        self.assertEqual(weights[0], weights[1])
        self.assertEqual(self.train("--seed", "2").returncode, 0)
        self.assertNotEqual((self.folder / "out/export/weights.bin").read_bytes(), weights[0])

    def test_missing_data(self):
        (self.folder / "labels-train.idx").unlink()
        result = self.train()
        self.assertEqual(result.returncode, 65)
        self.assertIn("scripts/fetch_mnist --train fetches it", result.stderr)

    def test_too_few_digits(self):
        result = self.train("--batch", "200")
        self.assertEqual(result.returncode, 65)
        self.assertIn("128 training digits", result.stderr)


if __name__ == "__main__":
    run_tests()
