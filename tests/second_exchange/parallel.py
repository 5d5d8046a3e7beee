"""Runs the tests of a file several at a time: most of what they do is to wait."""

import concurrent.futures
import io
import sys
import time
import unittest

AT_A_TIME = 4


def _each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _each(test)
        else:
            yield test


def _run(test):
    text = io.StringIO()
    begin = time.monotonic()
    result = unittest.TextTestRunner(stream=text, verbosity=2).run(test)
    return test, result, text.getvalue(), time.monotonic() - begin


def _word_for(result):
    if not result.wasSuccessful():
        return "FAILED"
    return "failed, as expected" if result.expectedFailures else "ok"


def main():
    """Runs the tests of the main module, or those whose names contain one of the arguments."""
    tests = [test for test in _each(unittest.defaultTestLoader.loadTestsFromName("__main__"))
             if not sys.argv[1:] or any(part in test.id() for part in sys.argv[1:])]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        for done in concurrent.futures.as_completed([pool.submit(_run, test) for test in tests]):
            test, result, text, seconds = done.result()
            print(f"{test.id()} ... {_word_for(result)} ({seconds:.1f} s)", flush=True)
            if not result.wasSuccessful():
                failed += 1
                print(text, flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(0 if tests and not failed else 1)
