"""Every rule is seen to refuse something bad, and then finds nothing in the repository."""

import unittest

import rules


class EachRuleRefuses(unittest.TestCase):
    def assert_refused(self, rule, path, text):
        self.assertTrue(list(rule(path, text)), f"{rule.__name__} lets it pass: {text!r}")

    def test_an_include_that_points_up(self):
        self.assert_refused(rules.layering, "bridge/core/a.hpp", '#include "bridge/wire/b.hpp"')
        self.assert_refused(rules.layering, "bridge/wire/a.cpp", '#include "bridge/io/b.hpp"')
        self.assert_refused(rules.layering, "bridge/io/a.cpp", '#include "bridge/app/b.hpp"')

    def test_a_program_that_includes_its_tests(self):
        self.assert_refused(rules.layering, "bridge/app/a.cpp", '#include "tests/unit/b.hpp"')

    def test_an_include_relative_to_the_file(self):
        self.assert_refused(rules.layering, "bridge/core/a.cpp", '#include "a.hpp"')

    def test_an_exchange_that_borrows_from_the_bridge(self):
        self.assert_refused(rules.exchange_independence, "tests/exchange/model/a.cpp",
                            '#include "bridge/core/values/decimal.hpp"')

    def test_a_core_that_reads_a_clock(self):
        self.assert_refused(rules.pure_core, "bridge/core/a.cpp",
                            "auto now = std::chrono::steady_clock::now();")

    def test_a_core_with_threads_sockets_or_doubles(self):
        for line in ["#include <thread>", "#include <boost/asio.hpp>", "double price = 1;"]:
            self.assert_refused(rules.pure_core, "bridge/core/a.cpp", line)

    def test_a_long_line(self):
        self.assert_refused(rules.line_length, "bridge/core/a.cpp", "x" * 101)

    def test_a_leftover(self):
        self.assert_refused(rules.no_leftovers, "bridge/core/a.cpp", "// TO" + "DO: later")

    def test_a_header_without_pragma_once(self):
        self.assert_refused(rules.once_included, "bridge/core/a.hpp", "int a;")

    def test_a_unit_test_that_sleeps(self):
        self.assert_refused(rules.no_test_sleeps, "tests/unit/a_test.cpp",
                            "std::this_thread::sleep_for(1s);")

    def test_tls_without_verification(self):
        self.assert_refused(rules.tls_is_always_verified, "bridge/io/a.cpp",
                            "context.set_verify_mode(ssl::verify_none);")

    def test_a_stranger_at_the_top_level(self):
        self.assertTrue(list(rules.top_level(["src/a.cpp"])))


class TheRepository(unittest.TestCase):
    def test_obeys_every_rule(self):
        complaints = []
        paths = rules.tracked_files()
        self.assertGreater(len(paths), 50, "the repository was not found")
        for path in paths:
            try:
                text = (rules.ROOT / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            for rule in rules.FILE_RULES:
                complaints += [f"{path}: {complaint}" for complaint in rule(path, text)]
        complaints += rules.top_level(paths)
        self.assertEqual(complaints, [], "\n" + "\n".join(complaints))


if __name__ == "__main__":
    unittest.main()
