// Prints the positions of a bridge as they change.
//
// usage: node example.js [--json] ENDPOINT [ACCOUNT,...|all] [HEARTBEAT_INTERVAL_MS]
//
// With an encrypted bus, CURVE_SERVER_KEY, CURVE_PUBLIC_KEY and CURVE_SECRET_KEY are in the
// environment. With --json, the complete state as one line, ten times per second.

import { Subscriber } from './position_subscriber.js';

const JSON_INTERVAL = 100;

function printJson({ positions, accounts, counters }) {
  const states = [...accounts].map(([name, { state, isCurrent }]) =>
    [name, { state, is_current: isCurrent }]);
  console.log(JSON.stringify({
    positions: [...positions.values()], accounts: Object.fromEntries(states), counters }));
}

function printChange({ positions, accounts }, { account: name, key }) {
  if (key === undefined) {
    const account = accounts.get(name);
    if (account) console.log(`${name}: ${account.state}, ${account.isCurrent ? '' : 'in'}complete`);
    return;
  }
  const position = positions.get(key);
  console.log(key, position
    ? `${position.side} ${position.size} at ${position.mark_price} (${position.state})` : 'closed');
}

const isJson = process.argv[2] === '--json';
const [endpoint, accounts = 'all', heartbeat = '1000'] = process.argv.slice(isJson ? 3 : 2);
if (endpoint === undefined) {
  console.error('usage: node example.js [--json] ENDPOINT [ACCOUNT,...|all] [HEARTBEAT_INTERVAL_MS]');
  process.exit(64);
}
const { CURVE_SERVER_KEY: serverKey, CURVE_PUBLIC_KEY: publicKey, CURVE_SECRET_KEY: secretKey } =
  process.env;
const subscriber = new Subscriber(endpoint, {
  accounts: accounts === 'all' ? null : accounts.split(','),
  heartbeatInterval: Number(heartbeat),
  curve: serverKey && publicKey && secretKey ? { serverKey, publicKey, secretKey } : null,
});
for (let nextLine = performance.now(); ;) {
  const changes = await subscriber.poll(JSON_INTERVAL);
  if (!isJson) {
    for (const change of changes) printChange(subscriber, change);
  } else if (performance.now() >= nextLine) {
    printJson(subscriber);
    nextLine = performance.now() + JSON_INTERVAL;
  }
}
