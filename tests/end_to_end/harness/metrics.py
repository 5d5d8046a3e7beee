"""A parser of the parts of the Prometheus text format 0.0.4 that the bridge uses."""

import re

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    def __init__(self, text):
        self.text = text
        self.types = {}
        self._samples = []
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.types[name] = kind
            elif line and not line.startswith("#"):
                name, labels, value = _SAMPLE.match(line).groups()
                self._samples.append((name, dict(_LABEL.findall(labels or "")), float(value)))

    def samples(self, name, **labels):
        """Labels and value of each sample with that name and at least these labels."""
        return [(found, value) for sample, found, value in self._samples
                if sample == name and labels.items() <= found.items()]

    def total(self, name, **labels):
        return sum(value for _, value in self.samples(name, **labels))

    def label_names(self, name):
        return {frozenset(labels) for labels, _ in self.samples(name)}
