# SPDX-License-Identifier: Apache-2.0
"""For tests of training: which Python has PyTorch, and what to do where none has."""
import subprocess
import sys
import unittest

PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's PyTorch
SKIPPED = 77


def run_tests():
    here = subprocess.run([PYTHON, "-c", "import torch"], capture_output=True, check=False)
    if here.returncode != 0:
        print("SKIPPED: no PyTorch; scripts/setup train installs it")
        sys.exit(SKIPPED)
    unittest.main()
