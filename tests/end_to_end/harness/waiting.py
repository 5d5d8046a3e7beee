"""Waiting for conditions, always with a deadline."""

import time

POLL_INTERVAL_S = 0.02


def wait_until(condition, what, seconds=10.0):
    """Waits until `condition()` is truthy and returns its value.

    `what` describes the condition for the error message: a text, or a function that returns one
    with more details.
    """
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= deadline:
            missing = what() if callable(what) else what
            raise AssertionError(f"not within {seconds:g} s: {missing}")
        time.sleep(POLL_INTERVAL_S)


def stays_true(condition, what, seconds):
    """Fails as soon as `condition()` is no longer truthy."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            raise AssertionError(f"not for {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(POLL_INTERVAL_S)
