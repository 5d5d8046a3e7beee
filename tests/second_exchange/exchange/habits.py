"""The habits that the exchange can be given, each of which makes one assumption false."""

HABITS = {
    # LIST_SUBSCRIPTIONS on the private route
    "list-bare-key": "lists the bare listen key, although events were asked for by name",
    "list-other-names": "lists `<listen key>@account`",
    "list-empty": "lists nothing",
    "list-silent": "does not answer LIST_SUBSCRIPTIONS",
    # which addresses of the user stream deliver
    "deliver-only": "only this form brings events: events, subscribe or path",
    # REST paths
    "gone": "these paths (separated by commas) answer 404 and -5000",
    "gone-as-page": "these paths (separated by commas) answer 404 with a page of HTML",
    # positions over REST
    "rest-lag": "positions over REST are those of so many seconds ago",
    "zero-rows": "positionRisk v3 also has rows of positions that are closed",
    # values that cannot be read
    "bad-row": "SYMBOL.FIELD=TEXT: that field of that row of positionRisk is TEXT",
    "bad-settings": "a row of symbolConfig that cannot be read comes first",
    "bad-account-config": "a field of accountConfig that the bridge can do without is unreadable",
    "bad-tick": "ticks of all mark prices have an element that cannot be read",
    "bad-premium": "the answer of all premiumIndex rows has one that cannot be read",
    # how JSON is written
    "event-time-text": "`E` of events is a string",
    "numbers": "decimals are JSON numbers where they are usually strings",
    "text-numbers": "integers are strings",
    "shuffled": "fields come in another order each time",
    "whitespace": "spaces and line ends wherever JSON allows them",
    "escapes": "characters beyond ASCII are written as \\u escapes",
    "more-fields": "unknown fields of every kind are added to every object",
    "huge-integers": "an unknown field of every object is an integer of more than 64 bits",
    "byte-order-mark": "events and ticks begin with a byte order mark",
    # frames
    "compressed-frames": "frames are deflated (RSV1), which nobody negotiated",
    "fragments": "messages come in fragments with a ping between them",
    "binary-frames": "JSON comes in binary frames",
    "twice": "every event comes twice",
    "envelope-account": "envelopes name the stream `<listen key>@account`",
    # HTTP
    "gzip": "answers are compressed, asked for or not",
    "chunked": "answers are chunked",
    "connection-close": "each answer closes its connection",
    "silent-close": "the connection is closed after each answer, unannounced",
    "reset-idle": "a connection that is idle for so many seconds is reset",
    "lower-headers": "names of headers are in lower case",
    "upper-headers": "names of headers are in upper case",
    "slow-bytes": "answers and frames arrive in pieces of a few bytes",
    "negative-weight": "X-MBX-USED-WEIGHT-1M is -1",
    "no-weight": "there is no header about weight",
    "no-date": "there is no Date header",
    "empty-keep-alive": "PUT listenKey answers {}",
}


class Habits:
    """Those that are on, with their values."""

    def __init__(self, given=()):
        self._values = {}
        for habit in given:
            name, _, value = habit.partition("=")
            self.turn_on(name, value)

    def turn_on(self, name, value=""):
        if name not in HABITS:
            raise ValueError(f"no habit {name}; there are: {', '.join(HABITS)}")
        self._values[name] = value

    def turn_off(self, name):
        self._values.pop(name, None)

    def __contains__(self, name):
        assert name in HABITS, name
        return name in self._values

    def value(self, name, default=""):
        assert name in HABITS, name
        return self._values.get(name, default)
