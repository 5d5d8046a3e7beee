"""Every alert on synthetic series: it fires on its own fault, alone, and not without it.

promtool evaluates the rules as they are shipped. Every case starts from the series of a healthy
bridge; a fault changes some of them.
"""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "config" / "prometheus"
RULES = PROMETHEUS / "alerts.yml"

STATES = ["connecting", "syncing", "live", "stale", "failed", "stopped"]
ACCOUNTS = ["main", "second"]
END = 240  # steps of 15 seconds: an hour


def series(metric, **labels):
    labels = {"job": "position-bridge", "instance": "desk:9464"} | labels
    return metric + "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def always(value):
    return f"{value}x{END}"


def from_minute(minute, before, after):
    return f"{before}x{minute * 4 - 1} {after}x{END - minute * 4}"


def counting_from(minute, step):
    """Zero until that minute, then an increase of `step` every 15 seconds."""
    return f"0x{minute * 4 - 1} {step}+{step}x{END - minute * 4}"


def of_bridge(metric, **labels):
    return series("position_bridge_" + metric, **labels)


def state_of(account, state, values):
    return {of_bridge("account_state", account=account, venue="binance-usdm", state=state): values}


def in_state(account, state):
    """The account is live before minute 10, and in that state after it."""
    return (state_of(account, "live", from_minute(10, 1, 0))
            | state_of(account, state, from_minute(10, 0, 1)))


def buckets(metric, bound, slow_from=None):
    """Ten observations per step; from that minute on, one of ten exceeds `bound`."""
    quick = "0+10x240" if slow_from is None else (
        f"0+10x{slow_from * 4 - 1} {slow_from * 40}+9x{END - slow_from * 4}")
    return {of_bridge(metric + "_bucket", le=bound): quick,
            of_bridge(metric + "_bucket", le="5000"): "0+10x240",
            of_bridge(metric + "_bucket", le="+Inf"): "0+10x240"}


def healthy():
    """The series of a healthy bridge with two accounts, for an hour."""
    found = {
        series("up"): always(1),
        series("process_start_time_seconds"): always(1000),
        series("process_open_fds"): always(40),
        series("process_max_fds"): always(1024),
        of_bridge("config_last_reload_successful"): always(1),
        of_bridge("stream_connected", account="", stream="mark"): always(1),
        of_bridge("rest_used_weight", environment="mainnet"): always(300),
        of_bridge("rest_weight_limit", environment="mainnet"): always(2400),
        of_bridge("rest_silent_until_timestamp_seconds", environment="mainnet"): always(0),
        of_bridge("exchange_clock_offset_seconds", environment="mainnet"): always(-0.02),
        of_bridge("slow_subscriber_episodes_total"): always(0),
        of_bridge("subscribers"): always(2),
    }
    for stream in ["user", "mark"]:
        found[of_bridge("parse_errors_total", stream=stream)] = always(0)
    for reason in ["auth", "protocol", "other"]:
        found[of_bridge("subscriber_handshake_failures_total", reason=reason)] = always(0)
    for account in ACCOUNTS:
        for state in STATES:
            found |= state_of(account, state, always(int(state == "live")))
        found[of_bridge("stream_connected", account=account, stream="user")] = always(1)
        for reason in ["reset", "requested", "replaced"]:
            found[of_bridge("stream_disconnects_total", account=account, stream="user",
                            reason=reason)] = always(0)
        found[of_bridge("positions_stale", account=account)] = always(0)
        for evidence in ["connected", "listed", "event"]:
            found[of_bridge("stream_evidence", account=account, evidence=evidence)] = always(
                int(evidence == "event"))
        found[of_bridge("reconciles_total", account=account, outcome="clean")] = "0+1x240"
        for outcome in ["corrected", "failed"]:
            found[of_bridge("reconciles_total", account=account, outcome=outcome)] = always(0)
        found[of_bridge("listen_key_expiry_timestamp_seconds", account=account)] = always(7200)
    return (found | buckets("receive_to_publish_seconds", "0.01")
            | buckets("exchange_to_publish_seconds", "2.5")
            | buckets("event_loop_lag_seconds", "0.1"))


# A fault that starts at minute 10: the series that it changes, a time when its alert does not fire
# yet, a time when it fires, and the labels of the alert.
def fault(alert, changes, quiet="10m", fires="20m", **labels):
    return {"alert": alert, "changes": changes, "quiet": quiet, "fires": fires, "labels": labels}


FAULTS = [
    fault("PositionBridgeDown", {series("up"): from_minute(10, 1, 0)}, quiet="10m45s",
          fires="11m15s"),
    fault("PositionBridgeRestarting", {series("process_start_time_seconds"):
                                       "1000x39 1600 1620 1640 1660x200"},
          quiet="9m", fires="11m"),
    fault("PositionBridgeReloadFailed",
          {of_bridge("config_last_reload_successful"): from_minute(10, 1, 0)}, quiet="10m45s",
          fires="11m15s"),
    fault("PositionBridgeNoAccountLive", in_state("main", "stale") | in_state("second", "stale") | {
        of_bridge("stream_connected", account="", stream="mark"): from_minute(12, 1, 0)},
          quiet="11m45s", fires="12m15s"),
    fault("PositionBridgeAccountFailed", in_state("main", "failed") | {
        of_bridge("stream_connected", account="main", stream="user"): from_minute(10, 1, 0)},
          quiet="9m", account="main"),
    fault("PositionBridgeStreamDown", in_state("main", "stale") | {
        of_bridge("stream_connected", account="main", stream="user"): from_minute(10, 1, 0),
        of_bridge("positions_stale", account="main"): from_minute(10, 0, 7)},
          quiet="10m45s", account="main", stream="user"),
    fault("PositionBridgeAccountNotLive", in_state("main", "syncing"), quiet="11m45s",
          fires="12m15s", account="main"),
    fault("PositionBridgeStreamUnsteady",
          {of_bridge("stream_disconnects_total", account="main", stream="user",
                     reason="reset"): counting_from(10, 0.25)},
          account="main", stream="user"),
    fault("PositionBridgeStreamUnproven",
          {of_bridge("stream_evidence", account="main", evidence="connected"):
           from_minute(10, 0, 1)}, quiet="14m45s", fires="15m15s", account="main",
          evidence="connected"),
    fault("PositionBridgePositionsStale",
          {of_bridge("positions_stale", account="main"): from_minute(10, 0, 2)}, quiet="10m45s",
          fires="11m15s", account="main"),
    fault("PositionBridgeReconcileCorrections",
          {of_bridge("reconciles_total", account="main", outcome="corrected"):
           from_minute(10, 0, 1)}, quiet="9m", fires="11m", account="main", outcome="corrected"),
    fault("PositionBridgeReconcileFailing",
          {of_bridge("reconciles_total", account="main", outcome="failed"): counting_from(10, 1),
           of_bridge("reconciles_total", account="main", outcome="clean"): "0+1x39 39x200"},
          quiet="20m", fires="26m", account="main", outcome="failed"),
    fault("PositionBridgeListenKeyExpiring",
          {of_bridge("listen_key_expiry_timestamp_seconds", account="main"):
           f"7200x39 {20 * 60 + 900}x200"}, quiet="19m", fires="21m", account="main"),
    fault("PositionBridgeRestWeightHigh",
          {of_bridge("rest_used_weight", environment="mainnet"): from_minute(10, 300, 2000)},
          quiet="10m45s", fires="11m15s", environment="mainnet"),
    fault("PositionBridgeBanned",
          {of_bridge("rest_silent_until_timestamp_seconds", environment="mainnet"):
           from_minute(10, 0, 1500)}, quiet="9m", environment="mainnet"),
    fault("PositionBridgeClockSkew",
          {of_bridge("exchange_clock_offset_seconds", environment="mainnet"):
           from_minute(10, 0, -0.7)}, quiet="11m45s", fires="12m15s", environment="mainnet"),
    fault("PositionBridgeParseErrors",
          {of_bridge("parse_errors_total", stream="mark"): from_minute(10, 0, 1)}, quiet="9m",
          fires="11m", stream="mark"),
    fault("PositionBridgeSlowSubscriber",
          {of_bridge("slow_subscriber_episodes_total"): from_minute(10, 0, 1)}, quiet="9m",
          fires="11m"),
    fault("PositionBridgeClientsRefused",
          {of_bridge("subscriber_handshake_failures_total", reason="auth"):
           counting_from(10, 1)}, quiet="9m", reason="auth"),
    fault("PositionBridgeNoSubscribers", {of_bridge("subscribers"): from_minute(10, 2, 0)},
          quiet="24m45s", fires="25m15s"),
    fault("PositionBridgePublishSlow", buckets("receive_to_publish_seconds", "0.01", slow_from=10),
          quiet="14m"),
    fault("PositionBridgeExchangeDelay",
          buckets("exchange_to_publish_seconds", "2.5", slow_from=10), quiet="14m"),
    fault("PositionBridgeLoopLag", buckets("event_loop_lag_seconds", "0.1", slow_from=10),
          quiet="14m"),
    fault("PositionBridgeFileDescriptors", {series("process_open_fds"): from_minute(10, 40, 900)},
          quiet="10m45s", fires="11m15s"),
]

# Changes that must not raise an alert: (sentence, changes).
QUIET = [
    ("nothing happens", {}),
    ("an account has no listen key", {
        of_bridge("listen_key_expiry_timestamp_seconds", account="main"): always(0)}),
    ("the bridge closes streams itself", {
        of_bridge("stream_disconnects_total", account="main", stream="user",
                  reason="requested"): counting_from(10, 1)}),
    ("some comparisons fail and others succeed", {
        of_bridge("reconciles_total", account="main", outcome="failed"): counting_from(10, 1)}),
    ("three clients are refused", {
        of_bridge("subscriber_handshake_failures_total", reason="protocol"):
        from_minute(10, 0, 3)}),
    ("the exchange says to slow down for half a minute", {
        of_bridge("rest_silent_until_timestamp_seconds", environment="mainnet"):
        f"0x39 {10 * 60 + 30}x200"}),
]

FIRING = """count by (alertname, account, stream, environment, reason, outcome, evidence) (
  ALERTS{alertstate="firing"})"""
_RULE = re.compile(r"^ *- alert: (\w+)$", re.MULTILINE)


def promtool_test(changes, checks):
    """Runs promtool on the series. `checks`: (time, the exact alerts that fire then)."""
    cases = [{"expr": FIRING, "eval_time": time, "exp_samples": [
        {"labels": "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}",
         "value": 1} for labels in alerts]} for time, alerts in checks]
    test = {"rule_files": [str(RULES)], "evaluation_interval": "15s", "tests": [{
        "interval": "15s",
        "input_series": [{"series": name, "values": values}
                         for name, values in (healthy() | changes).items()],
        "promql_expr_test": cases}]}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test.yml"
        file.write_text(json.dumps(test), encoding="utf-8")  # JSON is YAML
        run = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True,
                             text=True, check=False)
    return "" if run.returncode == 0 else run.stdout + run.stderr


class Alerts(unittest.TestCase):
    def test_rules_pass_promtool_check(self):
        check = subprocess.run(["promtool", "check", "rules", "--lint=all", "--lint-fatal",
                                str(RULES)], capture_output=True, text=True, check=False)
        self.assertEqual(0, check.returncode, check.stdout + check.stderr)

    def test_example_prometheus_configuration_passes_promtool_check(self):
        check = subprocess.run(["promtool", "check", "config", str(PROMETHEUS / "prometheus.yml")],
                               capture_output=True, text=True, check=False)
        self.assertEqual(0, check.returncode, check.stdout + check.stderr)

    def test_each_fires_only_on_its_own_fault_and_not_before(self):
        for case in FAULTS:
            with self.subTest(case["alert"]):
                self.assertEqual("", promtool_test(case["changes"], [
                    (case["quiet"], []),
                    (case["fires"], [{"alertname": case["alert"]} | case["labels"]])]))

    def test_none_fires_when(self):
        for sentence, changes in QUIET:
            with self.subTest(sentence):
                self.assertEqual("", promtool_test(changes, [
                    (f"{minute}m", []) for minute in range(5, 60, 5)]))

    def test_down_fires_when_no_bridge_is_scraped(self):
        self.assertEqual("", promtool_test({series("up"): "_x240"}, [
            ("5m", [{"alertname": "PositionBridgeDown"}])]))

    def test_a_stream_that_stays_down_raises_one_alert(self):
        (case,) = [case for case in FAULTS if case["alert"] == "PositionBridgeStreamDown"]
        reconnecting = {of_bridge("stream_disconnects_total", account="main", stream="user",
                                  reason="handshake"): counting_from(10, 1)}
        self.assertEqual("", promtool_test(case["changes"] | reconnecting, [
            ("20m", [{"alertname": "PositionBridgeStreamDown"} | case["labels"]])]))

    def test_streams_of_a_failed_account_raise_no_alert_of_their_own(self):
        (case,) = [case for case in FAULTS if case["alert"] == "PositionBridgeAccountFailed"]
        self.assertEqual("", promtool_test(case["changes"], [
            ("30m", [{"alertname": "PositionBridgeAccountFailed", "account": "main"}])]))

    def test_each_has_a_case(self):
        written = _RULE.findall(RULES.read_text(encoding="utf-8"))
        self.assertEqual(sorted(written), sorted(case["alert"] for case in FAULTS))

    def test_missing_alert_is_reported(self):
        self.assertIn("PositionBridgeDown", promtool_test({}, [
            ("20m", [{"alertname": "PositionBridgeDown"}])]))


if __name__ == "__main__":
    unittest.main()
