"""The test vectors: messages of the bus with their exact bytes."""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
FOLDER = ROOT / "schemas/vectors/v1"
SUMS = FOLDER / "SHA256SUMS"

KEYS = ["name", "why", "topic", "valid", "exact", "value", "msgpack_hex"]


def files():
    return sorted(FOLDER.glob("*.json"))


def load(file):
    return json.loads(file.read_text(encoding="utf-8"))


def write(file, vector):
    file.write_text(json.dumps(vector, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def sum_of(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def listed_sums():
    """File name -> checksum, from the format of `sha256sum`."""
    if not SUMS.exists():
        return {}
    lines = SUMS.read_text(encoding="utf-8").splitlines()
    return {name: checksum for checksum, name in (line.split("  ", 1) for line in lines)}
