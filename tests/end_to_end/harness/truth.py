"""Compares published positions with the true positions of the exchange."""

from decimal import ROUND_HALF_EVEN, Decimal

from harness.message_rules import signed_size

# REST answers contain break-even prices with binary rounding errors; compare this many places.
BREAK_EVEN_PLACES = Decimal("0.00000001")


def _rounded(price):
    return Decimal(price).quantize(BREAK_EVEN_PLACES, ROUND_HALF_EVEN)


def _differences_of_position(row, body):
    """Compares `row` of the control port with `body`, the last published message."""
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
    # Only the user stream reports it: nil is correct, a wrong value is not.
    if body["realized_pnl"] is not None and (
            Decimal(body["realized_pnl"]) != Decimal(row["realized_pnl"])):
        yield f"realized_pnl is {body['realized_pnl']}, should be {row['realized_pnl']}"


def differences(truth, positions):
    """The differences between `positions`, the last message of each, and `truth`.

    No position may be missing, and every position that is not in `truth` must be FLAT.
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
            found.append(f"{key}: published as {message['side']}, but the account does not hold it")
    return found


def as_change(row):
    """A row of the exchange's history in the form of `as_published`."""
    return (row["time"] * 1000, row["reason"], Decimal(row["amount"]),
            Decimal(row["entry_price"]) if Decimal(row["amount"]) else None,
            Decimal(row["realized_pnl"]))


def as_published(body):
    """An update with the trigger account_update in the form of the history."""
    size = signed_size(body)
    return (body["position_time_us"], body["account_reason"], size,
            Decimal(body["entry_price"]) if size else None, Decimal(body["realized_pnl"]))
