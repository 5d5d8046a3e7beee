"""What the end-to-end tests stand on: the real programs as processes, a subscriber, and rules.

Nothing here shares code with the bridge: messages are decoded by Python's msgpack, and all that
is a number of money is reckoned with decimal.
"""
