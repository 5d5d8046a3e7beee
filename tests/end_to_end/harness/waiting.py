"""Waiting for something to become true, always with a deadline."""

import time

POLL_INTERVAL_S = 0.02


def wait_until(condition, what, seconds=10.0):
    """What `condition()` returns, once that is truthy.

    `what` names what is waited for, as text or as a function that makes one: an account of what
    is missing says more than a name.
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
    """Fails as soon as `condition()` is not truthy any more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            raise AssertionError(f"not for {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(POLL_INTERVAL_S)
