"""A real Prometheus that scrapes bridges every second, with accelerated alert rules."""

import json
import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml
from harness.programs import RunningProgram, free_port
from harness.waiting import wait_until

RULES = Path(__file__).resolve().parents[2] / "config" / "prometheus" / "alerts.yml"

# Every `for` and every range of the alert rules is divided by this. Thresholds stay unchanged.
SPEED_UP = 30

_UNITS = {"s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"([0-9]+)([smh])")


def accelerated(duration):
    """The duration of a rule, divided by SPEED_UP: "5m" becomes "10s"."""
    number, unit = _DURATION.fullmatch(duration).groups()
    seconds, rest = divmod(int(number) * _UNITS[unit], SPEED_UP)
    if rest or not seconds:
        raise AssertionError(f"{duration} of {RULES.name} cannot be divided by {SPEED_UP}")
    return f"{seconds}s"


def accelerated_rules():
    """The shipped rules, with all durations divided by SPEED_UP."""
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = accelerated(rule["for"])
            rule["expr"] = re.sub(r"\[([^\]]+)\]", lambda span: f"[{accelerated(span[1])}]",
                                  rule["expr"])
    return rules


class Prometheus(RunningProgram):
    def __init__(self, folder, targets):
        """`targets`: the address for each value of the label `instance`."""
        self.url = f"http://127.0.0.1:{free_port()}"
        (folder / "alerts.yml").write_text(yaml.safe_dump(accelerated_rules()), encoding="utf-8")
        config = folder / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                       "evaluation_interval": "1s"},
            "rule_files": ["alerts.yml"],
            "scrape_configs": [{"job_name": "position-bridge", "static_configs": [
                {"targets": [address], "labels": {"instance": name}}
                for name, address in targets.items()]}]}), encoding="utf-8")
        super().__init__(folder, "prometheus", [
            shutil.which("prometheus"), f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'series'}",
            f"--web.listen-address={self.url.removeprefix('http://')}", "--log.level=warn"])
        wait_until(self._is_ready, "Prometheus is ready", 30)

    def _is_ready(self):
        if self.exit_code() is not None:
            raise AssertionError("Prometheus did not start:\n" + self.errors())
        try:
            with urllib.request.urlopen(self.url + "/-/ready", timeout=1):
                return True
        except OSError:
            return False

    def ask(self, path, **parameters):
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None

    def query(self, expression):
        """Labels and current value of each series."""
        return [(one["metric"], float(one["value"][1]))
                for one in self.ask("query", query=expression)["result"]]

    def query_range(self, expression, start, end, step=1):
        """Labels and values of each series in that time range."""
        return [(one["metric"], [float(value) for _, value in one["values"]])
                for one in self.ask("query_range", query=expression, start=start, end=end,
                                    step=step)["result"]]

    def alerts(self, state="firing"):
        """Labels and annotations of the alerts in that state."""
        return [(one["labels"], one["annotations"]) for one in self.ask("alerts")["alerts"]
                if one["state"] == state]
