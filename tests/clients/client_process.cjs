// Common code of the three clients: each command is one line of JSON and each answer is one line.
// Stream events are written as they arrive.
'use strict';

const fs = require('node:fs');
const readline = require('node:readline');

// The clients write their logs to the standard output.
const answers = Number(process.env.ANSWERS);

function write(message) {
  fs.writeSync(answers, JSON.stringify(message) + '\n');
}

function emit(event, value) {
  write({ event, value });
}

// `client` has a function for each command.
function serve(client) {
  readline.createInterface({ input: process.stdin }).on('line', async (line) => {
    const { id, command, argument } = JSON.parse(line);
    try {
      write({ id, result: (await client[command](argument)) ?? null });
    } catch (error) {
      write({ id, error: `${error.name}: ${error.message}` });
    }
  }).on('close', () => process.exit(0));
}

// A row of positionRisk or of an ACCOUNT_UPDATE in the format of the exchange's control port.
function position(symbol, positionSide, amount, entryPrice, more = {}) {
  return { symbol, position_side: positionSide, amount, entry_price: entryPrice, ...more };
}

module.exports = {
  apiKey: process.env.API_KEY,
  apiSecret: process.env.API_SECRET,
  rest: process.env.REST,
  streams: process.env.STREAMS,
  emit,
  position,
  serve,
};
