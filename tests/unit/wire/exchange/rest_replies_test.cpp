#include "bridge/wire/exchange/rest_replies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/unit/wire/corpus.hpp"
#include "tests/unit/wire/decimal_matchers.hpp"

namespace bridge::test {
namespace {

using Kind = RestFailure::Kind;

template <class T>
T reply_as(Endpoint endpoint, std::string_view body) {
  const RestReply reply = parse_reply(endpoint, {200, body, std::nullopt});
  if (const auto* failure = std::get_if<RestFailure>(&reply))
    ADD_FAILURE() << failure->message << " in " << body;
  const T* expected = std::get_if<T>(&reply);
  return expected == nullptr ? T{} : *expected;
}

RestFailure failure_of(Endpoint endpoint, int status, std::string_view body,
                       std::optional<Duration> retry_after = std::nullopt) {
  const RestReply reply = parse_reply(endpoint, {status, body, retry_after});
  const auto* failure = std::get_if<RestFailure>(&reply);
  if (failure == nullptr) {
    ADD_FAILURE() << "taken for a success: " << body;
    return {};
  }
  return *failure;
}

std::vector<const ExactJson*> rows_of(const ExactJson& value) {
  if (value.kind == ExactJson::Kind::object) return {&value};
  std::vector<const ExactJson*> rows;
  for (const ExactJson& element : value.elements) rows.push_back(&element);
  return rows;
}

// A member whose absence and zero mean the same.
void expect_same_time(const std::optional<WallTime>& read, const ExactJson* sent,
                      const std::string& where) {
  const bool is_sent = sent != nullptr && sent->text != "0" && !sent->text.empty();
  ASSERT_EQ(read.has_value(), is_sent) << where;
  if (is_sent) {
    EXPECT_EQ(std::to_string(to_ms(*read)), sent->text) << where;
  }
}

void expect_same_position(const PositionRow& read, const ExactJson& sent,
                          const std::string& where) {
  EXPECT_EQ(read.symbol, sent.at("symbol").text) << where;
  EXPECT_EQ(to_string(read.position_side), sent.at("positionSide").text) << where;
  expect_same_number(read.amount, sent.at("positionAmt"), where);
  expect_same_number(read.entry_price, sent.at("entryPrice"), where);
  expect_same_number(read.break_even_price, sent.find("breakEvenPrice"), where);
  expect_same_number(read.isolated_wallet, sent.find("isolatedWallet"), where);
  const ExactJson* margin_type = sent.find("marginType");
  ASSERT_EQ(read.margin_type.has_value(), margin_type != nullptr) << where;
  if (margin_type != nullptr) {
    EXPECT_EQ(to_string(*read.margin_type), margin_type->text) << where;
  }
  const ExactJson* leverage = sent.find("leverage");
  ASSERT_EQ(read.leverage.has_value(), leverage != nullptr) << where;
  if (leverage != nullptr) {
    EXPECT_EQ(std::to_string(*read.leverage), leverage->text) << where;
  }
  expect_same_time(read.updated_at, sent.find("updateTime"), where);
}

TEST(RestReplies, EveryRealPositionListIsReadExactly) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus(
           {"position_risk_v3", "position_risk_v2", "position_risk_coinm", "position_risk_pm"})) {
    const auto read = reply_as<PositionRows>(Endpoint::position_risk, message.payload);
    const auto sent = rows_of(message.value);
    ASSERT_EQ(read.rows.size(), sent.size()) << message.name();
    for (std::size_t i = 0; i < sent.size(); ++i)
      expect_same_position(read.rows[i], *sent[i], message.name());
  }
}

TEST(RestReplies, PositionsOfTheAccountAreReadFromItsListWithTheirSettings) {
  const auto reply = parse_reply(
      Endpoint::account_v2,
      {.status = 200,
       .body = R"({"feeTier":0,"assets":[{"asset":"BTC","walletBalance":"0"}],"positions":[
           {"symbol":"XEMUSDT","leverage":"5","isolated":false,"entryPrice":"0.0299",
            "positionSide":"BOTH","positionAmt":"-66890","isolatedWallet":"0",
            "updateTime":1689994833385},
           {"symbol":"BTCUSDT","leverage":"100","isolated":true,"entryPrice":"0.0",
            "positionSide":"BOTH","positionAmt":"0","updateTime":0}],"canTrade":true})"});
  const auto& rows = std::get<PositionRows>(reply).rows;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].symbol, "XEMUSDT");
  EXPECT_EQ(rows[0].amount.to_string(), "-66890");
  EXPECT_EQ(rows[0].leverage, 5U);
  EXPECT_EQ(rows[0].margin_type, MarginType::cross);
  EXPECT_EQ(rows[0].updated_at, wall_time_from_ms(1689994833385));
  EXPECT_EQ(rows[1].margin_type, MarginType::isolated);
  EXPECT_EQ(rows[1].updated_at, std::nullopt);
}

TEST(RestReplies, AccountWithoutAListOfPositionsIsMalformed) {
  for (const char* body :
       {R"({"feeTier":0})", R"({"positions":7})", R"([])", R"({"positions":[7]})"}) {
    const auto reply = parse_reply(Endpoint::account_v2, {.status = 200, .body = body});
    const auto* failure = std::get_if<RestFailure>(&reply);
    ASSERT_NE(failure, nullptr) << body;
    EXPECT_EQ(failure->kind, RestFailure::Kind::malformed) << body;
  }
}

TEST(RestReplies, EveryRealPremiumIndexIsReadExactly) {
  SKIP_WITHOUT_CORPUS();
  std::size_t row_count = 0;
  for (const auto& message : corpus("premium_index")) {
    const auto read = reply_as<PremiumIndex>(Endpoint::premium_index, message.payload);
    const auto sent = rows_of(message.value);
    ASSERT_EQ(read.rows.size(), sent.size()) << message.name();
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const PremiumIndexRow& row = read.rows[i];
      EXPECT_EQ(row.symbol, sent[i]->at("symbol").text);
      expect_same_number(row.mark_price, sent[i]->at("markPrice"), message.name());
      expect_same_number(row.index_price, sent[i]->find("indexPrice"), message.name());
      expect_same_number(row.funding_rate, sent[i]->find("lastFundingRate"), message.name());
      expect_same_time(row.next_funding_time, sent[i]->find("nextFundingTime"), message.name());
      EXPECT_EQ(std::to_string(to_ms(row.time)), sent[i]->at("time").text);
    }
    row_count += sent.size();
  }
  EXPECT_GE(row_count, 15U);
}

TEST(RestReplies, EveryRealConfigurationIsRead) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus("account_config")) {
    const bool is_hedge = message.value.at("dualSidePosition").text == "true";
    EXPECT_EQ(reply_as<AccountConfig>(Endpoint::account_config, message.payload).position_mode,
              is_hedge ? PositionMode::hedge : PositionMode::one_way);
  }
  for (const auto& message : corpus("symbol_config")) {
    const auto read = reply_as<SymbolConfigs>(Endpoint::symbol_config, message.payload);
    const auto sent = rows_of(message.value);
    ASSERT_EQ(read.rows.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      EXPECT_EQ(read.rows[i].symbol, sent[i]->at("symbol").text);
      EXPECT_EQ(read.rows[i].margin_type, parse_margin_type(sent[i]->at("marginType").text));
      EXPECT_EQ(std::to_string(read.rows[i].leverage.value()), sent[i]->at("leverage").text);
    }
  }
}

TEST(RestReplies, EveryRealListenKeyAndTimeIsRead) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus("listen_key")) {
    const ExactJson* key = message.value.find("listenKey");
    reply_as<ListenKeyClosed>(Endpoint::close_listen_key, message.payload);
    const auto kept = reply_as<ListenKeyReply>(Endpoint::keep_listen_key_alive, message.payload);
    EXPECT_EQ(kept.listen_key.reveal(), key == nullptr ? "" : key->text);
    if (key != nullptr) {
      const auto made = reply_as<ListenKeyReply>(Endpoint::create_listen_key, message.payload);
      EXPECT_EQ(made.listen_key.reveal(), key->text);
    }
  }
  for (const auto& message : corpus("time")) {
    const auto read = reply_as<ServerTime>(Endpoint::server_time, message.payload);
    EXPECT_EQ(std::to_string(to_ms(read.time)), message.value.at("serverTime").text);
  }
}

TEST(RestReplies, EveryRealErrorIsARefusalWithTheExchangesOwnWords) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus("error_body")) {
    if (message.value.at("code").text == "200") {
      reply_as<ListenKeyClosed>(Endpoint::close_listen_key, message.payload);
      continue;
    }
    for (const int status : {200, 400, 401, 418}) {  // a refusal is one whatever the status says
      const auto failure = failure_of(Endpoint::position_risk, status, message.payload);
      EXPECT_EQ(failure.kind, Kind::refused) << message.name();
      EXPECT_EQ(failure.http_status, status);
      EXPECT_EQ(std::to_string(failure.code.value()), message.value.at("code").text);
      EXPECT_EQ(failure.message, message.value.at("msg").text.substr(0, 200)) << message.name();
    }
  }
}

TEST(RestReplies, ABanSaysUntilWhen) {
  const auto failure = failure_of(
      Endpoint::server_time, 418,
      R"({"code":-1003,"msg":"Way too many requests; IP(10.0.0.1) banned until 1788319856878. Please"})",
      std::chrono::seconds{120});
  EXPECT_EQ(failure.code, -1003);
  ASSERT_TRUE(failure.banned_until);
  EXPECT_EQ(to_ms(*failure.banned_until), 1788319856878);
  EXPECT_EQ(failure.retry_after, std::chrono::seconds{120});
}

TEST(RestReplies, TheWaitThatTheHeaderAsksForIsPassedOn) {
  EXPECT_EQ(failure_of(Endpoint::server_time, 429, "", std::chrono::seconds{7}).retry_after,
            std::chrono::seconds{7});
  EXPECT_FALSE(failure_of(Endpoint::server_time, 429, "").retry_after);
}

TEST(RestReplies, PagesForBrowsersAreRefusalsAndTheirTextIsNotRepeated) {
  constexpr const char* page = "<html><body>secret-of-the-page</body></html>";
  for (const int status : {301, 401, 403, 404, 418, 429, 451, 500, 503}) {
    const auto failure = failure_of(Endpoint::position_risk, status, page);
    EXPECT_EQ(failure.kind, Kind::refused) << status;
    EXPECT_EQ(failure.http_status, status);
    EXPECT_FALSE(failure.code);
    EXPECT_FALSE(failure.message.empty());
    EXPECT_THAT(failure.message, testing::Not(testing::HasSubstr("secret")));
  }
}

TEST(RestReplies, SuccessThatCannotBeReadIsMalformed) {
  const std::set<Endpoint> all{Endpoint::server_time,           Endpoint::create_listen_key,
                               Endpoint::keep_listen_key_alive, Endpoint::close_listen_key,
                               Endpoint::position_risk,         Endpoint::account_config,
                               Endpoint::symbol_config,         Endpoint::premium_index};
  for (const Endpoint endpoint : all) {
    for (const char* body : {"<html></html>", "", "7", "{\"a\":", "{}}", "null", "[[]]", "[7]"}) {
      const auto failure = failure_of(endpoint, 200, body);
      EXPECT_EQ(failure.kind, Kind::malformed) << to_string(endpoint) << " " << body;
      EXPECT_EQ(failure.http_status, 200);
    }
  }
  EXPECT_EQ(failure_of(Endpoint::create_listen_key, 200, "{}").message, "missing field listenKey");
  EXPECT_EQ(failure_of(Endpoint::create_listen_key, 200, R"({"listenKey":""})").kind,
            Kind::malformed);
}

TEST(RestReplies, EmptyListsAreAnswersToo) {
  EXPECT_TRUE(reply_as<PositionRows>(Endpoint::position_risk, "[]").rows.empty());
  EXPECT_TRUE(reply_as<SymbolConfigs>(Endpoint::symbol_config, " [ ] ").rows.empty());
  EXPECT_TRUE(reply_as<PremiumIndex>(Endpoint::premium_index, "[]").rows.empty());
}

TEST(RestReplies, OnePositionThatCannotBeReadSpoilsTheList) {
  const auto failure =
      failure_of(Endpoint::position_risk, 200,
                 R"([{"symbol":"A","positionSide":"BOTH","positionAmt":"1","entryPrice":"2"},)"
                 R"({"symbol":"B","positionSide":"BOTH","positionAmt":"","entryPrice":"2"}])");
  EXPECT_EQ(failure.kind, Kind::malformed);
  EXPECT_EQ(failure.message, "missing field positionAmt");
}

TEST(RestReplies, EveryRequiredFieldOfAPositionIsMissedByName) {
  const auto original = parse_exactly(
      R"([{"symbol":"A","positionSide":"BOTH","positionAmt":"1","entryPrice":"2",)"
      R"("breakEvenPrice":"3","isolatedWallet":"0","leverage":"5","marginType":"cross","updateTime":0}])");
  ASSERT_TRUE(original);
  const std::set<std::string> required{"symbol", "positionSide", "positionAmt", "entryPrice"};
  for_each_omission(*original, [&](const ExactJson& changed, const std::string& path) {
    const std::string field = path.substr(path.rfind('.') + 1);
    const RestReply reply =
        parse_reply(Endpoint::position_risk, {200, write_exactly(changed), std::nullopt});
    const auto* failure = std::get_if<RestFailure>(&reply);
    ASSERT_EQ(failure != nullptr, required.contains(field)) << path;
    if (failure != nullptr) {
      EXPECT_EQ(failure->message, "missing field " + field);
    }
  });
}

TEST(RestReplies, SymbolsWithoutAPriceAreLeftOutOfThePremiumIndex) {
  const auto index = reply_as<PremiumIndex>(
      Endpoint::premium_index,
      R"([{"symbol":"DEAD","markPrice":"0.00000000","time":1},{"symbol":"NONE","markPrice":"","time":1},)"
      R"({"symbol":"LIVE","markPrice":"1.50","indexPrice":"0","lastFundingRate":"0.0","nextFundingTime":0,"time":2}])");
  ASSERT_EQ(index.rows.size(), 1U);
  EXPECT_EQ(index.rows[0].symbol, "LIVE");
  EXPECT_FALSE(index.rows[0].index_price || index.rows[0].funding_rate);
  EXPECT_EQ(
      failure_of(Endpoint::premium_index, 200, R"([{"symbol":"X","markPrice":"x","time":1}])").kind,
      Kind::malformed);
}

TEST(RestReplies, MessagesAreShortAndHoldNoControlCharacters) {
  const std::string body = R"({"code":-1,"msg":"a\nb\u001b[31m)" + std::string(500, 'x') + R"("})";
  const auto failure = failure_of(Endpoint::server_time, 400, body);
  EXPECT_EQ(failure.message.size(), 200U);
  EXPECT_EQ(failure.message.substr(0, 8), "a b [31m");
}

TEST(RestReplies, ABodyThatBreaksOffIsMalformedWhereverItDoes) {
  const std::string body =
      R"([{"symbol":"A","positionSide":"BOTH","positionAmt":"1","entryPrice":"2","x":[{}]}])";
  for (std::size_t size = 0; size < body.size(); ++size) {
    const auto failure = failure_of(Endpoint::position_risk, 200, body.substr(0, size));
    EXPECT_EQ(failure.kind, Kind::malformed) << body.substr(0, size);
  }
}

}  // namespace
}  // namespace bridge::test
