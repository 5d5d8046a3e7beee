"""Finds the selectors of a PromQL expression, for the checks of dashboards and rules."""

import re
from dataclasses import dataclass

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{([^}]*)\})?\s*(\[[^\]]*\])?")
_MATCHER = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan",
          "by", "without", "on", "ignoring", "group_left", "group_right"}


@dataclass(frozen=True)
class Selector:
    metric: str
    matchers: tuple     # (label, operator, value)
    range: str | None   # the text in brackets
    function: str       # the function whose argument it is; empty: none


def selectors(expression):
    """All selectors of an expression, in order."""
    kept = []

    def keep(match):
        kept.append(match.group())
        return f'"{len(kept) - 1}"'

    bare = _GROUPING.sub(" ", _STRING.sub(keep, expression))
    found = []
    for match in _SELECTOR.finditer(bare):
        name, matchers, span = match.groups()
        is_call = bare[match.end():].lstrip().startswith("(") and matchers is None
        is_in_braces = bare.count("{", 0, match.start()) > bare.count("}", 0, match.start())
        is_in_brackets = bare.count("[", 0, match.start()) > bare.count("]", 0, match.start())
        if is_call or is_in_braces or is_in_brackets or name.lower() in _WORDS:
            continue
        if match.start() and re.match(r"[0-9.$]", bare[match.start() - 1]):
            continue  # the unit of a number, or a variable
        restored = re.sub(r'"(\d+)"', lambda kept_at: kept[int(kept_at[1])], matchers or "")
        called = re.search(r"([a-zA-Z_0-9]+)\s*\(\s*$", bare[:match.start()])
        found.append(Selector(name, tuple(_MATCHER.findall(restored)),
                              span[1:-1] if span else None, called[1] if called else ""))
    return found
