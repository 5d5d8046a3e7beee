"""The REST endpoints, by method and path."""

import time
from decimal import Decimal

from exchange import json_text
from exchange.http1 import Answer
from exchange.signature import Refused, account_of, check_signature

NO_LISTEN_KEY = ("This listenKey does not exist. Please use POST /fapi/v1/listenKey to recreate "
                 "listenKey.")


def decimal_text(value):
    """Plain notation without zeros at the end, as newer servers write it."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Rest:
    """Answers requests from the state of the exchange."""

    def __init__(self, exchange):
        self._exchange = exchange
        self._habits = exchange.habits
        self._market = exchange.market
        # (method, path) -> (weight, whether it is signed, what answers)
        self._endpoints = {
            ("GET", "/fapi/v1/ping"): (1, False, lambda request: {}),
            ("GET", "/fapi/v1/time"): (1, False, self._time),
            ("GET", "/fapi/v1/exchangeInfo"): (1, False, self._exchange_info),
            ("GET", "/fapi/v1/premiumIndex"): (1, False, self._premium_index),
            ("POST", "/fapi/v1/listenKey"): (1, False, self._take_listen_key),
            ("PUT", "/fapi/v1/listenKey"): (1, False, self._keep_listen_key),
            ("DELETE", "/fapi/v1/listenKey"): (1, False, self._close_listen_key),
            ("GET", "/fapi/v3/positionRisk"): (5, True, self._positions_v3),
            ("GET", "/fapi/v2/positionRisk"): (5, True, self._positions_v2),
            ("GET", "/fapi/v3/account"): (5, True, self._account_v3),
            ("GET", "/fapi/v2/account"): (5, True, self._account_v2),
            ("GET", "/fapi/v1/accountConfig"): (5, True, self._account_config),
            ("GET", "/fapi/v1/symbolConfig"): (5, True, self._symbol_config),
            ("GET", "/fapi/v1/positionSide/dual"): (30, True, self._position_mode),
            ("GET", "/fapi/v1/multiAssetsMargin"): (30, True, lambda request: {
                "multiAssetsMargin": self._account(request).multi_assets}),
        }

    def answer(self, request):
        key = (request.method, request.path)
        self._exchange.requests.append(f"{request.method} {request.path}")
        self._exchange.accept_encodings.add(request.headers.get("accept-encoding", ""))
        if key not in self._endpoints or self._is_gone(request.path):
            return self._path_is_gone(request)
        weight, signed, make = self._endpoints[key]
        if key[1] == "/fapi/v1/premiumIndex" and "symbol" not in request.parameters():
            weight = 10
        if not self._exchange.weight.spend(weight):
            return self._with_headers(429, {"code": -1003, "msg": "Too many requests."})
        try:
            if signed:
                check_signature(self._account(request), request)
            return self._with_headers(200, make(request))
        except Refused as refused:
            return self._with_headers(refused.status,
                                      {"code": refused.code, "msg": refused.message})

    # --- the frame of an answer ----------------------------------------------------------------

    def _with_headers(self, status, body):
        headers = {}
        if "negative-weight" in self._habits:
            headers["X-MBX-USED-WEIGHT-1M"] = "-1"
        elif "no-weight" not in self._habits:
            headers["X-MBX-USED-WEIGHT-1M"] = str(self._exchange.weight.used)
        if status == 429:
            headers["Retry-After"] = str(self._exchange.weight.seconds_left())
        return Answer(status, json_text.write(body, self._habits).encode(), headers)

    def _is_gone(self, path):
        return any(path in self._habits.value(name).split(",")
                   for name in ("gone", "gone-as-page"))

    def _path_is_gone(self, request):
        if request.path in self._habits.value("gone-as-page").split(","):
            return Answer(404, b"<html><body><h1>404 Not Found</h1></body></html>\n",
                          kind="text/html")
        return self._with_headers(404, {
            "code": -5000, "msg": f"Path {request.path}, Method {request.method} is invalid"})

    def _account(self, request):
        return account_of(self._exchange.accounts, request)

    # --- public --------------------------------------------------------------------------------

    def _time(self, _):
        return {"serverTime": int(time.time() * 1000)}

    def _exchange_info(self, _):
        limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
                   "limit": 2400}]
        symbols = [{"symbol": symbol.name, "pair": symbol.name.partition("_")[0],
                    "contractType": symbol.contract, "deliveryDate": 4133404800000,
                    "onboardDate": 1569398400000, "status": "TRADING",
                    "baseAsset": symbol.name.partition("USDT")[0], "quoteAsset": "USDT",
                    "marginAsset": "USDT", "pricePrecision": 8, "quantityPrecision": 3,
                    "filters": []}
                   for symbol in self._market.margined_in_money()]
        return {"timezone": "UTC", "serverTime": int(time.time() * 1000), "rateLimits": limits,
                "exchangeFilters": [], "assets": [{"asset": "USDT", "marginAvailable": True}],
                "symbols": symbols}

    def _premium_index(self, request):
        wanted = request.parameters().get("symbol")
        if wanted is not None:
            if wanted not in self._market.symbols:
                raise Refused(400, -1121, "Invalid symbol.")
            return self._premium_row(self._market.symbols[wanted])
        rows = [self._premium_row(symbol) for symbol in self._market.margined_in_money()]
        if "bad-premium" in self._habits:
            rows.insert(1, rows[0] | {"symbol": "SOLUSDT", "markPrice": "NaN", "time": "soon"})
            rows.insert(1, json_text.Literal("null"))
        return rows

    def _premium_row(self, symbol):
        return {"symbol": symbol.name, "markPrice": f"{symbol.mark:f}",
                "indexPrice": f"{symbol.index:f}", "estimatedSettlePrice": f"{symbol.index:f}",
                "lastFundingRate": "0.00010000" if symbol.has_funding else "",
                "interestRate": "0.00010000" if symbol.has_funding else "",
                "nextFundingTime": self._market.next_funding_ms(symbol),
                "time": self._market.time_ms}

    # --- the listen key ------------------------------------------------------------------------

    def _take_listen_key(self, request):
        return {"listenKey": self._account(request).take_listen_key()}

    def _keep_listen_key(self, request):
        account = self._account(request)
        if not account.keep_listen_key():
            raise Refused(400, -1125, NO_LISTEN_KEY)
        return {} if "empty-keep-alive" in self._habits else {"listenKey": account.listen_key}

    def _close_listen_key(self, request):
        self._account(request).close_listen_key()
        return {}

    # --- positions -----------------------------------------------------------------------------

    def _positions(self, request):
        """What REST shows of the account: late, or once something else, as habit and test want."""
        account = self._account(request)
        if self._exchange.next_positions.get(account.name):
            wrong = self._exchange.next_positions[account.name].pop(0)
            if wrong == "empty":
                return []
            if wrong == "half":
                return list(account.positions.values())[1:]
            account = self._exchange.accounts[wrong]
        lag = float(self._habits.value("rest-lag", "0"))
        positions = account.positions_before(lag) if lag else account.positions
        return list(positions.values())

    def _positions_v3(self, request):
        account = self._account(request)
        rows = []
        for position in self._positions(request):
            if not position.amount and "zero-rows" not in self._habits:
                continue
            mark = self._market.symbols[position.symbol].mark
            notional = position.amount * mark
            margin = decimal_text(abs(notional) / account.leverage_of(position.symbol))
            rows.append(self._spoilt(position.symbol, {
                "symbol": position.symbol, "positionSide": position.side,
                "positionAmt": decimal_text(position.amount),
                "entryPrice": decimal_text(position.entry),
                "breakEvenPrice": decimal_text(position.break_even),
                "markPrice": f"{mark:f}",
                "unRealizedProfit": decimal_text((mark - position.entry) * position.amount),
                "liquidationPrice": "0", "isolatedMargin": decimal_text(position.isolated_wallet),
                "notional": decimal_text(notional), "marginAsset": "USDT",
                "isolatedWallet": decimal_text(position.isolated_wallet),
                "initialMargin": margin, "maintMargin": "0", "positionInitialMargin": margin,
                "openOrderInitialMargin": "0", "adl": 1, "bidNotional": "0", "askNotional": "0",
                "updateTime": position.changed_ms}))
        return rows

    def _positions_v2(self, request):
        """A row for every symbol: BOTH, or LONG and SHORT of an account in hedge mode."""
        account = self._account(request)
        shown = {(position.symbol, position.side): position
                 for position in self._positions(request)}
        rows = []
        for symbol in self._market.margined_in_money():
            for side in ("LONG", "SHORT") if account.hedge else ("BOTH",):
                rows.append(self._spoilt(symbol.name, self._row_v2(
                    account, symbol, side, shown.get((symbol.name, side)))))
        return rows

    def _row_v2(self, account, symbol, side, position):
        is_isolated = symbol.name in account.isolated
        amount = position.amount if position else Decimal(0)
        entry = position.entry if position else Decimal(0)
        isolated_wallet = decimal_text(position.isolated_wallet if position else Decimal(0))
        return {"symbol": symbol.name, "positionAmt": decimal_text(amount),
                "entryPrice": decimal_text(entry) if amount else "0.0",
                "breakEvenPrice": decimal_text(position.break_even) if amount else "0.0",
                "markPrice": f"{symbol.mark:f}",
                "unRealizedProfit": decimal_text((symbol.mark - entry) * amount),
                "liquidationPrice": "0", "leverage": str(account.leverage_of(symbol.name)),
                "maxNotionalValue": "1.0E8",
                "marginType": "isolated" if is_isolated else "cross",
                "isolatedMargin": isolated_wallet, "isAutoAddMargin": "false",
                "positionSide": side, "notional": decimal_text(symbol.mark * amount),
                "isolatedWallet": isolated_wallet,
                "updateTime": position.changed_ms if position else 0, "isolated": is_isolated,
                "adlQuantile": 0}

    def _spoilt(self, symbol, row):
        place, _, text = self._habits.value("bad-row").partition("=")
        wanted, _, field = place.partition(".")
        if wanted == symbol and field in row:
            row[field] = json_text.Literal(text)
        return row

    # --- accounts and settings -----------------------------------------------------------------

    def _account_v3(self, request):
        account = self._account(request)
        wallet = decimal_text(account.wallet)
        return {"totalWalletBalance": wallet, "availableBalance": wallet,
                "assets": [{"asset": "USDT", "walletBalance": wallet,
                            "crossWalletBalance": wallet, "availableBalance": wallet,
                            "updateTime": 0}],
                "positions": [
                    {name: row[name] for name in (
                        "symbol", "positionSide", "positionAmt", "isolatedMargin", "notional",
                        "isolatedWallet", "initialMargin", "maintMargin", "updateTime")}
                    | {"unrealizedProfit": row["unRealizedProfit"]}
                    for row in self._positions_v3(request)]}

    def _account_v2(self, request):
        account = self._account(request)
        return self._account_v3(request) | {
            "feeTier": 0, "canTrade": True, "multiAssetsMargin": account.multi_assets,
            "positions": [
                {name: row[name] for name in (
                    "symbol", "leverage", "isolated", "entryPrice", "breakEvenPrice",
                    "positionSide", "positionAmt", "notional", "isolatedWallet", "updateTime")}
                | {"unrealizedProfit": row["unRealizedProfit"]}
                for row in self._positions_v2(request)]}

    def _account_config(self, request):
        account = self._account(request)
        config = {"feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True,
                  "dualSidePosition": account.hedge, "updateTime": 0,
                  "multiAssetsMargin": account.multi_assets, "tradeGroupId": -1}
        if "bad-account-config" in self._habits:
            config["multiAssetsMargin"] = "sometimes"
            config["feeTier"] = None
            config["updateTime"] = {"at": "noon"}
        return config

    def _symbol_config(self, request):
        account = self._account(request)
        rows = [{"symbol": symbol.name,
                 "marginType": "ISOLATED" if symbol.name in account.isolated else "CROSSED",
                 "isAutoAddMargin": False, "leverage": account.leverage_of(symbol.name),
                 "maxNotionalValue": "1000000"} for symbol in self._market.margined_in_money()]
        if "bad-settings" in self._habits:
            rows.insert(0, {"symbol": "SOLUSDT", "marginType": 7, "leverage": "many"})
            rows.insert(0, json_text.Literal("null"))
        return rows

    def _position_mode(self, request):
        return {"dualSidePosition": self._account(request).hedge}


