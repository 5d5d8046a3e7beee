// `binance` by siebly.
'use strict';

const { USDMClient, WebsocketClient } = require('binance');
const { apiKey, apiSecret, rest, streams, emit, position, serve } = require('./client_process.cjs');

const api = new USDMClient({ api_key: apiKey, api_secret: apiSecret, baseUrl: rest });
const sockets = new WebsocketClient({
  api_key: apiKey, api_secret: apiSecret, wsUrl: streams, restOptions: { baseUrl: rest },
});

sockets.on('message', (message) => {
  // Combined streams come in an envelope.
  const event = message.data ?? message;
  if (Array.isArray(event)) {
    emit('marks', Object.fromEntries(event.map((tick) => [tick.s, String(tick.p)])));
  } else if (event.e === 'markPriceUpdate') {
    emit('mark', { symbol: event.s, price: String(event.p) });
  } else if (event.e === 'ACCOUNT_UPDATE') {
    emit('positions', event.a.P.map((row) => position(row.s, row.ps, row.pa, row.ep)));
  } else if (event.e === 'ACCOUNT_CONFIG_UPDATE') {
    emit('leverage', { symbol: event.ac.s, leverage: Number(event.ac.l) });
  }
});
sockets.on('exception', (error) => console.error('exception', error));

const restPositions = (rows) => rows
  .filter((row) => Number(row.positionAmt) !== 0)
  .map((row) => position(row.symbol, row.positionSide, row.positionAmt, row.entryPrice,
    { break_even_price: row.breakEvenPrice }));

serve({
  time: () => api.getServerTime(),
  symbols: async () => (await api.getExchangeInfo()).symbols.map((each) => each.symbol),
  positions_v2: async () => restPositions(await api.getPositions()),
  positions_v3: async () => restPositions(await api.getPositionsV3()),
  balances: async () => Object.fromEntries(
    (await api.getBalanceV3()).map((row) => [row.asset, row.balance])),
  account: async () => Object.fromEntries(
    (await api.getAccountInformationV3()).assets.map((row) => [row.asset, row.walletBalance])),
  settings: async (symbol) => {
    const [row] = await api.getFuturesSymbolConfig({ symbol });
    return { leverage: Number(row.leverage), margin_type: row.marginType };
  },
  hedge: async () => (await api.getCurrentPositionMode()).dualSidePosition,
  account_config_hedge: async () => (await api.getFuturesAccountConfig()).dualSidePosition,
  make_listen_key: async () => (await api.getFuturesUserDataListenKey()).listenKey,
  keep_listen_key: async () => (await api.keepAliveFuturesUserDataListenKey()).listenKey,
  close_listen_key: async () => { await api.closeFuturesUserDataListenKey(); },
  mark: async (symbol) => (await api.getMarkPrice({ symbol })).markPrice,
  marks: async () => Object.fromEntries(
    (await api.getMarkPrice()).map((row) => [row.symbol, row.markPrice])),
  watch_account: async () => { await sockets.subscribeUsdFuturesUserDataStream(); },
  watch_mark: async (symbol) => { await sockets.subscribeMarkPrice(symbol, 'usdm', 1000); },
  watch_marks: async () => { await sockets.subscribeAllMarketMarkPrice('usdm', 1000); },
});
