"""What the connections of the streams have asked for, and what they are sent."""

import dataclasses
import json
import urllib.parse

from exchange import json_text
from exchange.websocket import WebSocket

EVENTS, SUBSCRIBE, PATH = "events", "subscribe", "path"
STREAMS_MAX = 1024


@dataclasses.dataclass
class UserSubscription:
    listen_key: str
    form: str
    names: frozenset | None  # of events; None is all of them


class Connection:
    """A WebSocket on /private or /market, whatever it has asked for."""

    def __init__(self, websocket: WebSocket, route, habits):
        self.websocket = websocket
        self.route = route
        self._habits = habits
        self.enveloped = False
        self.subscriptions = []  # UserSubscription
        self.streams = []        # of the market, by name

    def read_address(self, target):
        """What the address itself asks for; False when there is no such address."""
        path, _, query = target.partition("?")
        mode, _, names = path.removeprefix("/" + self.route).removeprefix("/").partition("/")
        if mode not in ("ws", "stream"):
            return False
        self.enveloped = mode == "stream"
        asked = urllib.parse.parse_qsl(query, keep_blank_values=True)
        if self.route == "market":
            named = dict(asked).get("streams", "") if self.enveloped else names
            self.streams = [name for name in urllib.parse.unquote(named).split("/") if name]
        elif names:
            self.subscriptions.append(UserSubscription(names, PATH, None))
        else:
            self._read_listen_keys(asked)
        return True

    def _read_listen_keys(self, asked):
        """Each `events` belongs to the listen key before it."""
        for name, value in asked:
            if name == "listenKey":
                self.subscriptions.append(UserSubscription(value, EVENTS, None))
            elif name == "events" and self.subscriptions:
                self.subscriptions[-1].names = frozenset(value.split("/"))

    # --- control messages ----------------------------------------------------------------------

    async def obey(self, text):
        """Carries out a control message and answers it."""
        try:
            message = json.loads(text)
            method, number = message["method"], message.get("id")
        except (ValueError, TypeError, KeyError):
            await self._reply({"error": {"code": 3, "msg": "Invalid JSON"}, "id": None})
            return
        if method == "LIST_SUBSCRIPTIONS":
            if self.route == "market":
                await self._reply({"result": self.streams, "id": number})
            elif "list-silent" not in self._habits:
                await self._reply({"result": self._listed(), "id": number})
            return
        change = {"SUBSCRIBE": self._subscribe, "UNSUBSCRIBE": self._unsubscribe}.get(method)
        if change is None:
            await self._reply({"error": {"code": 2, "msg": "Invalid request: unknown method"},
                               "id": number})
            return
        for name in message.get("params", []):
            change(name)
        await self._reply({"result": None, "id": number})
        if len(self.streams) > STREAMS_MAX:
            await self.websocket.close(1008, "Too many streams")

    def _subscribe(self, name):
        if self.route == "market":
            if name not in self.streams:
                self.streams.append(name)
        else:
            self.subscriptions.append(UserSubscription(name, SUBSCRIBE, None))

    def _unsubscribe(self, name):
        if self.route == "market":
            self.streams = [stream for stream in self.streams if stream != name]
        else:
            self.subscriptions = [subscription for subscription in self.subscriptions
                                  if subscription.listen_key != name]

    def _listed(self):
        if "list-empty" in self._habits:
            return []
        listed = []
        for subscription in self.subscriptions:
            key = subscription.listen_key
            if "list-other-names" in self._habits:
                listed.append(key + "@account")
            elif "list-bare-key" in self._habits or subscription.names is None:
                listed.append(key)
            else:
                listed += [f"{key}@{name}" for name in sorted(subscription.names)]
        return listed

    async def _reply(self, message):
        await self.websocket.send(json_text.write(message, self._habits))

    # --- events --------------------------------------------------------------------------------

    async def send_event(self, listen_key, name, text):
        """Sends an event of that listen key, if this connection asked for it."""
        for subscription in self.subscriptions:
            if subscription.listen_key != listen_key or not self._delivers(subscription, name):
                continue
            for _ in range(2 if "twice" in self._habits else 1):
                await self.websocket.send(self._enveloped(subscription, name, text))

    def _delivers(self, subscription, name):
        only = self._habits.value("deliver-only")
        if only and subscription.form != only:
            return False
        return subscription.names is None or name in subscription.names

    def _enveloped(self, subscription, name, text):
        if not self.enveloped:
            return text
        stream = subscription.listen_key
        if "envelope-account" in self._habits:
            stream += "@account"
        elif subscription.form == EVENTS:
            stream += "@" + name
        mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
        return f'{mark}{{"stream":"{stream}","data":{text}}}'

    async def send_ticks(self, market):
        """The ticks of this second."""
        for stream in list(self.streams):
            name, _, rest = stream.partition("@")
            every_second = rest.endswith("@1s")
            if not every_second and market.step % 3:
                continue
            if stream in ("!markPrice@arr", "!markPrice@arr@1s"):
                await self._send_all_ticks(market, stream)
            elif rest in ("markPrice", "markPrice@1s"):
                for symbol in market.symbols.values():
                    # Only the letters of ASCII have a lower case in names of streams.
                    if name == symbol.name.translate(_LOWER):
                        await self._send_tick(stream, market.tick(symbol))

    async def _send_all_ticks(self, market, stream):
        """What is not crypto comes in a message of its own, and COIN-M is mixed in."""
        ticks = [market.tick(symbol) for symbol in market.symbols.values()
                 if not symbol.is_tradfi]
        if "bad-tick" in self._habits:
            ticks.insert(0, json_text.Literal('{"e":"markPriceUpdate","E":1,"s":"SOLUSDT",'
                                              '"p":"NaN","T":"never"}'))
            ticks.insert(1, json_text.Literal("null"))
        await self._send_tick(stream, ticks)
        await self._send_tick(stream, [market.tick(symbol) for symbol in market.symbols.values()
                                       if symbol.is_tradfi])

    async def _send_tick(self, stream, tick):
        data = {"stream": stream, "data": tick} if self.enveloped else tick
        await self.websocket.send(json_text.write(data, self._habits, event=True))


_LOWER = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}
