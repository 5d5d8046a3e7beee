// The vectors in JavaScript: decoded with @msgpack/msgpack and validated with ajv.

const test = require("node:test");
const assert = require("node:assert/strict");
const { vectors, typeOfTopic, validators, decodeStrictly } = require("./published.cjs");

const validatorOf = validators();

function those(condition) {
  const found = vectors.filter(condition);
  assert.ok(found.length > 30, `only ${found.length} vectors`);
  return found;
}

test("Valid vectors decode to their value, which fits the schema", () => {
  for (const vector of those((vector) => vector.valid)) {
    const value = decodeStrictly(Buffer.from(vector.msgpack_hex, "hex"));
    assert.deepEqual(value, vector.value, vector.name);
    const validate = validatorOf(typeOfTopic(vector.topic));
    assert.ok(validate(value), `${vector.name}: ${JSON.stringify(validate.errors)}`);
  }
});

test("Refused vectors cannot be decoded or do not fit the schema", () => {
  for (const vector of those((vector) => !vector.valid)) {
    let value;
    try {
      value = decodeStrictly(Buffer.from(vector.msgpack_hex, "hex"));
    } catch {
      continue;
    }
    assert.ok(!validatorOf(typeOfTopic(vector.topic))(value), `${vector.name} passes`);
  }
});
