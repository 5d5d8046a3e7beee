"""The systemd unit: what systemd itself thinks of it, and what libzmq needs of it."""

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "config/systemd/position-bridge@.service"

# What systemd-analyze security gives: 0 is a service that may do nothing, 10 one that may do all.
EXPOSURE_MAX = 2.0


class Unit(unittest.TestCase):
    def setUp(self):
        self.text = UNIT.read_text(encoding="utf-8")
        folder = tempfile.TemporaryDirectory(prefix="unit-")
        self.addCleanup(folder.cleanup)
        # An instance of it, whose program exists here.
        self.instance = Path(folder.name) / "position-bridge@desk.service"
        self.instance.write_text(self.text.replace("/usr/local/bin/position-bridge",
                                                   shutil.which("true")), encoding="utf-8")

    def settings(self, name):
        return re.findall(rf"^{name}=(.*)$", self.text, re.MULTILINE)

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments, str(self.instance)],
                              capture_output=True, text=True, check=False)

    def test_is_understood_by_systemd(self):
        found = self.analyze("verify")
        self.assertEqual((0, "", ""), (found.returncode, found.stdout, found.stderr))

    def test_leaves_little_exposed(self):
        found = self.analyze("security", "--offline=true")
        exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", found.stdout)
        self.assertLessEqual(float(exposure[1]), EXPOSURE_MAX, found.stdout)

    def test_gives_libzmq_what_it_aborts_without(self):
        self.assertIn("AF_NETLINK", self.settings("RestrictAddressFamilies")[0].split())
        self.assertFalse([one for one in self.settings("SystemCallFilter")
                          if "@resources" in one])

    def test_does_not_start_again_what_cannot_start(self):
        self.assertEqual(["64 78"], self.settings("RestartPreventExitStatus"))
        # Its exit code would not count there.
        self.assertEqual([], self.settings("ExecStartPre"))

    def test_runs_as_the_user_that_is_made_for_it(self):
        users = (UNIT.parent / "position-bridge.conf").read_text(encoding="utf-8")
        for name in self.settings("User") + self.settings("Group"):
            self.assertRegex(users, rf"(?m)^u {name} ")


if __name__ == "__main__":
    unittest.main()
