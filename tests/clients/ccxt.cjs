// ccxt with its unified functions.
'use strict';

const ccxt = require('ccxt');
const { apiKey, apiSecret, rest, streams, emit, position, serve } = require('./client_process.cjs');

const exchange = new ccxt.pro.binanceusdm({
  apiKey,
  secret: apiSecret,
  // Return complete arrays: by default ccxt returns only the last of several events in one read.
  newUpdates: false,
});
for (const [name, address] of Object.entries(exchange.urls.api)) {
  if (typeof address === 'string') {
    exchange.urls.api[name] = address.replace('https://fapi.binance.com', rest);
  }
}
exchange.urls.api.ws.future = `${streams}/ws`;
// Currencies come from the host of the spot market, which is not simulated.
exchange.options.fetchCurrencies = false;

const number = (value) => (value === undefined ? undefined : String(value));
const idOf = (symbol) => exchange.market(symbol).id;
const symbolOf = async (id) => {
  await exchange.loadMarkets();
  return exchange.safeSymbol(id, undefined, undefined, 'swap');
};

function signed(row) {
  return (row.side === 'short' ? '-' : '') + number(row.contracts);
}

// `hedged` says whether it is a leg.
function unified(row) {
  const side = row.hedged ? row.side.toUpperCase() : 'BOTH';
  return position(idOf(row.symbol), side, signed(row), number(row.entryPrice),
    { leverage: row.leverage, break_even_price: number(row.info.breakEvenPrice) });
}

const open = (rows) => rows.filter((row) => row.contracts).map(unified);

// ccxt streams are polled for the next event in a loop.
async function forEver(next) {
  for (;;) {
    try {
      await next();
    } catch (error) {
      console.error(error);
      await new Promise((resolve) => { setTimeout(resolve, 200); });
    }
  }
}

const balances = async (version) => {
  const balance = await exchange.fetchBalance(version);
  return Object.fromEntries(balance.info.assets.map(
    (row) => [row.asset, number(row.walletBalance)]));
};

serve({
  time: () => exchange.fetchTime(),
  symbols: async () => Object.values(await exchange.loadMarkets()).map((market) => market.id),
  positions_v2: async () => open(await exchange.fetchPositionsRisk(undefined, { useV2: true })),
  positions_v3: async () => open(await exchange.fetchPositionsRisk()),
  balances: () => balances({ type: 'future' }),
  account: () => balances({ type: 'future', useV2: true }),
  settings: async (id) => {
    const symbol = await symbolOf(id);
    return {
      leverage: (await exchange.fetchLeverages([symbol]))[symbol].longLeverage,
      margin_type: (await exchange.fetchMarginMode(symbol)).marginMode,
    };
  },
  hedge: async () => (await exchange.fetchPositionMode()).hedged,
  account_config_hedge: async () => (await exchange.fapiPrivateGetAccountConfig()).dualSidePosition,
  make_listen_key: async () => (await exchange.fapiPrivatePostListenKey()).listenKey,
  keep_listen_key: async () => (await exchange.fapiPrivatePutListenKey()).listenKey,
  close_listen_key: async () => { await exchange.fapiPrivateDeleteListenKey(); },
  mark: async (id) => number((await exchange.fetchMarkPrice(await symbolOf(id))).markPrice),
  marks: async () => Object.fromEntries(Object.values(await exchange.fetchMarkPrices())
    .map((ticker) => [idOf(ticker.symbol), number(ticker.markPrice)])),
  watch_account: async () => {
    await exchange.loadMarkets();
    forEver(async () => emit('positions', (await exchange.watchPositions()).map((row) =>
      position(idOf(row.symbol), row.info.ps ?? row.info.positionSide, signed(row),
        number(row.entryPrice)))));
  },
  watch_mark: async (id) => {
    const symbol = await symbolOf(id);
    forEver(async () => emit('mark', {
      symbol: id, price: number((await exchange.watchMarkPrice(symbol)).markPrice),
    }));
  },
  watch_marks: async () => {
    forEver(async () => emit('marks', Object.fromEntries(
      Object.values(await exchange.watchMarkPrices())
        .map((ticker) => [ticker.info.s, number(ticker.markPrice)]))));
  },
});
