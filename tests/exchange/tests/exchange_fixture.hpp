#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/exchange/model/exchange.hpp"

namespace exchange {

inline constexpr UnixMs test_start = 1'795'350'000'000;  // a whole UTC minute

/// An exchange with a one-way account `solo` and a hedge-mode account `legs`, neither of which
/// does anything by itself, under a clock that the test moves.
class ExchangeTest : public ::testing::Test {
 protected:
  static AccountSetup account(const std::string& name, PositionMode mode) {
    AccountSetup setup;
    setup.name = name;
    setup.api_key = "key-of-" + name;
    setup.verifier = Verifier::from_secret("secret-of-" + name);
    setup.mode = mode;
    setup.wallets = {{"USDT", Amount::whole(10'000)}};
    return setup;
  }

  static Scenario scenario() {
    Scenario scenario;
    scenario.seed = 7;
    scenario.rules.event_delay_max_ms = 0;
    scenario.rules.expired_twice_percent = 0;
    scenario.history_length = 100;
    scenario.accounts = {account("solo", PositionMode::one_way),
                         account("legs", PositionMode::hedge)};
    return scenario;
  }

  ExchangeTest() : ExchangeTest(scenario()) {}
  explicit ExchangeTest(const Scenario& given) : exchange(given, test_start) {}

  HttpResponse ask(std::string method, std::string target, std::string api_key = {}) {
    return exchange.request({.method = std::move(method),
                             .target = std::move(target),
                             .api_key = std::move(api_key),
                             .address = "127.0.0.1"},
                            now);
  }

  HttpResponse ask_signed(std::string_view path, std::string_view account_name,
                          std::string query = {}) {
    if (!query.empty()) query += '&';
    query += "timestamp=" + std::to_string(now);
    const std::string name(account_name);
    query += "&signature=" + hmac_sha256_hex("secret-of-" + name, query);
    return ask("GET", std::string(path) + "?" + query, "key-of-" + name);
  }

  std::string listen_key(std::string_view account_name) {
    const HttpResponse response =
        ask("POST", "/fapi/v1/listenKey", "key-of-" + std::string(account_name));
    return nlohmann::json::parse(response.body)["listenKey"];
  }

  ConnectionId connect(std::string_view target) {
    return exchange.open(target, "127.0.0.1", now).value();
  }

  ConnectionId connect_user(std::string_view account_name,
                            std::string_view events = "ACCOUNT_UPDATE") {
    return connect("/private/ws?listenKey=" + listen_key(account_name) +
                   "&events=" + std::string(events));
  }

  void pass(UnixMs time) {
    now += time;
    exchange.advance(now);
  }

  /// Lets time pass as clients do who answer every ping within a minute.
  void pass_politely(UnixMs time) {
    for (const UnixMs end = now + time; now < end;) {
      pass(std::min(minute_ms, end - now));
      for (Effect& effect : exchange.take_effects()) {
        if (effect.kind == EffectKind::ping) {
          exchange.receive_pong(effect.connection, *effect.payload, now);
        } else {
          kept_.push_back(std::move(effect));
        }
      }
    }
  }

  TradeReceipt trade(std::string_view account_name, std::string_view symbol, OrderSide side,
                     std::string_view quantity, std::string_view price,
                     PositionSide position_side = PositionSide::both) {
    const TradeOrder order{.symbol = std::string(symbol),
                           .side = side,
                           .position_side = position_side,
                           .quantity = Amount::literal(quantity),
                           .price = Amount::literal(price)};
    const Result<TradeReceipt> receipt = exchange.trade(account_name, order, now);
    exchange.advance(now);
    return receipt.value();
  }

  /// What has come over a connection since this was last asked; other connections' effects are
  /// kept for them.
  std::vector<Effect> effects_of(ConnectionId id) {
    for (Effect& effect : exchange.take_effects()) kept_.push_back(std::move(effect));
    std::vector<Effect> mine;
    std::vector<Effect> others;
    for (Effect& effect : kept_) {
      (effect.connection == id ? mine : others).push_back(std::move(effect));
    }
    kept_ = std::move(others);
    return mine;
  }

  std::vector<nlohmann::json> messages_of(ConnectionId id) {
    std::vector<nlohmann::json> messages;
    for (const Effect& effect : effects_of(id)) {
      if (effect.kind == EffectKind::text) {
        messages.push_back(nlohmann::json::parse(*effect.payload));
      }
    }
    return messages;
  }

  UnixMs now = test_start;
  Exchange exchange;

 private:
  std::vector<Effect> kept_;
};

}  // namespace exchange
