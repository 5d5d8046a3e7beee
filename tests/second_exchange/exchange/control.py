"""The control port: a test says what happens. One line of JSON is a command, one is the answer."""

import asyncio
import json


class Control:
    def __init__(self, exchange):
        self._exchange = exchange

    async def serve(self, reader, writer):
        while line := await reader.readline():
            try:
                answer = {"result": await self._obey(json.loads(line))}
            except Exception as failure:  # whatever it is, the test is to see it
                answer = {"error": repr(failure)}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _obey(self, command):
        do = getattr(self, "_do_" + command.pop("do"))
        if "account" in command:
            command["account"] = self._exchange.accounts[command["account"]]
        return await do(**command)

    async def _do_trade(self, account, symbol, side, amount, entry, silent=False):
        await self._exchange.trade(account, symbol, side, amount, entry, silent)

    async def _do_leverage(self, account, symbol, leverage, silent=False):
        await self._exchange.set_leverage(account, symbol, leverage, silent)

    async def _do_isolate(self, account, symbol):
        account.isolated.add(symbol)

    async def _do_hedge(self, account, hedge):
        account.hedge = hedge

    async def _do_event(self, account, name, text):
        """Sends that text as an event, whatever it is."""
        await self._exchange.tell_text(account, name, text)

    async def _do_expire_listen_key(self, account, told=True):
        key = account.listen_key
        if told:
            await self._exchange.tell(account, "listenKeyExpired", {
                "e": "listenKeyExpired", "E": self._exchange.market.time_ms, "listenKey": key})
        account.close_listen_key()

    async def _do_habit(self, name, value=""):
        self._exchange.habits.turn_on(name, value)

    async def _do_drop_habit(self, name):
        self._exchange.habits.turn_off(name)

    async def _do_next_positions(self, account, answers):
        self._exchange.next_positions.setdefault(account.name, []).extend(answers)

    async def _do_left_positions(self):
        """How many of the wrong answers have not been asked for yet."""
        return sum(map(len, self._exchange.next_positions.values()))

    async def _do_truth(self):
        return self._exchange.truth()

    async def _do_ping(self):
        await self._exchange.to_each(lambda connection: connection.websocket.ping())

    async def _do_close(self, route, code=0):
        """Closes the connections of a route; without a code, by cutting them."""
        for connection in list(self._exchange.connections):
            if connection.route == route:
                if code:
                    await connection.websocket.close(code, "going away")
                else:
                    connection.websocket.abort()
        await asyncio.sleep(0)
