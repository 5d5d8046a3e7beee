"""The JSON Schemas of the bus, and stricter versions of them."""

import copy
import json

import jsonschema

from vectors import ROOT

FOLDER = ROOT / "schemas/v1"
TYPES = ["position.update", "account.status", "bridge.heartbeat", "position.snapshot",
         "bridge.shutdown"]


def read(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def files():
    return {file.name: read(file.name) for file in sorted(FOLDER.glob("*.schema.json"))}


def stricter(schema):
    """The schema of what this version of the bridge sends: all described keys and no others, and
    only the listed words of open sets. Readers must be more lenient."""
    if isinstance(schema, list):
        return [stricter(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: stricter(member) for key, member in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        result["additionalProperties"] = False
        result["required"] = list(schema["properties"])
    if is_open_set(schema):
        result["anyOf"] = result["anyOf"][:1]
    return result


def is_open_set(schema):
    alternatives = schema.get("anyOf", [])
    return (len(alternatives) == 2 and list(alternatives[0]) == ["enum"]
            and alternatives[1] == {"minLength": 1})


def keys_of(message_type):
    """The keys in the order of the message."""
    return list(read(message_type + ".schema.json")["properties"])


class Validators:
    """A validator for each message type."""

    def __init__(self, schemas):
        store = {"https://schemas.test/" + name: schema for name, schema in schemas.items()}
        self._validators = {}
        for message_type in TYPES:
            schema = schemas[message_type + ".schema.json"]
            jsonschema.Draft202012Validator.check_schema(schema)
            resolver = jsonschema.RefResolver(
                f"https://schemas.test/{message_type}.schema.json", schema, store)
            self._validators[message_type] = jsonschema.Draft202012Validator(schema,
                                                                             resolver=resolver)

    @classmethod
    def for_readers(cls):
        return cls(files())

    @classmethod
    def for_the_bridge(cls):
        return cls({name: stricter(copy.deepcopy(schema)) for name, schema in files().items()})

    def complaints(self, message_type, value):
        if message_type not in self._validators:
            return [f"no schema for {message_type}"]
        return [f"{'.'.join(map(str, error.absolute_path)) or 'the message'}: {error.message}"
                for error in self._validators[message_type].iter_errors(value)]


def type_of_topic(topic):
    if topic.startswith("snapshot."):
        return "position.snapshot"
    return ".".join(topic.split(".")[:2])
