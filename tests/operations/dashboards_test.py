"""The dashboard files: they follow the rules of the linter and agree with the alerts."""

import copy
import json
import re
import subprocess
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import dashboard_rules
from promql import selectors

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "dashboards" / "grafana" / "dashboards"
ALERTS = (ROOT / "config/prometheus/alerts.yml").read_text(encoding="utf-8")


def load():
    return {file.name: json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(FOLDER.glob("*.json"))}


def alert_threshold(name):
    """Comparison and threshold of an alert rule."""
    rule = re.search(rf"- alert: {name}\n(.*?)(?=\n      - alert:|\Z)", ALERTS, re.DOTALL)
    if rule is None:
        return None
    return re.search(r" (>|<|==) ([0-9.]+)", rule.group(1)).groups()


def type_complaints(files):
    check = subprocess.run([str(Path(__file__).parent / "grafana_types" / "check"),
                            *map(str, files)], capture_output=True, text=True, check=False)
    complaints = check.stdout + check.stderr
    return complaints or f"exit code {check.returncode}" if check.returncode else ""


def generator():
    loader = SourceFileLoader("generate", str(ROOT / "dashboards" / "generate"))
    module = module_from_spec(spec_from_loader("generate", loader))
    loader.exec_module(module)
    return module


class Expressions(unittest.TestCase):
    def test_selectors_are_found(self):
        found = selectors('sum by (le, job) (rate(a_total{x="}y",z=~"$z"}[$__rate_interval])) > 0 '
                          "and on (job) b offset 5m or vector(0) * 1e3 unless c[5m]")
        self.assertEqual([("a_total", (("x", "=", "}y"), ("z", "=~", "$z")), "$__rate_interval",
                           "rate"), ("b", (), None, ""), ("c", (), "5m", "")],
                         [(one.metric, one.matchers, one.range, one.function) for one in found])


class EachRuleRefuses(unittest.TestCase):
    def setUp(self):
        self.dashboard = copy.deepcopy(load()["overview.json"])
        self.panel = dashboard_rules.panels(self.dashboard)[0]
        self.variables = self.dashboard["templating"]["list"]

    def assert_refused(self, rule):
        self.assertTrue(list(rule(self.dashboard)), f"{rule.__name__} accepts it")

    def query(self, expression):
        self.panel["targets"][0]["expr"] = expression

    def test_data_source_with_another_name(self):
        self.variables[0]["name"] = "DS_PROMETHEUS"
        self.assert_refused(dashboard_rules.template_datasource)

    def test_job_with_a_single_value(self):
        self.variables[1]["multi"] = False
        self.assert_refused(dashboard_rules.template_job_and_instance)

    def test_missing_instance(self):
        del self.variables[2]
        self.assert_refused(dashboard_rules.template_job_and_instance)

    def test_variable_without_label_values(self):
        self.variables[1]["query"]["query"] = "up"
        self.assert_refused(dashboard_rules.template_label_promql)

    def test_variable_that_is_not_refreshed(self):
        self.variables[1]["refresh"] = 1
        self.assert_refused(dashboard_rules.template_on_time_change_reload)

    def test_panel_with_its_own_data_source(self):
        self.panel["datasource"] = {"type": "prometheus", "uid": "abc"}
        self.assert_refused(dashboard_rules.panel_datasource)

    def test_panel_without_description(self):
        self.panel["description"] = ""
        self.assert_refused(dashboard_rules.panel_title_and_description)

    def test_unknown_unit(self):
        self.panel["fieldConfig"]["defaults"].update({"unit": "seconds", "mappings": []})
        self.assert_refused(dashboard_rules.panel_units)

    def test_panel_without_query(self):
        self.panel["targets"] = []
        self.assert_refused(dashboard_rules.panel_has_targets)

    def test_rate_over_a_fixed_range(self):
        self.query('rate(a_total{job=~"$job",instance=~"$instance"}[5m])')
        self.assert_refused(dashboard_rules.target_rate_interval)

    def test_query_over_all_jobs(self):
        self.query('a{instance=~"$instance"}')
        self.assert_refused(dashboard_rules.target_job_and_instance)

    def test_counter_without_rate(self):
        self.query('a_total{job=~"$job",instance=~"$instance"}')
        self.assert_refused(dashboard_rules.target_counter_agg)

    def test_editable_dashboard(self):
        self.dashboard["editable"] = True
        self.assert_refused(dashboard_rules.uneditable)

    def test_input_of_the_import_page(self):
        self.dashboard["__inputs"] = []
        self.assert_refused(dashboard_rules.identity)

    def test_overlapping_panels(self):
        self.panel["gridPos"] = dict(dashboard_rules.panels(self.dashboard)[1]["gridPos"])
        self.assert_refused(dashboard_rules.layout)


class Dashboards(unittest.TestCase):
    def setUp(self):
        self.dashboards = load()

    def test_follow_every_rule(self):
        self.assertEqual(4, len(self.dashboards))
        complaints = [f"{name}: {rule.__name__}: {complaint}"
                      for name, dashboard in self.dashboards.items()
                      for rule in dashboard_rules.RULES for complaint in rule(dashboard)]
        self.assertEqual([], complaints, "\n" + "\n".join(complaints))

    def test_are_what_the_generator_writes(self):
        for name, text in generator().files().items():
            self.assertEqual(text, (FOLDER / name).read_text(encoding="utf-8"),
                             f"{name}: run dashboards/generate")

    def test_link_to_each_other(self):
        uids = {dashboard["uid"] for dashboard in self.dashboards.values()}
        self.assertEqual(len(self.dashboards), len(uids), "uids are unique")
        for name, dashboard in self.dashboards.items():
            linked = {link["url"].removeprefix("/d/") for link in dashboard["links"]}
            self.assertEqual(uids - {dashboard["uid"]}, linked, name)
            for target in re.findall(r"/d/([a-z-]+)", json.dumps(dashboard["panels"])):
                self.assertIn(target, uids, name)

    def test_thresholds_are_those_of_the_alerts(self):
        seen = set()
        for name, dashboard in self.dashboards.items():
            for panel in dashboard_rules.panels(dashboard):
                for alert in re.findall(r"Alert: (\w+)\.", panel["description"]):
                    seen.add(alert)
                    threshold = alert_threshold(alert)
                    self.assertIsNotNone(threshold, f"{name}: {alert} does not exist")
                    comparison, number = threshold
                    first, second = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
                    where = f"{name}: {panel['title']}: {alert} {comparison} {number}"
                    # A Grafana step includes its value: "> 0 events" starts at 1.
                    self.assertEqual(float(number) or 1, second["value"], where)
                    good = first if comparison == ">" else second
                    self.assertEqual("green", good["color"], where)
                    self.assertIsNone(first["value"], where)
        self.assertGreater(len(seen), 12)

    def test_every_alert_with_a_threshold_is_on_some_panel(self):
        shown = " ".join(panel["description"] for dashboard in self.dashboards.values()
                         for panel in dashboard_rules.panels(dashboard))
        # These alerts are about a state, or about several panels together.
        elsewhere = {"PositionBridgeRestarting", "PositionBridgeNoAccountLive",
                     "PositionBridgeAccountFailed", "PositionBridgeAccountNotLive",
                     "PositionBridgeStreamUnsteady", "PositionBridgeReconcileFailing",
                     "PositionBridgeNoSubscribers"}
        for alert in re.findall(r"- alert: (\w+)", ALERTS):
            self.assertEqual(alert not in elsewhere, f"Alert: {alert}." in shown, alert)

    def test_are_of_the_type_that_grafana_publishes(self):
        self.assertEqual("", type_complaints(sorted(FOLDER.glob("*.json"))))

    def test_that_are_not_of_that_type_are_refused(self):
        dashboard = self.dashboards["bus.json"]
        dashboard["graphTooltip"] = "one"
        dashboard["templating"]["list"][1]["refresh"] = 9
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "bad.json"
            file.write_text(json.dumps(dashboard), encoding="utf-8")
            complaints = type_complaints([file])
        self.assertIn("DashboardCursorSync", complaints)
        self.assertIn("VariableRefresh", complaints)


if __name__ == "__main__":
    unittest.main()
