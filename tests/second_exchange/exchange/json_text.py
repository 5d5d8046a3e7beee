"""JSON as the habits want it written."""

import json
import random
import re

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


class Literal(str):
    """Text that stands in JSON as it is: a number with all its digits, or nonsense."""


def write(value, habits, event=False):
    """`value` as JSON text; `event`: it goes over a stream."""
    text = _Writer(habits, event).write(value)
    return "\ufeff" + text if event and "byte-order-mark" in habits else text


class _Writer:
    def __init__(self, habits, event):
        self._habits = habits
        self._event = event
        self._space = " \n\t " if "whitespace" in habits else ""

    def write(self, value, key=None):
        space = self._space
        if isinstance(value, dict):
            inner = ("," + space).join(f"{self._text(name)}{space}:{space}{self.write(item, name)}"
                                       for name, item in self._fields(value))
            return f"{space}{{{space}{inner}{space}}}{space}"
        if isinstance(value, (list, tuple)):
            inner = ("," + space).join(self.write(item) for item in value)
            return f"[{space}{inner}{space}]{space}"
        return self._scalar(value, key)

    def _scalar(self, value, key):
        if isinstance(value, Literal):
            return str(value)
        if isinstance(value, str):
            if "numbers" in self._habits and key != "id" and _DECIMAL.fullmatch(value):
                return value
            return self._text(value)
        if isinstance(value, int) and not isinstance(value, bool) and key not in ("id", "code"):
            if "text-numbers" in self._habits:
                return f'"{value}"'
            if key == "E" and self._event and "event-time-text" in self._habits:
                return f'"{value}"'
        return json.dumps(value)

    def _text(self, value):
        return json.dumps(value, ensure_ascii="escapes" in self._habits)

    def _fields(self, value):
        fields = list(value.items())
        if "more-fields" in self._habits:
            fields.insert(0, ("zz1", Literal('{"a":[1,2.5e-7,null,{"s":"X","pa":"9"}]}')))
            fields.append(("zz2", "neu\u00e9\u2028\"\\"))
        if "huge-integers" in self._habits:
            fields.append(("zz3", -12345678901234567890))
        if "shuffled" in self._habits:
            random.shuffle(fields)
        return fields
