"""The rules of this repository that a machine can check.

Each rule is a function from a file (its path below the root, and its text) to the complaints about
it. rules_test.py shows each of them something bad first, and then the repository.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Which layers a layer of bridge/ may include, itself aside.
LAYERS = {
    "core": set(),
    "wire": {"core"},
    "io": {"core"},
    "app": {"core", "wire", "io"},
}

# What the core must not know: clocks, threads, sockets, randomness and libraries for them.
FORBIDDEN_IN_CORE = [
    (r"#include <(thread|mutex|condition_variable|future|random|iostream|fstream|filesystem)>",
     "no threads, files or random devices in the core"),
    (r"#include [<\"](boost|zmq|openssl|simdjson|msgpack|spdlog|fmt|sys|netinet)\b",
     "no library for input and output in the core"),
    (r"\b(steady_clock|system_clock|high_resolution_clock)\b",
     "time comes into the core as an argument"),
    (r"\b(double|float)\b(?!.*// not money)",
     "no binary floating point in the core; where it is not money, say so: // not money"),
]

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
    "bridge", "schemas", "config", "tests", "dashboards",
}

LINE_LENGTH_MAX = 100


def tracked_files():
    """Every file of the repository, as paths below the root; those not yet added included."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file())


def is_cpp(path):
    return path.endswith((".cpp", ".hpp"))


def layer_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "bridge" and parts[1] in LAYERS else None


def layering(path, text):
    """app -> io, wire -> core, and nothing of bridge/ includes tests/."""
    if not is_cpp(path):
        return
    layer = layer_of(path)
    for included in re.findall(r'#include "([^"]+)"', text):
        if path.startswith("bridge/") and included.startswith("tests/"):
            yield f"includes {included}: the program does not know its tests"
        target = layer_of(included)
        if layer and target and target != layer and target not in LAYERS[layer]:
            yield f"includes {included}: {layer} must not know {target}"
        if not included.startswith(("bridge/", "tests/")):
            yield f'includes "{included}": our own headers are named from the root'


def exchange_independence(path, text):
    """The simulated exchange shares no code with the bridge, or both could be wrong alike."""
    if path.startswith("tests/exchange/") and is_cpp(path):
        for included in re.findall(r'#include "(bridge/[^"]+)"', text):
            yield f"includes {included}: the exchange shares nothing with the bridge"


def pure_core(path, text):
    if layer_of(path) != "core":
        return
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0] if "// not money" not in line else line
        for pattern, reason in FORBIDDEN_IN_CORE:
            if re.search(pattern, code):
                yield f"line {number}: {reason}"


def line_length(path, text):
    if not is_cpp(path):
        return
    # Messages in raw strings stay whole.
    code = re.sub(r'R"(\w*)\(.*?\)\1"', lambda raw: 'R"()"' + "\n" * raw[0].count("\n"), text,
                  flags=re.DOTALL)
    for number, line in enumerate(code.splitlines(), 1):
        if len(line) > LINE_LENGTH_MAX:
            yield f"line {number} has {len(line)} characters, more than {LINE_LENGTH_MAX}"


def no_leftovers(path, text):
    """Work that is not done is an issue, not a comment."""
    if not is_cpp(path) and not path.endswith(".py"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b", line):
            yield f"line {number}: a leftover marker"


def once_included(path, text):
    if path.endswith(".hpp") and not text.startswith("#pragma once\n"):
        yield "does not begin with #pragma once"


def no_test_sleeps(path, text):
    """Unit tests have virtual time; what waits for luck fails at night."""
    if path.startswith("tests/unit/") and re.search(r"\b(sleep_for|sleep_until|usleep|sleep)\s*\(",
                                                    text):
        yield "sleeps"


def tls_is_always_verified(path, text):
    if path.startswith("bridge/") and re.search(r"\bverify_none\b|SSL_VERIFY_NONE", text):
        yield "turns TLS verification off"


FILE_RULES = [
    layering, exchange_independence, pure_core, line_length, no_leftovers, once_included,
    no_test_sleeps, tls_is_always_verified,
]


def top_level(paths):
    for name in sorted({path.split("/")[0] for path in paths}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield f"{name}: does not belong to the top level"
