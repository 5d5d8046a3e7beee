// The files of schemas/ for the tests in Node.

const fs = require("node:fs");
const path = require("node:path");
const Ajv2020 = require("ajv/dist/2020").default;
const { decode } = require("@msgpack/msgpack");

const schemasFolder = path.resolve(__dirname, "../../../schemas");

function jsonFiles(folder) {
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => [name, JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"))]);
}

const vectors = jsonFiles(path.join(schemasFolder, "vectors/v1")).map(([, vector]) => vector);

function typeOfTopic(topic) {
  return topic.startsWith("snapshot.")
    ? "position.snapshot"
    : topic.split(".").slice(0, 2).join(".");
}

// Message type -> function that validates a value. Unknown keywords are errors for ajv; conditions
// without a repeated type are allowed.
function validators() {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
  for (const [name, schema] of jsonFiles(path.join(schemasFolder, "v1"))) ajv.addSchema(schema, name);
  return (type) => ajv.getSchema(type + ".schema.json");
}

// The decoder does not check UTF-8, so the bytes of strings are compared with the re-encoded value.
function decodeStrictly(bytes) {
  const value = decode(bytes);
  requireSameTexts(value, decode(bytes, { rawStrings: true }));
  return value;
}

function requireSameTexts(value, raw) {
  if (typeof value === "string") {
    if (!Buffer.from(value, "utf8").equals(raw)) throw new Error("a text that is no UTF-8");
  } else if (value !== null && typeof value === "object" && !(value instanceof Uint8Array)) {
    for (const key of Object.keys(value)) requireSameTexts(value[key], raw[key]);
  }
}

module.exports = { schemasFolder, vectors, typeOfTopic, validators, decodeStrictly };
