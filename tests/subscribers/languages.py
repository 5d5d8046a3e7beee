"""The reference subscribers as processes, one for each language."""

import json
import os
from pathlib import Path

from harness.programs import RunningProgram

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / "schemas" / "subscribers"
BUILT = ROOT / "build" / "subscribers"
JAVA_CLASSES = [BUILT / "java", "/usr/share/java/jna.jar", "/usr/share/java/msgpack-core.jar"]

COMMANDS = {
    "python": ["/usr/bin/python3", SOURCES / "python/example.py"],
    "javascript": ["node", SOURCES / "javascript/example.js"],
    "cpp": [os.environ.get("SUBSCRIBER_IN_CPP")],
    "go": [BUILT / "go/example"],
    "rust": [BUILT / "rust/release/example"],
    "java": ["java", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8",
             "-cp", ":".join(map(str, JAVA_CLASSES)), "Example"],
}
# tests/run sets the languages; these are the default.
LANGUAGES = os.environ.get("SUBSCRIBERS", "python javascript cpp").split()


class ReferenceSubscriber(RunningProgram):
    """Prints its complete state ten times per second."""

    def __init__(self, folder, language, endpoint, accounts="all", heartbeat_ms=250, number=1,
                 curve=None):
        self.language = language
        environment = {}
        if curve:
            environment = dict(zip(("CURVE_SERVER_KEY", "CURVE_PUBLIC_KEY", "CURVE_SECRET_KEY"),
                                   curve))
        super().__init__(folder, f"{language}-{number}", [
            *COMMANDS[language], "--json", endpoint, accounts, str(heartbeat_ms)], environment)

    def told(self):
        """The last complete line, or None before the first."""
        if self.exit_code() is not None:
            raise AssertionError(f"{self.language} ended with {self.exit_code()}:\n{self.errors()}")
        with open(self.output_file, "rb") as output:
            output.seek(max(0, output.seek(0, os.SEEK_END) - 200_000))
            lines = output.read().split(b"\n")
        return json.loads(lines[-2]) if len(lines) > 1 else None

    def counter(self, name):
        told = self.told()
        return told["counters"][name] if told else 0

    def positions(self):
        told = self.told() or {"positions": []}
        return {(body["account"], body["symbol"], body["position_side"]): body
                for body in told["positions"]}

    def accounts(self):
        told = self.told()
        return told["accounts"] if told else {}

    def is_current(self, *names):
        accounts = self.accounts()
        return bool(accounts) and set(names) <= accounts.keys() and all(
            account["is_current"] for account in accounts.values())
