#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""train_smnist refuses wrong options, and names the packages it lacks.

usage: test_train_smnist_usage.py PROJECT_ROOT
"""
import subprocess
import sys
import unittest

SCRIPT = sys.argv.pop() + "/scripts/train_smnist"


class Usage(unittest.TestCase):
    def run_script(self, *options):
        # -S -I: no site-packages, so no PyTorch even where it is installed.
        return subprocess.run([sys.executable, "-S", "-I", SCRIPT, *options], text=True,
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
        for option, value, reason in (("--epochs", "0", "above 0"), ("--minutes", "-1", "above 0"),
                                      ("--stages", "3:1", "1, 2 and 4"),
                                      ("--stages", "2:0.5", "rise to 1"),
                                      ("--stages", "2:0.8,1:0.5,1:1", "rise to 1"),
                                      ("--chunk", "55", "divide 784"), ("--width", "0", "1 or more"),
                                      ("--batch", "1", "below --processes"),
                                      ("--seed", "x", "invalid")):
            with self.subTest(option=option, value=value):
                result = self.run_script(option, value)
                self.assertEqual(result.returncode, 64)
                self.assertIn(reason, result.stderr)


if __name__ == "__main__":
    unittest.main()
