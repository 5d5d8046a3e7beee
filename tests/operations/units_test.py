"""The systemd unit passes the checks of systemd, and allows what libzmq needs."""

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "config/systemd/position-bridge@.service"

# The exposure level of systemd-analyze security: 0 is fully sandboxed, 10 is unrestricted.
EXPOSURE_MAX = 2.0


class Unit(unittest.TestCase):
    def setUp(self):
        self.text = UNIT.read_text(encoding="utf-8")
        folder = tempfile.TemporaryDirectory(prefix="unit-")
        self.addCleanup(folder.cleanup)
        # An instance whose program exists on this machine.
        self.instance = Path(folder.name) / "position-bridge@desk.service"
        self.instance.write_text(self.text.replace("/usr/local/bin/position-bridge",
                                                   shutil.which("true")), encoding="utf-8")

    def settings(self, name):
        return re.findall(rf"^{name}=(.*)$", self.text, re.MULTILINE)

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments, str(self.instance)],
                              capture_output=True, text=True, check=False)

    def test_passes_systemd_verify(self):
        found = self.analyze("verify")
        self.assertEqual((0, "", ""), (found.returncode, found.stdout, found.stderr))

    def test_exposure_level_is_low(self):
        found = self.analyze("security", "--offline=true")
        exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", found.stdout)
        self.assertLessEqual(float(exposure[1]), EXPOSURE_MAX, found.stdout)

    def test_allows_what_libzmq_aborts_without(self):
        self.assertIn("AF_NETLINK", self.settings("RestrictAddressFamilies")[0].split())
        self.assertFalse([one for one in self.settings("SystemCallFilter")
                          if "@resources" in one])

    def test_does_not_restart_after_a_configuration_error(self):
        self.assertEqual(["64 78"], self.settings("RestartPreventExitStatus"))
        # RestartPreventExitStatus does not apply to ExecStartPre.
        self.assertEqual([], self.settings("ExecStartPre"))

    def test_runs_as_the_user_that_sysusers_creates(self):
        users = (UNIT.parent / "position-bridge.conf").read_text(encoding="utf-8")
        for name in self.settings("User") + self.settings("Group"):
            self.assertRegex(users, rf"(?m)^u {name} ")


if __name__ == "__main__":
    unittest.main()
