#pragma once

#include <optional>
#include <string>

#include "bridge/core/positions/publications.hpp"

namespace bridge::test {

inline Decimal decimal(std::string_view text) {
  return Decimal::parse(text).value();
}

inline WallTime us(std::int64_t count) {
  return WallTime{Duration{count}};
}

// Everything that a PositionUpdate refers to, in one place.
struct SampleUpdate {
  AccountIdentity account{"main", Venue::binance_usdm};
  std::string symbol = "BTCUSDT";
  PositionSide position_side = PositionSide::short_side;
  Position position{decimal("-0.020"),
                    decimal("50000.10"),
                    decimal("49990.5"),
                    decimal("-7.25"),
                    decimal("0"),
                    MarginType::cross,
                    20U,
                    us(1'700'000'000'000'000)};
  std::optional<MarkPrice> mark =
      MarkPrice{decimal("84551.10762319"), decimal("84590.87304348"), decimal("-0.00000801"),
                us(1'790'553'600'000'000), us(1'790'526'539'001'000)};
  std::optional<Decimal> unrealized_pnl = decimal("-691.0201524638");
  std::optional<Decimal> notional = decimal("-1691.0221524638");
  std::string reason = "ORDER";
  std::uint32_t topic = 0;
  std::uint32_t revision = 1;
  PositionState state = PositionState::live;
  Trigger trigger = Trigger::account_update;
  std::uint64_t account_seq = 300;
  std::uint64_t seq = 70'000;

  PositionUpdate update() const {
    return {.topic = topic,
            .revision = revision,
            .account = account,
            .symbol = symbol,
            .position_side = position_side,
            .position = position,
            .mark_price = mark ? &*mark : nullptr,
            .unrealized_pnl = unrealized_pnl,
            .notional = notional,
            .state = state,
            .trigger = trigger,
            .account_reason = reason,
            .received = us(1'790'526'539'050'123),
            .account_seq = account_seq,
            .seq = seq};
  }
};

}  // namespace bridge::test
