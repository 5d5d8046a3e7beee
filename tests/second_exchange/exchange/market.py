"""Symbols and their mark prices. Every price that was told is kept, for tests to compare with."""

import collections
import time
from decimal import Decimal

KEPT_TICKS = 900
FUNDING_PERIOD_MS = 8 * 3600 * 1000

UM, CM = 1, 2


class Symbol:
    def __init__(self, name, base, contract="PERPETUAL", kind=UM):
        self.name = name
        self.base = Decimal(base)
        self.contract = contract
        self.kind = kind
        self.mark = self.base
        self.index = self.base
        self.told = collections.OrderedDict()  # time in ms -> mark price

    @property
    def is_tradfi(self):
        return self.contract == "TRADIFI_PERPETUAL"

    @property
    def has_funding(self):
        return self.contract.endswith("PERPETUAL")

    def move(self, step, now_ms):
        offset = Decimal((step * 7 + len(self.name)) % 11 - 5) / 10000
        self.mark = (self.base * (1 + offset)).quantize(Decimal("0.00000001"))
        self.index = (self.base * (1 + offset / 2)).quantize(Decimal("0.00000001"))
        self.told[now_ms] = self.mark
        while len(self.told) > KEPT_TICKS:
            self.told.popitem(last=False)


class Market:
    def __init__(self):
        self.symbols = {symbol.name: symbol for symbol in (
            Symbol("BTCUSDT", "60000"), Symbol("ETHUSDT", "3000"), Symbol("SOLUSDT", "150"),
            Symbol("1000PEPEUSDT", "0.0123"), Symbol("币安人生USDT", "0.1573"),
            Symbol("XAUUSDT", "4000", "TRADIFI_PERPETUAL"),
            Symbol("BTCUSDT_261225", "60500", "CURRENT_QUARTER"),
            Symbol("BTCUSD_PERP", "60010", kind=CM))}
        self.step = 0
        self.time_ms = 0
        self.move()

    def move(self):
        self.step += 1
        self.time_ms = int(time.time() * 1000)
        for symbol in self.symbols.values():
            symbol.move(self.step, self.time_ms)

    def margined_in_money(self):
        return [symbol for symbol in self.symbols.values() if symbol.kind == UM]

    def next_funding_ms(self, symbol):
        return (self.time_ms // FUNDING_PERIOD_MS + 1) * FUNDING_PERIOD_MS \
            if symbol.has_funding else 0

    def tick(self, symbol):
        """A markPriceUpdate, with the fields of September 2026."""
        tick = {"e": "markPriceUpdate", "E": self.time_ms, "s": symbol.name,
                "p": f"{symbol.mark:f}", "ap": f"{symbol.mark:f}", "P": f"{symbol.index:f}",
                "i": f"{symbol.index:f}",
                "r": "0.00010000" if symbol.has_funding else "0.00000000",
                "T": self.next_funding_ms(symbol), "st": symbol.kind}
        if symbol.kind == CM:
            del tick["ap"]
        return tick
