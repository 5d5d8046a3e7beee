"""Comparing what was published with what the accounts truly hold."""

from decimal import ROUND_HALF_EVEN, Decimal

from harness.message_rules import signed_size

# The exchange's REST replies carry break-even prices with binary tails; so many places are meant.
BREAK_EVEN_PLACES = Decimal("0.00000001")


def _rounded(price):
    return Decimal(price).quantize(BREAK_EVEN_PLACES, ROUND_HALF_EVEN)


def _differences_of_position(row, body):
    """`row` as the exchange's control port tells of it, `body` as it was published last."""
    expected = {
        "side": "LONG" if Decimal(row["amount"]) > 0 else "SHORT",
        "margin_type": row["margin_type"],
        "leverage": row["leverage"],
        "state": "live",
    }
    for name, value in expected.items():
        if body[name] != value:
            yield f"{name} is {body[name]}, should be {value}"
    if signed_size(body) != Decimal(row["amount"]):
        yield f"the size is {signed_size(body)}, should be {row['amount']}"
    if Decimal(body["entry_price"]) != Decimal(row["entry_price"]):
        yield f"the entry price is {body['entry_price']}, should be {row['entry_price']}"
    if body["break_even_price"] is None or (
            _rounded(body["break_even_price"]) != _rounded(row["break_even_price"])):
        yield f"break_even_price is {body['break_even_price']}, not {row['break_even_price']}"
    if row["margin_type"] == "isolated" and (
            body["isolated_wallet"] is None
            or Decimal(body["isolated_wallet"]) != Decimal(row["isolated_wallet"])):
        yield f"isolated_wallet is {body['isolated_wallet']}, not {row['isolated_wallet']}"
    if body["position_time_us"] < row["update_time"] * 1000:
        yield f"position_time_us is {body['position_time_us']}, before {row['update_time']} ms"
    # Only the user stream tells of it: unknown is true, wrong is not.
    if body["realized_pnl"] is not None and (
            Decimal(body["realized_pnl"]) != Decimal(row["realized_pnl"])):
        yield f"realized_pnl is {body['realized_pnl']}, should be {row['realized_pnl']}"


def differences(truth, positions):
    """What is wrong with `positions`, the last message of each, when `truth` is true.

    Nothing may be missing, nothing too many: whatever is not held has to be said FLAT.
    """
    held = {(name, row["symbol"], row["position_side"]): row
            for name, account in truth.items() for row in account["positions"]}
    found = []
    for key, row in held.items():
        if key not in positions:
            found.append(f"{key}: never published")
            continue
        found += [f"{key}: {difference}"
                  for difference in _differences_of_position(row, positions[key].body)]
    for key, message in positions.items():
        if key not in held and message["side"] != "FLAT":
            found.append(f"{key}: published as {message['side']}, but nothing is held")
    return found


def as_change(row):
    """A row of the exchange's history, to be compared with `as_published`."""
    return (row["time"] * 1000, row["reason"], Decimal(row["amount"]),
            Decimal(row["entry_price"]) if Decimal(row["amount"]) else None,
            Decimal(row["realized_pnl"]))


def as_published(body):
    """What an update with the trigger account_update tells, in the words of the history."""
    size = signed_size(body)
    return (body["position_time_us"], body["account_reason"], size,
            Decimal(body["entry_price"]) if size else None, Decimal(body["realized_pnl"]))
