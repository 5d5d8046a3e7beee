"""position-bridge as a process: its configuration, its secrets, its pages."""

import json
import urllib.error
import urllib.request

from harness.exchange import toml_table
from harness.metrics import Metrics
from harness.programs import RunningProgram, free_port, program


class BridgeSetup:
    """A configuration of the bridge for accounts at one exchange, and its secrets."""

    def __init__(self, folder, accounts, rest, streams, ca_file=None, bridge=None, publisher=None,
                 mark_price=None, user_stream=None, reconcile="0s", account_settings=None, more_endpoints=()):
        self.folder = folder
        self.account_settings = account_settings or {}
        self.bus_port = free_port()
        self.http_port = free_port()
        self.endpoint = f"tcp://127.0.0.1:{self.bus_port}"
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.environment = {}
        self.config_file = folder / "bridge.toml"
        environment = {"rest": rest, "user_stream": streams + "/private",
                       "market_stream": streams + "/market"}
        if ca_file:
            environment["ca_file"] = str(ca_file)
        self.config_file.write_text(
            toml_table("[bridge]", {"instance": "end-to-end", "log_level": "debug"}
                       | (bridge or {}))
            + toml_table("[publisher]", {"bind": [self.endpoint, *more_endpoints],
                                           "heartbeat_interval": "250ms"}
                         | (publisher or {}))
            + toml_table("[http]", {"listen": f"127.0.0.1:{self.http_port}"})
            + toml_table("[mark_price]", mark_price or {})
            + toml_table("[user_stream]", user_stream or {})
            + toml_table("[reconcile]", {"interval": reconcile})
            + toml_table("[environment.simulator]", environment)
            + "".join(self._account(account) for account in accounts), encoding="utf-8")

    @classmethod
    def at(cls, exchange, folder, accounts, **settings):
        """A configuration for accounts at the simulated exchange, over TLS."""
        settings.setdefault("ca_file", exchange.ca_file)
        return cls(folder, accounts, f"https://{exchange.address}", f"wss://{exchange.address}",
                   **settings)

    def name_secrets(self, account):
        """Stores the secrets of the account where its table refers to."""
        variable = account.name.upper().replace("-", "_")
        self.environment[variable + "_API_KEY"] = account.api_key
        self.environment[variable + "_API_SECRET"] = account.api_secret
        return variable

    def _account(self, account):
        variable = self.name_secrets(account)
        return toml_table("[[account]]", {
            "name": account.name, "market": "usdm", "environment": "simulator",
            "api_key": {"env": variable + "_API_KEY"},
            "api_secret": {"env": variable + "_API_SECRET"}} | self.account_settings)


class Bridge(RunningProgram):
    def __init__(self, setup, name="bridge", descriptors=None):
        """`descriptors`: the limit of open files."""
        self.url = setup.url
        command = [program("POSITION_BRIDGE"), "run", "--config", setup.config_file]
        if descriptors:
            command = ["prlimit", f"--nofile={descriptors}:{descriptors}", *command]
        super().__init__(setup.folder, name, command, setup.environment)

    def get(self, path, method="GET"):
        """Status, headers and body; the status is 0 while nothing listens."""
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:
                return reply.status, reply.headers, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()
        except OSError:
            return 0, {}, ""

    def is_ready(self):
        return self.get("/readyz")[0] == 200

    def status(self):
        return json.loads(self.get("/status")[2])

    def account_status(self, account):
        return next(entry for entry in self.status()["accounts"] if entry["account"] == account)

    def metrics(self):
        return Metrics(self.get("/metrics")[2])
