"""Prints the positions of a bridge as they change.

usage: example.py [--json] ENDPOINT [ACCOUNT,...|all] [HEARTBEAT_INTERVAL_MS]

With an encrypted bus, CURVE_SERVER_KEY, CURVE_PUBLIC_KEY and CURVE_SECRET_KEY are in the
environment. With --json, the complete state as one line, ten times per second.
"""

import json
import os
import sys
import time

from position_subscriber import Subscriber

JSON_INTERVAL_S = 0.1


def print_json(subscriber):
    print(json.dumps({
        "positions": list(subscriber.positions.values()),
        "accounts": {name: {"state": account.state, "is_current": account.is_current}
                     for name, account in subscriber.accounts.items()},
        "counters": subscriber.counters}), flush=True)


def print_change(subscriber, change):
    if len(change) == 1:
        account = subscriber.accounts.get(change[0])
        if account:
            complete = "complete" if account.is_current else "incomplete"
            print(f"{change[0]}: {account.state}, {complete}", flush=True)
        return
    position = subscriber.positions.get(change)
    what = "{side} {size} at {mark_price} ({state})".format_map(position) if position else "closed"
    print(*change, what, flush=True)


def main(arguments):
    is_json = arguments[:1] == ["--json"]
    if not 1 <= len(arguments) - is_json <= 3:
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    endpoint, *options = arguments[is_json:]
    accounts, heartbeat_ms = options + ["all", "1000"][len(options):]
    curve = [os.environ.get(f"CURVE_{name}_KEY") for name in ("SERVER", "PUBLIC", "SECRET")]
    subscriber = Subscriber(endpoint, None if accounts == "all" else accounts.split(","),
                            int(heartbeat_ms) / 1000, curve if all(curve) else None)
    next_line = time.monotonic()
    while True:
        changes = subscriber.poll(JSON_INTERVAL_S)
        if not is_json:
            for change in changes:
                print_change(subscriber, change)
        elif time.monotonic() >= next_line:
            print_json(subscriber)
            next_line = time.monotonic() + JSON_INTERVAL_S


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        pass
