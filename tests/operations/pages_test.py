"""Everything that the pages name exists: metrics, alerts, panels, dashboards, settings, files.

The list of metrics comes from a bridge without an exchange: every metric exists from the start.
"""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from dashboard_rules import expressions
from harness.bridge import Bridge, BridgeSetup
from harness.exchange import Account
from harness.programs import free_port
from harness.waiting import wait_until
from promql import selectors

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "config/prometheus/alerts.yml"
RUNBOOK = ROOT / "config/prometheus/runbook.md"
SCHEMA = ROOT / "bridge/app/configuration/config_schema.hpp"

METRIC = re.compile(r"\b(?:position_bridge|process)_[a-z_]+[a-z]\b")
ALERT = re.compile(r"\bPositionBridge[A-Z]\w+")
SECTIONS = "bridge|publisher|http|mark_price|reconcile|account"
KEY = re.compile(rf"`((?:{SECTIONS})\.[a-z_.]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")
RUNBOOK_PARTS = ["**What it means.**", "**What to look at.**", "**What to do.**"]
HISTOGRAM_SUFFIXES = ("_bucket", "_sum", "_count")

# Names that look like metrics but are not.
NO_METRICS = {"position_bridge_config"}
NO_KEYS = {"account.status", "bridge.heartbeat", "bridge.shutdown"}  # topics of the bus


def pages():
    """The texts of all pages, by their path below the root."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard",
                             "*.md", "config/*", "dashboards/*.md", "dashboards/*.yaml"], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout.split()
    return {path: (ROOT / path).read_text(encoding="utf-8") for path in listed
            if (ROOT / path).is_file()}


def dashboards():
    return [json.loads(file.read_text(encoding="utf-8"))
            for file in sorted((ROOT / "dashboards/grafana/dashboards").glob("*.json"))]


def schema_keys():
    """Every setting, from the list in the program."""
    text = SCHEMA.read_text(encoding="utf-8")
    keys = {name: re.findall(r'"([^"]+)"', members) for name, members in
            re.findall(r"inline constexpr std::array<[^>]+> (\w+)\{([^}]*)\}", text)}
    tables = re.findall(r'inline constexpr Table \w+\{"([^"]*)", keys::(\w+)\}', text)
    return {f"{path}.{key}" for path, name in tables for key in keys[name]}


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="pages-")
        cls.addClassCleanup(folder.cleanup)
        nobody = f"127.0.0.1:{free_port()}"
        setup = BridgeSetup(Path(folder.name), [Account("main")], f"http://{nobody}",
                            f"ws://{nobody}")
        bridge = Bridge(setup)
        cls.addClassCleanup(bridge.kill)
        wait_until(lambda: bridge.get("/metrics")[0] == 200, "the metrics", 10)
        cls.metrics = set(bridge.metrics().types)
        cls.alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8")))
        cls.pages = pages()

    def is_metric(self, name):
        base = next((name.removesuffix(suffix) for suffix in HISTOGRAM_SUFFIXES
                     if name.endswith(suffix)), name)
        return name in self.metrics or base in self.metrics

    def test_every_metric_that_a_page_names_exists(self):
        found = 0
        for path, text in self.pages.items():
            for name in set(METRIC.findall(text)) - NO_METRICS:
                found += 1
                self.assertTrue(self.is_metric(name), f"{path}: {name}")
        self.assertGreater(found, 20)

    def test_every_metric_of_a_dashboard_or_an_alert_exists(self):
        asked = [expression for dashboard in dashboards()
                 for _, expression in expressions(dashboard)]
        asked += re.findall(r"position_bridge_\w+", RULES.read_text(encoding="utf-8"))
        names = {one.metric for expression in asked for one in selectors(expression)}
        self.assertEqual(set(), {name for name in names - {"ALERTS", "up"}
                                 if not self.is_metric(name)})

    def test_every_metric_is_on_some_dashboard(self):
        shown = {one.metric for dashboard in dashboards()
                 for _, expression in expressions(dashboard) for one in selectors(expression)}
        shown |= {name.removesuffix("_bucket") for name in shown}
        self.assertEqual(set(), self.metrics - shown - {"process_virtual_memory_bytes"})

    def test_every_alert_that_a_page_names_exists(self):
        for path, text in self.pages.items():
            if path.endswith(".md"):
                self.assertEqual(set(), set(ALERT.findall(text)) - self.alerts, path)

    def test_the_runbook_has_a_section_of_three_parts_for_each_alert(self):
        text = RUNBOOK.read_text(encoding="utf-8")
        sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^##? |\Z)", text,
                                   re.DOTALL | re.MULTILINE))
        self.assertEqual(self.alerts, set(sections))
        for name, section in sections.items():
            self.assertEqual(RUNBOOK_PARTS, re.findall(r"\*\*What [a-z ]+\.\*\*", section), name)

    def test_each_alert_links_to_its_section(self):
        rules = RULES.read_text(encoding="utf-8")
        for alert in self.alerts:
            self.assertIn(f"runbook_url: runbook.md#{alert.lower()}\n", rules)

    def test_every_dashboard_that_a_page_names_exists(self):
        titles = {dashboard["title"] for dashboard in dashboards()}
        found = set()
        for path, text in self.pages.items():
            for title in re.findall(r"\*(position-bridge: [a-z ]+)\*", text):
                found.add(title)
                self.assertIn(title, titles, path)
        self.assertEqual(titles, found, "some page names each dashboard")

    def test_every_panel_that_a_page_names_exists(self):
        panels = {panel["title"] for dashboard in dashboards() for panel in dashboard["panels"]}
        found = 0
        for path, text in self.pages.items():
            for title in re.findall(r"panel \*([^*]+)\*", text):
                found += 1
                self.assertIn(title, panels, path)
        self.assertGreater(found, 0)

    def test_every_key_that_a_page_names_exists(self):
        keys = schema_keys()
        self.assertIn("publisher.curve.allowed_clients", keys)
        tables = {key.rpartition(".")[0] for key in keys}
        found = 0
        for path, text in self.pages.items():
            for key in set(KEY.findall(text)) - NO_KEYS:
                found += 1
                self.assertIn(key, keys | tables, path)
        self.assertGreater(found, 3)

    def test_every_file_that_a_page_links_to_exists(self):
        for path, text in self.pages.items():
            if not path.endswith(".md"):
                continue
            for target, _ in LINK.findall(text):
                if "://" not in target:
                    self.assertTrue((ROOT / path).parent.joinpath(target).exists(),
                                    f"{path}: {target}")


if __name__ == "__main__":
    unittest.main()
