"""The request weight of an address: one budget for each minute of the clock."""

import time

LIMIT = 2400


class Weight:
    def __init__(self):
        self._minute = None
        self.used = 0
        self.largest = 0  # that any minute has seen

    def spend(self, weight):
        """False when it is over the limit."""
        minute = int(time.time()) // 60
        if minute != self._minute:
            self._minute, self.used = minute, 0
        self.used += weight
        self.largest = max(self.largest, self.used)
        return self.used <= LIMIT

    @staticmethod
    def seconds_left():
        return 60 - int(time.time()) % 60
