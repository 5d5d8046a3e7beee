"""The harness of the end-to-end tests: the real programs as processes, a subscriber, and rules.

It shares no code with the bridge: Python's msgpack decodes the messages, and all calculations with
money use decimal.
"""
