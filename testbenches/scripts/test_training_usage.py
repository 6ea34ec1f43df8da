#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The training scripts refuse wrong options, and name the packages that they lack.

usage: test_training_usage.py PROJECT_ROOT
"""
import subprocess
import sys
import unittest

SCRIPTS = sys.argv.pop() + "/scripts/"
WRONG = (("--epochs", "0", "above 0"), ("--minutes", "-1", "above 0"), ("--chunk", "55", "divide 784"),
         ("--width", "0", "1 or more"), ("--batch", "1", "below --processes"), ("--seed", "x", "invalid"))


class Usage:
    """Of a script NAME with the wrong options OWN beside those of all: (option, value, reason)."""

    def run_script(self, *options):
        # -S -I: no site-packages, so no PyTorch even where it is installed.
        return subprocess.run([sys.executable, "-S", "-I", SCRIPTS + self.NAME, *options], text=True,
                              capture_output=True, check=False)

    def test_help(self):
        result = self.run_script("--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn("--max-steps", result.stdout)

    def test_without_pytorch(self):
        result = self.run_script()
        self.assertEqual(result.returncode, 69)
        self.assertIn("python3-torch and libopenblas0-openmp", result.stderr)

    def test_wrong_options(self):
        for option, value, reason in WRONG + self.OWN:
            with self.subTest(option=option, value=value):
                result = self.run_script(option, value)
                self.assertEqual(result.returncode, 64)
                self.assertIn(reason, result.stderr)


class Smnist(Usage, unittest.TestCase):
    NAME = "train_smnist"
    OWN = (("--stages", "3:1", "1, 2 and 4"), ("--stages", "2:0.5", "rise to 1"),
           ("--stages", "2:0.8,1:0.5,1:1", "rise to 1"))


class Psmnist(Usage, unittest.TestCase):
    NAME = "train_psmnist"
    OWN = (("--norm", "none", "invalid choice"), ("--decay", "0", "above 0"),
           ("--stages", "1:1", "unrecognized"))


if __name__ == "__main__":
    unittest.main()
