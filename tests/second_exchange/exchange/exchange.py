"""The exchange itself: its accounts, its market, and who is connected."""

import time

from exchange import json_text
from exchange.market import Market
from exchange.rest import Rest, decimal_text
from exchange.weight import Weight


class Exchange:
    def __init__(self, habits, accounts):
        self.habits = habits
        self.accounts = {account.name: account for account in accounts}
        self.market = Market()
        self.weight = Weight()
        self.connections = set()
        self.requests = []        # "METHOD path", in order
        self.accept_encodings = set()
        self.next_positions = {}  # account -> wrong answers to come: empty, half, an account
        self.rest = Rest(self)

    # --- what happens --------------------------------------------------------------------------

    async def trade(self, account, symbol, side, amount, entry, silent=False):
        """A trade leaves that position behind; `silent`: the stream loses the event."""
        position = account.set_position(symbol, side, amount, entry, _now_ms())
        if not silent:
            await self.tell_account(account, [position])

    async def tell_account(self, account, positions, reason="ORDER"):
        wallet = decimal_text(account.wallet)
        await self.tell(account, "ACCOUNT_UPDATE", {
            "e": "ACCOUNT_UPDATE", "T": positions[0].changed_ms, "E": _now_ms(),
            "a": {"B": [{"a": "USDT", "wb": wallet, "cw": wallet, "bc": "0"}],
                  "P": [row for position in positions for row in self._rows(account, position)],
                  "m": reason}})

    def _rows(self, account, position):
        """In hedge mode the BOTH row of the symbol comes along, and is zero."""
        if account.hedge:
            yield self._row(account, position.symbol, "BOTH", None)
        yield self._row(account, position.symbol, position.side, position)

    def _row(self, account, symbol, side, position):
        mark = self.market.symbols[symbol].mark
        open_one = position is not None and position.amount != 0
        return {"s": symbol, "pa": decimal_text(position.amount) if open_one else "0",
                "ep": decimal_text(position.entry) if open_one else "0",
                "cr": decimal_text(position.realized) if position else "0",
                "up": decimal_text((mark - position.entry) * position.amount)
                      if open_one else "0",
                "mt": "isolated" if symbol in account.isolated else "cross",
                "iw": decimal_text(position.isolated_wallet) if position else "0", "ps": side,
                "ma": "USDT", "bep": decimal_text(position.break_even) if open_one else "0"}

    async def set_leverage(self, account, symbol, leverage, silent=False):
        account.leverage[symbol] = leverage
        if not silent:
            now = _now_ms()
            await self.tell(account, "ACCOUNT_CONFIG_UPDATE", {
                "e": "ACCOUNT_CONFIG_UPDATE", "T": now, "E": now,
                "ac": {"s": symbol, "l": leverage}})

    async def tell(self, account, name, event):
        await self.tell_text(account, name, json_text.write(event, self.habits, event=True))

    async def tell_text(self, account, name, text):
        """Sends an event as it is written to everybody who listens with the account's key."""
        if not account.has_listen_key():
            return
        key = account.listen_key
        await self.to_each(lambda connection: connection.send_event(key, name, text))

    async def tick(self):
        self.market.move()
        await self.to_each(lambda connection: connection.send_ticks(self.market))

    async def to_each(self, send, connections=None):
        """Sends to each of the connections; one that has gone is noticed by its own task."""
        for connection in list(self.connections) if connections is None else connections:
            try:
                await send(connection)
            except ConnectionError:
                pass

    # --- the truth -----------------------------------------------------------------------------

    def truth(self):
        """What is so, and what was told, for tests to compare with."""
        return {
            "accounts": {account.name: {"positions": self._account_truth(account)}
                         for account in self.accounts.values()},
            "history": {account.name: account.history for account in self.accounts.values()},
            "marks": {symbol.name: {str(at): f"{price:f}" for at, price in symbol.told.items()}
                      for symbol in self.market.symbols.values()},
            "requests": self.requests,
            "accept_encodings": sorted(self.accept_encodings),
            "largest_weight": self.weight.largest,
            "connections": [{"route": connection.route, "pongs": connection.websocket.pongs,
                             "forms": [subscription.form
                                       for subscription in connection.subscriptions],
                             "streams": connection.streams}
                            for connection in self.connections]}

    def _account_truth(self, account):
        return [{"symbol": position.symbol, "position_side": position.side,
                 "amount": decimal_text(position.amount),
                 "entry_price": decimal_text(position.entry),
                 "break_even_price": decimal_text(position.break_even),
                 "realized_pnl": decimal_text(position.realized),
                 "isolated_wallet": decimal_text(position.isolated_wallet),
                 "margin_type": "isolated" if position.symbol in account.isolated else "cross",
                 "leverage": account.leverage_of(position.symbol),
                 "update_time": position.changed_ms}
                for position in account.positions.values() if position.amount]


def _now_ms():
    return int(time.time() * 1000)
