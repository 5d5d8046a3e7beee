"""An account of the exchange: its positions, its settings, and what it was some seconds ago."""

import copy
import dataclasses
import secrets
import string
import time
from decimal import Decimal

LISTEN_KEY_LIFE_S = 3600
HISTORY_S = 120


@dataclasses.dataclass
class Position:
    symbol: str
    side: str  # BOTH, LONG, SHORT
    amount: Decimal = Decimal(0)  # signed; a SHORT leg's is negative too
    entry: Decimal = Decimal(0)
    realized: Decimal = Decimal(0)
    isolated_wallet: Decimal = Decimal(0)
    changed_ms: int = 0

    @property
    def break_even(self):
        """The entry price with fees of 0.04 %."""
        factor = Decimal("1.0004") if self.amount > 0 else Decimal("0.9996")
        return (self.entry * factor).quantize(Decimal("0.00000001")).normalize()


class Account:
    def __init__(self, name, api_key, api_secret, hedge=False):
        self.name = name
        self.api_key = api_key
        self.api_secret = api_secret
        self.hedge = hedge
        self.multi_assets = False
        self.wallet = Decimal("10000")
        self.positions = {}  # (symbol, side) -> Position; closed ones stay
        self.leverage = {}   # symbol -> int, 20 where nothing is said
        self.isolated = set()
        self.listen_key = None
        self.listen_key_ends = 0.0
        self.history = []         # every change of a position: symbol, side, amount, entry
        self._past = [(0.0, {})]  # (until when it was so, positions)

    # --- positions -----------------------------------------------------------------------------

    def set_position(self, symbol, side, amount, entry, now_ms):
        """Sets what a trade leaves behind; returns the position."""
        self._remember()
        position = self.positions.setdefault((symbol, side), Position(symbol, side))
        amount, entry = Decimal(amount), Decimal(entry)
        if abs(amount) < abs(position.amount):  # reduced at the price of entry and one more
            position.realized += Decimal("1.25")
        position.amount = amount
        position.entry = entry if amount else Decimal(0)
        position.changed_ms = now_ms
        self.history.append((symbol, side, f"{amount:f}", f"{position.entry:f}"))
        position.isolated_wallet = (
            (abs(amount) * entry / self.leverage_of(symbol)).quantize(Decimal("0.00000001"))
            if symbol in self.isolated else Decimal(0))
        return position

    def positions_before(self, seconds):
        """The positions of so many seconds ago."""
        moment = time.monotonic() - seconds
        for until, positions in self._past:
            if moment < until:
                return positions
        return self.positions

    def leverage_of(self, symbol):
        return self.leverage.get(symbol, 20)

    def _remember(self):
        now = time.monotonic()
        self._past = [entry for entry in self._past if now - entry[0] < HISTORY_S]
        self._past.append((now, copy.deepcopy(self.positions)))

    # --- the listen key ------------------------------------------------------------------------

    def has_listen_key(self):
        return self.listen_key is not None and time.monotonic() < self.listen_key_ends

    def take_listen_key(self):
        """The one that is active, or a new one; in both cases for an hour from now."""
        if not self.has_listen_key():
            alphabet = string.ascii_letters + string.digits
            self.listen_key = "".join(secrets.choice(alphabet) for _ in range(64))
        self.listen_key_ends = time.monotonic() + LISTEN_KEY_LIFE_S
        return self.listen_key

    def keep_listen_key(self):
        """False when there is none."""
        if not self.has_listen_key():
            return False
        self.listen_key_ends = time.monotonic() + LISTEN_KEY_LIFE_S
        return True

    def close_listen_key(self):
        self.listen_key = None
