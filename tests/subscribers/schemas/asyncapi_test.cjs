// Parses schemas/asyncapi.yaml with AsyncAPI's own parser.

const test = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { Parser, fromFile } = require("@asyncapi/parser");
const { schemasFolder, vectors, typeOfTopic } = require("./published.cjs");

const file = path.join(schemasFolder, "asyncapi.yaml");
// Version 3.0 is intended: more tools support it.
const tolerated = ["asyncapi-latest-version"];

function complaints(diagnostics) {
  return diagnostics
    .filter((diagnostic) => !tolerated.includes(diagnostic.code))
    .map((diagnostic) => `${diagnostic.path.join(".")}: ${diagnostic.message}`);
}

async function read() {
  const { document, diagnostics } = await fromFile(new Parser(), file).parse();
  assert.deepEqual(complaints(diagnostics), []);
  return document;
}

test("The document is valid without a warning", read);

test("A document that is wrong is refused", async () => {
  const text = fs.readFileSync(file, "utf8");
  const source = file; // the base of its references
  assert.deepEqual(complaints((await new Parser().parse(text, { source })).diagnostics), []);
  for (const [right, wrong] of [
    ["x-zmq:", "zmq:"],
    ["action: send", "action: shout"],
    ["#/channels/heartbeat", "#/channels/heartbeats"],
  ]) {
    assert.ok(text.includes(right));
    const { diagnostics } = await new Parser().parse(text.replaceAll(right, wrong), { source });
    assert.notDeepEqual(complaints(diagnostics), [], wrong);
  }
});

test("Payloads are the published schemas", async () => {
  const document = await read();
  for (const message of document.components().messages()) {
    const name = `v1/${message.name()}.schema.json`;
    const schema = JSON.parse(fs.readFileSync(path.join(schemasFolder, name), "utf8"));
    assert.deepEqual(message.payload().json().required, schema.required, name);
  }
});

test("Every valid vector's topic is an address of the message's channel", async () => {
  const document = await read();
  const addresses = new Map();
  for (const channel of document.channels()) {
    const pattern = channel.address().replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^.]+");
    addresses.set(channel.messages()[0].name(), new RegExp(`^${pattern}$`, "u"));
  }
  assert.equal(addresses.size, 5);
  for (const vector of vectors.filter((vector) => vector.valid))
    assert.match(vector.topic, addresses.get(typeOfTopic(vector.topic)), vector.name);
});
