"""A second exchange: what `position-bridge` asks of Binance, written from the facts alone.

It shares nothing with the simulated exchange of tests/exchange, so that a wrong belief of whoever
wrote that one shows here. Its habits (habits.py) make one such belief false at a time.
"""
