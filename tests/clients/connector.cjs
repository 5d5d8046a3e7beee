// Binance's connector for USD-margined futures.
'use strict';

const { DerivativesTradingUsdsFutures } = require('@binance/derivatives-trading-usds-futures');
const { apiKey, apiSecret, rest, streams, emit, position, serve } = require('./client_process.cjs');

const client = new DerivativesTradingUsdsFutures({
  configurationRestAPI: { apiKey, apiSecret, basePath: rest, timeout: 5000 },
  configurationWebsocketStreams: { wsURL: streams },
});
const api = client.restAPI;
const data = async (answer) => (await answer).data();

let connection = null;
async function connected() {
  connection ??= client.websocketStreams.connect();
  return connection;
}

const restPositions = (rows) => rows
  .filter((row) => Number(row.positionAmt) !== 0)
  .map((row) => position(row.symbol, row.positionSide, row.positionAmt, row.entryPrice,
    { break_even_price: row.breakEvenPrice }));

serve({
  time: async () => Number((await data(api.checkServerTime())).serverTime),
  symbols: async () => (await data(api.exchangeInformation())).symbols.map((each) => each.symbol),
  positions_v2: async () => restPositions(await data(api.positionInformationV2())),
  positions_v3: async () => restPositions(await data(api.positionInformationV3())),
  balances: async () => Object.fromEntries(
    (await data(api.futuresAccountBalanceV3())).map((row) => [row.asset, row.balance])),
  account: async () => Object.fromEntries(
    (await data(api.accountInformationV3())).assets.map((row) => [row.asset, row.walletBalance])),
  settings: async (symbol) => {
    const [row] = await data(api.symbolConfiguration({ symbol }));
    return { leverage: Number(row.leverage), margin_type: row.marginType };
  },
  hedge: async () => (await data(api.getCurrentPositionMode())).dualSidePosition,
  account_config_hedge: async () =>
    (await data(api.futuresAccountConfiguration())).dualSidePosition,
  make_listen_key: async () => (await data(api.startUserDataStream())).listenKey,
  keep_listen_key: async () => (await data(api.keepaliveUserDataStream())).listenKey,
  close_listen_key: async () => { await api.closeUserDataStream(); },
  mark: async (symbol) => (await data(api.markPrice({ symbol }))).markPrice,
  marks: async () => Object.fromEntries(
    (await data(api.markPrice())).map((row) => [row.symbol, row.markPrice])),
  watch_account: async () => {
    const key = (await data(api.startUserDataStream())).listenKey;
    (await connected()).userData(key).on('message', (event) => {
      if (event.e === 'ACCOUNT_UPDATE') {
        emit('positions', event.a.P.map((row) => position(row.s, row.ps, row.pa, row.ep)));
      } else if (event.e === 'ACCOUNT_CONFIG_UPDATE') {
        emit('leverage', { symbol: event.ac.s, leverage: Number(event.ac.l) });
      }
    });
  },
  watch_mark: async (symbol) => {
    (await connected()).markPriceStream({ symbol: symbol.toLowerCase(), updateSpeed: '1s' })
      .on('message', (tick) => emit('mark', { symbol: tick.s, price: tick.p }));
  },
  watch_marks: async () => {
    (await connected()).markPriceStreamForAllMarket({ updateSpeed: '1s' })
      .on('message', (ticks) => emit('marks',
        Object.fromEntries(ticks.map((tick) => [tick.s, tick.p]))));
  },
});
