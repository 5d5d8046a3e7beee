// Keeps the current positions of a position-bridge from its bus.

import { Subscriber as Socket } from 'zeromq';
import { Book } from './book.js';

const POLL_INTERVAL = 50; // snapshot requests may become due while it waits
const BATCH_MAX = 1000;

// A subscriber of one bridge, over any of its endpoints.
//
//     const subscriber = new Subscriber('tcp://127.0.0.1:5556');
//     for await (const changes of subscriber)
//       for (const { key } of changes) console.log(key, subscriber.positions.get(key));
export class Subscriber {
  #socket;
  #book;
  #isClosed = false;

  // `accounts`: names, or null for all. `curve`: { serverKey, publicKey, secretKey }, each in Z85.
  constructor(endpoint, { accounts = null, heartbeatInterval = 1000, curve = null,
    highWaterMark = 100_000 } = {}) {
    this.#socket = new Socket({
      linger: 0,
      receiveHighWaterMark: highWaterMark,
      reconnectInterval: 100,
      reconnectMaxInterval: 5000,
      heartbeatInterval: 1000, // detects a bridge whose machine is down
      heartbeatTimeout: 3000,
      ...(curve && { curveServerKey: curve.serverKey, curvePublicKey: curve.publicKey,
        curveSecretKey: curve.secretKey }),
    });
    this.#book = new Book({ accounts, heartbeatInterval, now: performance.now() });
    this.#subscribe();
    this.#socket.connect(endpoint);
  }

  get positions() { return this.#book.positions; }
  get accounts() { return this.#book.accounts; }
  get counters() { return this.#book.counters; }

  // What changed, waiting up to `timeout` ms for it; `positions` is the new state.
  async poll(timeout = 100) {
    const changes = [];
    const ends = performance.now() + timeout;
    for (let left = timeout; changes.length === 0 && left > 0; left = ends - performance.now()) {
      await this.#receive(changes, Math.min(left, POLL_INTERVAL));
      changes.push(...this.#book.tick(performance.now()));
      this.#subscribe();
    }
    return changes;
  }

  async* [Symbol.asyncIterator]() {
    while (!this.#isClosed) {
      const changes = await this.poll();
      if (changes.length > 0) yield changes;
    }
  }

  close() {
    this.#isClosed = true;
    this.#socket.close();
  }

  // Waits for the first message only.
  async #receive(changes, timeout) {
    this.#socket.receiveTimeout = Math.ceil(timeout);
    try {
      for (let count = 0; count < BATCH_MAX; ++count) {
        const [topic, payload = Buffer.alloc(0)] = await this.#socket.receive();
        changes.push(...this.#book.receive(topic.toString(), payload, performance.now()));
        this.#socket.receiveTimeout = 0;
      }
    } catch (error) {
      if (error.code !== 'EAGAIN' && !this.#isClosed) throw error;
    }
  }

  #subscribe() {
    for (const [change, topic] of this.#book.subscriptions) this.#socket[change](topic);
    this.#book.subscriptions.length = 0;
  }
}
