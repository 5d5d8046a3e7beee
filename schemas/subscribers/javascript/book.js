// All decisions: takes messages and the time, returns changes and subscriptions. It has no
// socket and no clock; times are in milliseconds.

import { randomBytes } from 'node:crypto';
import { decode } from '@msgpack/msgpack';

const MISSED_HEARTBEATS = 3;
const FIRST_ASK_WITHIN = 100; // many subscribers detect a loss together: spread their requests
const ASK_AGAIN_AFTER = 1000; // doubled each time
const ASK_AGAIN_AFTER_MAX = 30_000;

export const keyOf = ({ account, symbol, position_side }) => `${account}.${symbol}.${position_side}`;

// The state of an account; `isCurrent`: no message of it is missing.
class Account {
  state = 'unknown'; // or the state from the bridge: live, stale, ...
  sequence = null;
  isCurrent = false;
  isKnown = false; // otherwise it may hold positions that the bridge does not know
}

// A required snapshot: requested by `topic` if that is set; the next request is at `due`.
class Ask {
  topic = null;
  count = 0;
  isAnswered = false;
  account = null; // the account of these parts
  parts = [];

  constructor(due) {
    this.due = due;
  }
}

// `positions` maps "account.symbol.position_side" to the last message of each open position.
//
// The `state` of a position is "live" only while it can be trusted: heartbeats arrive, no
// message was missed, and the bridge reports it as live. `subscriptions` collects ["subscribe" or
// "unsubscribe", topic] for the owner of the socket, which empties the list.
export class Book {
  positions = new Map();
  accounts = new Map();
  counters = { gaps: 0, snapshots: 0, epochs: 0, stale: 0, rejected: 0 };
  epoch = null; // the instance and the start of its run
  isSilent = true;
  #followed;
  #scopes;
  #silence;
  #silentAt;
  #uniform;
  #asks = new Map();
  #changes = new Map();

  constructor({ accounts = null, heartbeatInterval = 1000, now = 0, uniform = Math.random } = {}) {
    this.#followed = accounts && new Set(accounts);
    this.#scopes = accounts ? [...this.#followed] : ['all'];
    this.#silence = MISSED_HEARTBEATS * heartbeatInterval;
    this.#silentAt = now + this.#silence;
    this.#uniform = uniform;
    this.subscriptions = this.#topics().map((topic) => ['subscribe', topic]);
    for (const scope of this.#scopes) this.#asks.set(scope, new Ask(now));
  }

  #topics() {
    const accounts = this.#followed ? [...this.#followed].map((account) => `${account}.`) : [''];
    return ['bridge.heartbeat', 'bridge.shutdown',
      ...accounts.flatMap((end) => [`position.update.${end}`,
        `account.status.${end.replace(/\.$/, '')}`])];
  }

  // --- input -----------------------------------------------------------------------------------

  // Takes a message; returns what changed: { account } or { account, symbol, position_side, key }.
  receive(topic, payload, now) {
    let message;
    try {
      message = decodeMessage(topic, payload);
    } catch (error) {
      if (!(error instanceof Garbage)) throw error;
      this.counters.rejected += 1;
      return [];
    }
    if (message.type !== 'position.snapshot') {
      this.#endAnswers();
    } else if (![...this.#asks.values()].some((ask) => ask.topic === topic)) {
      return []; // the rest of a withdrawn request's answer
    }
    this.#enterEpoch(`${message.instance} ${message.epoch}`, now);
    switch (message.type) {
      case 'position.update': this.#onUpdate(message, now); break;
      case 'account.status': this.#onStatus(message, now); break;
      case 'bridge.heartbeat': this.#onHeartbeat(message, now); break;
      case 'position.snapshot': this.#onSnapshot(topic, message); break;
      case 'bridge.shutdown': this.#distrustEverything(now); break;
    }
    return this.#takeChanges();
  }

  // Advances the time; call it often, after receiving what has arrived.
  tick(now) {
    if (now >= this.#silentAt) {
      this.#silentAt = now + this.#silence;
      this.#distrustEverything(now);
    }
    for (const [scope, ask] of this.#asks) if (now >= ask.due) this.#ask(scope, ask, now);
    return this.#takeChanges();
  }

  // --- messages --------------------------------------------------------------------------------

  #onUpdate(message, now) {
    if (this.#followSequence(message, now)) this.#put(message, this.accounts.get(message.account));
  }

  #onStatus(message, now) {
    if (!this.#followSequence(message, now)) return;
    const name = message.account;
    const account = this.accounts.get(name);
    account.state = message.state;
    this.#accountChanged(name);
    if (account.state !== 'live') {
      this.#markStale(name);
    } else if (!account.isKnown) {
      this.#distrust(name);
      this.#want(name, now);
    }
  }

  #onHeartbeat(message, now) {
    this.#silentAt = now + this.#silence;
    this.isSilent = false;
    const heard = Object.entries(message.accounts).filter(([name]) => this.#isFollowed(name));
    for (const [name, sequence] of heard) {
      const account = this.#accountOf(name);
      if (account.sequence !== null && sequence > account.sequence) this.#lose(name, now);
      account.sequence = Math.max(sequence, account.sequence ?? 0);
      if (!account.isCurrent) this.#want(name, now);
    }
    const names = new Set(heard.map(([name]) => name));
    for (const [name, account] of this.accounts) {
      if (!names.has(name) && account.state !== 'stopped') {
        this.#distrust(name);
        this.#want(name, now);
      }
    }
  }

  #onSnapshot(topic, message) {
    const [scope, ask] = [...this.#asks].find(([, each]) => each.topic === topic) ?? [];
    const name = message.account;
    // A new epoch may just have ended the requests of the last one.
    if (ask === undefined || !this.#isFollowed(name)) return;
    if (message.part === 1) {
      ask.account = name;
      ask.parts = [];
    }
    if (name !== ask.account || message.part !== ask.parts.length + 1) {
      ask.account = null; // a part was lost: request it again
      return;
    }
    ask.parts.push(message.positions);
    if (message.part < message.parts) return;
    this.#replace(name, message, ask.parts);
    ask.account = null;
    ask.isAnswered = true;
    if (scope !== 'all') this.#end(scope);
  }

  // Replaces the account by the snapshot.
  #replace(name, message, parts) {
    for (const [key, position] of this.positions) {
      if (position.account !== name) continue;
      this.positions.delete(key);
      this.#positionChanged(position);
    }
    const account = this.#accountOf(name);
    account.state = message.state;
    account.sequence = message.account_seq;
    account.isKnown = message.positions !== null;
    account.isCurrent = true;
    this.isSilent = false;
    for (const part of parts) for (const position of part ?? []) this.#put(position, account);
    this.counters.snapshots += 1;
    this.#accountChanged(name);
  }

  #put(position, account) {
    if (position.side === 'FLAT') {
      this.positions.delete(keyOf(position));
    } else {
      this.positions.set(keyOf(position),
        account.isCurrent ? position : { ...position, state: 'stale' });
    }
    this.#positionChanged(position);
  }

  // --- losses -------------------------------------------------------------------------

  #isFollowed(name) {
    return !this.#followed || this.#followed.has(name);
  }

  #accountOf(name) {
    if (!this.accounts.has(name)) this.accounts.set(name, new Account());
    return this.accounts.get(name);
  }

  #enterEpoch(epoch, now) {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.counters.epochs += 1;
    for (const position of this.positions.values()) this.#positionChanged(position);
    for (const name of this.accounts.keys()) this.#accountChanged(name);
    this.positions.clear();
    this.accounts.clear();
    this.#silentAt = now + this.#silence;
    for (const scope of this.#asks.keys()) if (!this.#scopes.includes(scope)) this.#end(scope);
    for (const scope of this.#scopes) {
      const ask = this.#asks.get(scope);
      if (ask?.topic) { // the new bridge received it when we connected
        ask.count = 1;
        ask.due = now + this.#pause(ask);
      } else {
        this.#want(scope, now);
      }
    }
  }

  // Whether the message is new.
  #followSequence({ account: name, account_seq: sequence }, now) {
    if (!this.#isFollowed(name)) return false;
    const account = this.#accountOf(name);
    if (account.sequence !== null) {
      if (sequence <= account.sequence) return false;
      if (sequence > account.sequence + 1) this.#lose(name, now);
    }
    account.sequence = sequence;
    return true;
  }

  #lose(name, now) {
    this.counters.gaps += 1;
    this.#distrust(name);
    this.#want(name, now);
  }

  #distrust(name) {
    this.accounts.get(name).isCurrent = false;
    this.#accountChanged(name);
    this.#markStale(name);
  }

  #distrustEverything(now) {
    if (!this.isSilent) this.counters.stale += 1;
    this.isSilent = true;
    for (const name of this.accounts.keys()) this.#distrust(name);
    for (const scope of this.#scopes) this.#want(scope, now);
  }

  #markStale(name) {
    for (const [key, position] of this.positions) {
      if (position.account !== name || position.state === 'stale') continue;
      this.positions.set(key, { ...position, state: 'stale' });
      this.#positionChanged(position);
    }
  }

  // --- requests ----------------------------------------------------------------------------------

  #want(scope, now) {
    if (this.#asks.has(scope) || this.#asks.has('all')) return;
    this.#asks.set(scope, new Ask(now + FIRST_ASK_WITHIN * this.#uniform()));
  }

  #ask(scope, ask, now) {
    if (ask.topic) this.subscriptions.push(['unsubscribe', ask.topic]);
    ask.topic = `snapshot.${randomBytes(16).toString('hex')}.${scope}`;
    ask.account = null;
    ask.isAnswered = false;
    ask.count += 1;
    ask.due = now + this.#pause(ask);
    this.subscriptions.push(['subscribe', ask.topic]);
  }

  #pause(ask) {
    const longest = Math.min(ASK_AGAIN_AFTER * 2 ** (ask.count - 1), ASK_AGAIN_AFTER_MAX);
    return longest * (0.5 + 0.5 * this.#uniform());
  }

  // The messages of an answer are consecutive: any other message ends it.
  #endAnswers() {
    for (const [scope, ask] of this.#asks) if (ask.isAnswered) this.#end(scope);
  }

  #end(scope) {
    const { topic } = this.#asks.get(scope);
    this.#asks.delete(scope);
    if (topic) this.subscriptions.push(['unsubscribe', topic]);
  }

  // --- changes ---------------------------------------------------------------------------------

  #positionChanged({ account, symbol, position_side }) {
    const key = keyOf({ account, symbol, position_side });
    this.#changes.set(key, { account, symbol, position_side, key });
  }

  #accountChanged(account) {
    this.#changes.set(account, { account });
  }

  #takeChanges() {
    const changes = [...this.#changes.values()];
    this.#changes.clear();
    return changes;
  }
}

// --- messages from bytes: all keys that a Book reads are present; unknown keys stay ------------

class Garbage extends Error {}

const KEYS = {
  'position.update': ['account', 'symbol', 'position_side', 'side', 'size', 'state', 'account_seq'],
  'account.status': ['account', 'state', 'account_seq'],
  'position.snapshot': ['scope', 'account', 'state', 'account_seq', 'part', 'parts', 'positions'],
  'bridge.heartbeat': ['accounts'],
  'bridge.shutdown': [],
};
const NUMBERS = new Set(['epoch', 'account_seq', 'part', 'parts']);

const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const isNumber = (value) => Number.isSafeInteger(value) && value >= 0;

function decodeMessage(topic, payload) {
  let message;
  try {
    message = decode(payload);
  } catch (error) {
    throw new Garbage(error.message);
  }
  require(isMap(message) && message.v === 1);
  const { type } = message;
  require(typeof type === 'string' && Object.hasOwn(KEYS, type));
  require(topic.startsWith(type === 'position.snapshot' ? 'snapshot.' : type));
  check(message, ['instance', 'epoch', ...KEYS[type]]);
  return message;
}

function check(message, keys) {
  for (const key of keys) {
    const value = message[key];
    if (key === 'positions') {
      require(value === null || Array.isArray(value));
      for (const position of value ?? []) {
        require(isMap(position));
        check(position, KEYS['position.update']);
        require(position.account === message.account);
      }
    } else if (key === 'accounts') {
      require(isMap(value) && Object.values(value).every(isNumber));
    } else {
      require(NUMBERS.has(key) ? isNumber(value) : typeof value === 'string');
    }
  }
}

function require(condition) {
  if (!condition) throw new Garbage('not a message of the bus');
}
