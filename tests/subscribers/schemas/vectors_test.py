"""The published schemas and vectors agree with each other, and published vectors never change."""

import re
import shutil
import subprocess
import sys
import unittest

import msgpack

import schema_files
import vectors

sys.path.insert(0, str(vectors.ROOT / "tests/end_to_end"))
from harness import message_rules  # noqa: E402

PAGE = vectors.ROOT / "schemas/README.md"

WHY_FROZEN = (
    "published vectors never change, because existing subscribers read these bytes. If the bridge "
    "now sends something else, add a vector (tests/subscribers/schemas/seal_vectors); if it no "
    "longer sends this, it needs a new version of the message (schemas/README.md, Compatibility)")

all_vectors = {file.stem: vectors.load(file) for file in vectors.files()}


def is_current(vector):
    """Whether this version of the bridge still sends it: not if a key was added since."""
    messages = [vector["value"]] if vector["exact"] else []
    messages += [position for message in messages for position in message.get("positions") or []]
    return bool(messages) and all(
        set(message) == set(schema_files.keys_of(message["type"])) for message in messages)


def decode(vector):
    return msgpack.unpackb(bytes.fromhex(vector["msgpack_hex"]))


class Published(unittest.TestCase):
    def test_no_published_vector_was_changed_or_removed(self):
        for name, checksum in vectors.listed_sums().items():
            file = vectors.FOLDER / name
            self.assertTrue(file.exists(), f"{name} is missing: {WHY_FROZEN}")
            self.assertEqual(checksum, vectors.sum_of(file), f"{name} has changed: {WHY_FROZEN}")

    def test_every_vector_is_listed(self):
        unlisted = {file.name for file in vectors.files()} - vectors.listed_sums().keys()
        self.assertEqual(set(), unlisted, "run tests/subscribers/schemas/seal_vectors")

    def test_no_committed_checksum_was_removed(self):
        if not shutil.which("git") or not (vectors.ROOT / ".git").exists():
            self.skipTest("no git history")
        history = subprocess.run(
            ["git", "log", "--format=", "--unified=0", "-p", "--", str(vectors.SUMS)],
            cwd=vectors.ROOT, check=True, capture_output=True, text=True).stdout
        ever = set(re.findall(r"^\+([0-9a-f]{64}  \S+)$", history, re.MULTILINE))
        now = {f"{checksum}  {name}" for name, checksum in vectors.listed_sums().items()}
        self.assertEqual(set(), ever - now, WHY_FROZEN)


class Vectors(unittest.TestCase):
    def setUp(self):
        self.readers = schema_files.Validators.for_readers()
        self.bridge = schema_files.Validators.for_the_bridge()

    def test_have_the_same_keys_and_match_their_file_names(self):
        for name, vector in all_vectors.items():
            self.assertEqual(vectors.KEYS, list(vector), name)
            self.assertEqual(name, vector["name"])
            self.assertTrue(vector["why"].endswith("."), name)
            self.assertTrue(vector["valid"] or not vector["exact"], name)

    def test_valid_bytes_decode_to_their_value_and_match_the_schema(self):
        for name, vector in self.those(lambda vector: vector["valid"]):
            self.assertEqual(vector["value"], decode(vector), name)
            self.assertEqual([], self.complaints(self.readers, vector, decode(vector)), name)

    def test_invalid_bytes_cannot_be_decoded_or_do_not_match_the_schema(self):
        for name, vector in self.those(lambda vector: not vector["valid"]):
            try:
                value = decode(vector)
            except Exception:  # a decoder may raise any exception
                continue
            if vector["value"] is not None:
                self.assertEqual(vector["value"], value, name)
            self.assertNotEqual([], self.complaints(self.readers, vector, value), name)

    def test_current_messages_match_the_strict_schema_in_key_order_and_shortest_form(self):
        for name, vector in self.those(is_current):
            self.assertEqual([], self.complaints(self.bridge, vector, vector["value"]), name)
            self.assertEqual(schema_files.keys_of(vector["value"]["type"]),
                             list(vector["value"]), name)
            self.assertEqual(msgpack.packb(vector["value"]).hex(), vector["msgpack_hex"], name)

    def test_future_messages_do_not_match_the_strict_schema(self):
        future = self.those(lambda vector: vector["name"].startswith("future-"))
        self.assertGreater(len(future), 5)
        for name, vector in future:
            self.assertNotEqual([], self.complaints(self.bridge, vector, vector["value"]), name)

    def test_topics_match_their_values(self):
        for name, vector in self.those(lambda vector: vector["valid"]):
            self.assertEqual(vector["value"]["type"], schema_files.type_of_topic(vector["topic"]),
                             name)

    def test_include_every_word_and_every_key_both_known_and_nil(self):
        for message_type in schema_files.TYPES:
            schema = schema_files.read(message_type + ".schema.json")
            shown = [vector["value"] for _, vector in self.those(
                lambda vector: is_current(vector) and vector["value"]["type"] == message_type)]
            for key, described in schema["properties"].items():
                values = [value[key] for value in shown]
                for word in self.words(described):
                    self.assertIn(word, values, f"{message_type} {key}")
                if self.may_be_nil(described):
                    self.assertIn(None, values, f"{message_type} {key}")
                    self.assertTrue(any(value is not None for value in values), key)

    def those(self, test):
        found = [(name, vector) for name, vector in all_vectors.items() if test(vector)]
        self.assertTrue(found, "no such vector: one with all current keys is needed")
        return found

    @staticmethod
    def complaints(validators, vector, value):
        return validators.complaints(schema_files.type_of_topic(vector["topic"]), value)

    @staticmethod
    def words(described):
        if "$ref" in described:
            file, name = described["$ref"].split("#/$defs/")
            described = schema_files.read(file)["$defs"][name] if file else described
        if schema_files.is_open_set(described):
            return described["anyOf"][0]["enum"]
        return described.get("enum", [])

    @staticmethod
    def may_be_nil(described):
        return ({"type": "null"} in described.get("anyOf", [])
                or "null" in described.get("type", []))


class Schemas(unittest.TestCase):
    def test_describe_every_key_in_the_order_of_the_message(self):
        for message_type in schema_files.TYPES:
            schema = schema_files.read(message_type + ".schema.json")
            # A key that was added later is described but not required.
            self.assertEqual(schema["required"], [key for key in schema["properties"]
                                                  if key in schema["required"]], message_type)
            for key, described in schema["properties"].items():
                if "$ref" in described and "description" not in described:
                    file, name = described["$ref"].split("#/$defs/")
                    described = schema_files.read(file)["$defs"][name]
                self.assertGreater(len(described["description"]), 10, f"{message_type} {key}")

    def test_allow_additional_keys(self):
        for name in schema_files.files():
            text = (schema_files.FOLDER / name).read_text(encoding="utf-8")
            self.assertNotIn('"additionalProperties": false', text, name)
            self.assertNotIn("unevaluatedProperties", text, name)

    def test_the_page_documents_every_key_and_every_word(self):
        page = PAGE.read_text(encoding="utf-8")
        for message_type in schema_files.TYPES:
            schema = schema_files.read(message_type + ".schema.json")
            self.assertIn(f"### {message_type}", page)
            section = page.split(f"### {message_type}", 1)[1].split("\n## ")[0].split("\n### ")[0]
            for key, described in schema["properties"].items():
                self.assertIn(f"`{key}`", section, f"{message_type} of {PAGE.name}")
                for word in Vectors.words(described):
                    if word is not None:
                        self.assertIn(f"`{word}`", page, f"{message_type} {key}")

    def test_the_end_to_end_message_rules_have_the_same_keys(self):
        keys = {"position.update": message_rules.POSITION_KEYS,
                "account.status": message_rules.STATUS_KEYS,
                "position.snapshot": message_rules.SNAPSHOT_KEYS,
                "bridge.heartbeat": message_rules.HEARTBEAT_KEYS,
                "bridge.shutdown": message_rules.SHUTDOWN_KEYS}
        for message_type, expected in keys.items():
            self.assertEqual(expected, schema_files.keys_of(message_type), message_type)


if __name__ == "__main__":
    unittest.main()
