#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fetch_echarts with an npm made here, in a tree of its own.

usage: test_fetch_echarts.py PROJECT_ROOT
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop())
LIBRARY = pathlib.Path("build/share/epochcore/echarts/echarts.min.js")

# Installs the file that the variable NPM_FILE names; without it, fails like an npm without a network.
NPM = """#!/bin/sh
[ "$1" = ci ] && [ -f package-lock.json ] && [ -f .npmrc ] || { echo "unexpected: $*"; exit 2; }
[ -n "$NPM_FILE" ] || { echo "npm error network"; exit 1; }
mkdir -p node_modules/echarts/dist node_modules/echarts/licenses node_modules/zrender
cp "$NPM_FILE" node_modules/echarts/dist/echarts.common.min.js
cd node_modules
touch echarts/LICENSE echarts/NOTICE echarts/licenses/LICENSE-d3 zrender/LICENSE
"""


class FetchEcharts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)
        shutil.copytree(ROOT / "scripts", self.tree / "scripts",
                        ignore=shutil.ignore_patterns("node_modules"))
        npm = self.tree / "bin/npm"
        npm.parent.mkdir()
        npm.write_text(NPM)
        npm.chmod(0o755)

    def fetch(self, status, *arguments, **environment):
        path = f"{self.tree}/bin:{os.environ['PATH']}"
        run = subprocess.run([self.tree / "scripts/fetch_echarts", *arguments], text=True,
                             capture_output=True, env={**os.environ, "PATH": path, **environment})
        self.assertEqual(run.returncode, status, run.stderr)
        return run.stdout + run.stderr

    def test_fetches_checks_and_is_silent_then(self):
        if not (ROOT / LIBRARY).exists():
            self.skipTest("the library itself is not there to hand out")
        self.assertEqual(self.fetch(0, NPM_FILE=str(ROOT / LIBRARY)), "")
        self.assertEqual((self.tree / LIBRARY).read_bytes(), (ROOT / LIBRARY).read_bytes())
        names = sorted(path.name for path in (self.tree / LIBRARY).parent.iterdir())
        self.assertEqual(names, ["LICENSE", "LICENSE-d3", "LICENSE-zrender", "NOTICE", "echarts.min.js"])
        self.assertEqual(self.fetch(0), "")  # without npm's help: it is there
        (self.tree / LIBRARY).write_text("spoilt")
        self.assertIn("npm error network", self.fetch(69))
        self.fetch(0, NPM_FILE=str(ROOT / LIBRARY))
        self.assertEqual((self.tree / LIBRARY).read_bytes(), (ROOT / LIBRARY).read_bytes())

    def test_refuses_another_file(self):
        other = self.tree / "other.js"
        other.write_text("alert(1)")
        self.assertIn("another SHA-256", self.fetch(65, NPM_FILE=str(other)))
        self.assertEqual(list((self.tree / LIBRARY).parent.iterdir()), [])

    def test_says_what_is_missing(self):
        self.assertIn("npm could not install echarts", self.fetch(69))
        (self.tree / "build").rename(self.tree / "old")
        (self.tree / "build").write_text("a file")
        self.assertIn("cannot make the folder", self.fetch(69))
        self.assertIn("usage:", self.fetch(64, "--nonsense"))
        self.assertIn("usage:", self.fetch(0, "--help"))

    def test_the_lockfile_pins_what_the_manifest_asks_for(self):
        manifest = json.loads((ROOT / "scripts/echarts/package.json").read_text())
        lock = json.loads((ROOT / "scripts/echarts/package-lock.json").read_text())
        for name, version in manifest["dependencies"].items():
            package = lock["packages"][f"node_modules/{name}"]
            self.assertEqual(package["version"], version)
            self.assertTrue(package["integrity"].startswith("sha512-"))


if __name__ == "__main__":
    unittest.main()
