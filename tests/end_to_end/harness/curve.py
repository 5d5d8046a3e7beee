"""Keys for an encrypted bus, created with `position-bridge keygen`."""

import dataclasses

from harness.programs import run_bridge


@dataclasses.dataclass
class Keys:
    secret_file: str
    public: str

    @classmethod
    def make(cls, folder, name):
        directory = folder / name
        directory.mkdir()
        made = run_bridge("keygen", "--out", directory)
        if made.returncode != 0:
            raise AssertionError("keygen: " + made.stderr)
        return cls(directory / "curve.secret", (directory / "curve.public").read_text().strip())

    @property
    def secret(self):
        return self.secret_file.read_text(encoding="ascii").strip()
