"""Faults in a real Prometheus: the right alerts fire, and the dashboards' queries show them.

Each fault has a deployment of its own. One Prometheus scrapes all of them at once, with alert rules
that are 30 times as fast as the shipped ones.
"""

import json
import re
import tempfile
import time
import unittest
from pathlib import Path

import yaml
from dashboard_rules import panels
from fault_storm import FAULTS, Deployment
from harness.waiting import stays_true, wait_until
from prometheus_server import RULES, Prometheus

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards" / "grafana" / "dashboards"

# The longest `for` of an alert that a deployment could raise wrongly, plus some seconds.
SETTLING_S = 15

# The labels that distinguish the alerts of one deployment.
LABELS = ("account", "stream", "environment", "reason")

# Alerts that no deployment here raises, and the reason.
NOT_RAISED = {
    "PositionBridgeRestarting": "three restarts of one process would be needed; see rules_test.py",
    "PositionBridgeStreamUnsteady": "a stream that comes and goes would be needed: rules_test.py",
    "PositionBridgeNoSubscribers": "every deployment has a subscriber",
    "PositionBridgePublishSlow": "a slow machine would be needed",
    "PositionBridgeLoopLag": "a slow machine would be needed",
}

# Panels whose queries may return nothing, and the reason. Currently none.
MAY_BE_EMPTY = {}


def alert_key(labels):
    return (labels["alertname"], *(labels[name] for name in LABELS if labels.get(name)))


def substituted(expression, instance=".+", account=".+"):
    """The expression as Grafana would send it."""
    for name, value in {"$__rate_interval": "20s", "$__range": "2m", "$__interval": "1s",
                        "$job": "position-bridge", "$instance": instance,
                        "$account": account}.items():
        expression = expression.replace(name, value)
    if "$" in expression:
        raise AssertionError(f"an unknown variable: {expression}")
    return expression


class FaultStorm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="fault-storm-")
        cls.addClassCleanup(cls.folder.cleanup)
        folder = Path(cls.folder.name)
        cls.deployments = {}
        for name, fault in FAULTS.items():
            deployment = Deployment(folder / name, fault)
            cls.addClassCleanup(deployment.kill)
            cls.deployments[name] = deployment
        cls.prometheus = Prometheus(folder, {name: deployment.address
                                             for name, deployment in cls.deployments.items()})
        cls.addClassCleanup(cls.prometheus.kill)
        for name, deployment in cls.deployments.items():
            wait_until(deployment.bridge.is_ready,
                       lambda: f"{name} is ready:\n{deployment.bridge.errors()}", 30)
        # Prometheus must know the counters before the fault, or it sees no increase.
        cls.wait_for_scrapes(3)
        cls.began = time.time()
        for name, fault in FAULTS.items():
            fault.inject(cls.deployments[name])

    @classmethod
    def wait_for_scrapes(cls, count):
        wait_until(lambda: len(cls.prometheus.query(
            f"count_over_time(up[1m]) >= {count}")) == len(cls.deployments), f"{count} scrapes", 30)

    def fired(self):
        """By deployment: the alerts that have fired since Prometheus started."""
        found = {name: set() for name in FAULTS}
        for labels, _ in self.prometheus.query(
                'count_over_time(ALERTS{alertstate="firing",instance!=""}[10m])'):
            found[labels["instance"]].add(alert_key(labels))
        return found

    def missing(self):
        return [f"{name}: {alert} does not fire" for name, fired in self.fired().items()
                for alert in FAULTS[name].raises - fired]

    def wrong(self):
        return [f"{name}: {alert} fires" for name, fired in self.fired().items()
                for alert in fired - FAULTS[name].raises - FAULTS[name].tolerates]

    # --- alerts --------------------------------------------------------------------------------

    def test_1_each_fault_raises_its_alerts_and_no_others(self):
        wait_until(lambda: not self.missing(), lambda: "\n".join(self.missing()), 60)
        stays_true(lambda: not self.wrong(), lambda: "\n".join(self.wrong()), SETTLING_S)

    def test_2_annotations_are_complete(self):
        alerts = self.prometheus.alerts()
        self.assertGreater(len(alerts), 10)
        for labels, annotations in alerts:
            for name in ("summary", "description"):
                self.assertNotRegex(annotations[name], r"<no value>|error|\{\{|  ", str(labels))

    def test_2_every_alert_is_raised_or_listed_as_not_raised(self):
        rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]
        raised = {alert[0] for fault in FAULTS.values() for alert in fault.raises}
        for rule in rules:
            self.assertNotEqual(rule["alert"] in raised, rule["alert"] in NOT_RAISED,
                                rule["alert"])

    # --- dashboards ----------------------------------------------------------------------------

    def every_panel(self):
        for file in sorted(DASHBOARDS.glob("*.json")):
            for panel in panels(json.loads(file.read_text(encoding="utf-8"))):
                yield file.stem, panel

    def values(self, panel, *deployment_and_account):
        """The results of the panel's queries since the faults started: a list of series each."""
        return [self.prometheus.query_range(substituted(target["expr"], *deployment_and_account),
                                            self.began, time.time())
                for target in panel["targets"]]

    def test_3_every_query_of_every_panel_returns_data(self):
        empty = set()
        count = 0
        for dashboard, panel in self.every_panel():
            for target, series in zip(panel["targets"], self.values(panel), strict=True):
                count += 1
                if not series:
                    empty.add((dashboard, panel["title"], target["refId"]))
                if target["instant"]:
                    self.prometheus.query(substituted(target["expr"]))
        self.assertGreater(count, 70)
        self.assertEqual(set(MAY_BE_EMPTY), empty)

    def test_3_variables_and_annotations_return_data(self):
        for file in DASHBOARDS.glob("*.json"):
            dashboard = json.loads(file.read_text(encoding="utf-8"))
            for variable in dashboard["templating"]["list"]:
                if variable["type"] != "query":
                    continue
                selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)",
                                               variable["query"]["query"]).groups()
                found = self.prometheus.ask(f"label/{label}/values",
                                            **{"match[]": substituted(selector)})
                self.assertTrue(found, variable["name"])
            for annotation in dashboard["annotations"]["list"]:
                self.assertTrue(self.prometheus.query(substituted(annotation["expr"])))

    def test_4_panel_turns_bad_for_the_deployment_whose_alert_it_shows_and_for_no_other(self):
        raising = {}
        for name, fault in FAULTS.items():
            for alert, *labels in sorted(fault.raises):
                account = "alpha" if "alpha" in labels else ".+"
                raising.setdefault(alert, (name, account))
        shown = set()
        for dashboard, panel in self.every_panel():
            for alert in re.findall(r"Alert: (\w+)\.", panel["description"]):
                where = f"{dashboard}: {panel['title']}: {alert}"
                if alert in raising:
                    shown.add(alert)
                    self.assertTrue(self.is_bad(panel, *raising[alert]),
                                    f"{where}: {self.values(panel, *raising[alert])}")
                self.assertFalse(self.is_bad(panel, "healthy"), f"{where}: healthy")
        self.assertGreater(len(shown), 10)

    def is_bad(self, panel, *deployment_and_account):
        """Whether the panel showed a bad colour at any time since the faults started."""
        first, second = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        is_bad_above = first["color"] == "green"
        return any((value >= second["value"]) == is_bad_above and value == value
                   for series in self.values(panel, *deployment_and_account) for _, values in series
                   for value in values)


if __name__ == "__main__":
    unittest.main()
