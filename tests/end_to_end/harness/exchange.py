"""The simulated exchange as a process, and its control port."""

import contextlib
import dataclasses
import json
import secrets
import signal
import ssl
import urllib.request

from harness.programs import RunningProgram, program
from harness.waiting import wait_until


def toml_value(value):
    """`value` in TOML notation. Tables are inline."""
    if isinstance(value, dict):
        members = ", ".join(f"{key} = {toml_value(member)}" for key, member in value.items())
        return "{ " + members + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(member) for member in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def toml_table(header, members):
    lines = [header] + [f"{key} = {toml_value(value)}" for key, value in members.items()]
    return "\n".join(lines) + "\n\n"


@dataclasses.dataclass
class Account:
    """An account on the simulated exchange; without `trading` it trades only on request."""

    name: str
    mode: str = "one-way"
    margin_type: str = "cross"
    leverage: int = 20
    positions: list = dataclasses.field(default_factory=list)
    trading: dict | None = None
    api_key: str = dataclasses.field(default_factory=lambda: "key-" + secrets.token_hex(16))
    api_secret: str = dataclasses.field(default_factory=lambda: "secret-" + secrets.token_hex(16))

    def to_toml(self):
        members = {"name": self.name, "api_key": self.api_key, "api_secret": self.api_secret,
                   "mode": self.mode, "margin_type": self.margin_type, "leverage": self.leverage,
                   "positions": self.positions}
        if self.trading:
            members["trading"] = self.trading
        return toml_table("[[account]]", members)


class SimulatedExchange(RunningProgram):
    """Accounts start to trade automatically when a test calls `set_trading(True)`."""

    def __init__(self, folder, accounts, rules=None, name="exchange", environment=None,
                 market=None):
        scenario = folder / f"{name}.toml"
        scenario.write_text(toml_table("", {"seed": 7, "history_length": 100_000,
                                                "trading": False})
                            + toml_table("[rules]", rules or {})
                            + toml_table("[market]", market or {})
                            + "".join(account.to_toml() for account in accounts),
                            encoding="utf-8")
        self.ca_file = folder / f"{name}.ca.pem"
        ready_file = folder / f"{name}.ready.json"
        super().__init__(folder, name, [
            program("SIMULATED_EXCHANGE"), "--scenario", scenario, "--listen", "127.0.0.1:0",
            "--control", "127.0.0.1:0", "--ca-out", self.ca_file, "--ready-file", ready_file],
            environment)
        wait_until(lambda: ready_file.exists() or self.exit_code() is not None,
                   "the simulated exchange is ready")
        if self.exit_code() is not None:
            raise AssertionError(f"the simulated exchange did not start:\n{self.errors()}")
        ready = json.loads(ready_file.read_text(encoding="utf-8"))
        self.address = ready["listen"]
        self._control = "http://" + ready["control"]

    # --- requests of a client ------------------------------------------------------------------

    def living_listen_key(self, account):
        """The listen key that all clients of the account share."""
        request = urllib.request.Request(f"https://{self.address}/fapi/v1/listenKey",
                                         method="POST", headers={"X-MBX-APIKEY": account.api_key})
        tls = ssl.create_default_context(cafile=self.ca_file)
        with urllib.request.urlopen(request, context=tls, timeout=5) as reply:
            return json.load(reply)["listenKey"]

    # --- the control port ----------------------------------------------------------------------

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self._control + path, data=data, timeout=5) as reply:
            return json.load(reply)

    def truth(self):
        """The true positions of each account."""
        return {account["name"]: account for account in self.ask("/truth")["accounts"]}

    def history(self, account):
        """Every change of every position of the account, in order."""
        return self.ask("/truth/" + account)["history"]

    def trade(self, account, symbol, side, quantity, position_side="BOTH"):
        return self.ask("/trade", {"account": account, "symbol": symbol, "side": side,
                                   "quantity": quantity, "position_side": position_side})

    def close(self, account, symbol, position_side="BOTH"):
        return self.ask("/close", {"account": account, "symbol": symbol,
                                   "position_side": position_side})

    def set_trading(self, enabled):
        self.ask("/trading", {"enabled": enabled})

    def fault(self, kind, **members):
        self.ask("/fault", {"kind": kind} | members)

    def clear_faults(self):
        self.ask("/faults/clear", {})

    def connections(self, route):
        return [connection for connection in self.ask("/connections")["connections"]
                if connection["route"] == route]

    def mark_price_streams(self):
        """The subscriptions of each connection of the market route."""
        return {connection["id"]: set(connection["streams"])
                for connection in self.connections("market")}

    def requests(self):
        return self.ask("/requests")

    def broken_limits(self):
        return {name: count for name, count in self.requests()["limits_broken"].items() if count}

    @contextlib.contextmanager
    def paused(self):
        """The exchange answers nothing in the meantime: connections are accepted and wait."""
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)
