// The parts of the shell that need no socket: frames, scenario files, the control port's commands.

#include "tests/exchange/shell/control_api.hpp"
#include "tests/exchange/shell/flood.hpp"
#include "tests/exchange/shell/scenario_file.hpp"
#include "tests/exchange/shell/websocket_frames.hpp"
#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;

std::string masked(unsigned first_byte, const std::string& payload) {
  const std::string mask = "\x11\x22\x33\x44";
  std::string frame(1, static_cast<char>(first_byte));
  frame.push_back(static_cast<char>(0x80U | payload.size()));
  frame += mask;
  for (std::size_t index = 0; index < payload.size(); ++index) {
    frame.push_back(static_cast<char>(payload[index] ^ mask[index % 4]));
  }
  return frame;
}

TEST(FrameDecoder, FragmentsAreJoinedAroundControlFrames) {
  FrameDecoder decoder;
  const std::string bytes = masked(0x01, "hel") + masked(0x89, "ping") + masked(0x80, "lo");
  std::vector<Message> messages;
  for (const char byte : bytes) {
    decoder.feed({&byte, 1});
    while (std::optional<Message> message = decoder.next()) messages.push_back(*message);
  }
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].opcode, Opcode::ping);
  EXPECT_EQ(messages[0].payload, "ping");
  EXPECT_EQ(messages[1].opcode, Opcode::text);
  EXPECT_EQ(messages[1].payload, "hello");
}

TEST(FrameDecoder, UnmaskedFramesBreakTheProtocol) {
  FrameDecoder decoder;
  std::string frame;
  append_frame(frame, Opcode::text, "hello");
  decoder.feed(frame);
  EXPECT_FALSE(decoder.next().has_value());
  EXPECT_TRUE(decoder.is_broken());
}

TEST(Frames, LengthsAreWrittenInTheShortestForm) {
  const auto header_size = [](std::size_t payload) {
    std::string frame;
    append_frame(frame, Opcode::text, std::string(payload, 'x'));
    return frame.size() - payload;
  };
  EXPECT_EQ(header_size(125), 2U);
  EXPECT_EQ(header_size(126), 4U);
  EXPECT_EQ(header_size(65'535), 4U);
  EXPECT_EQ(header_size(65'536), 10U);
}

TEST(Frames, AcceptKeyIsThatOfTheStandardsExample) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(ScenarioText, AllMistakesAreReportedWithTheirLines) {
  const auto result = parse_scenario(R"(seed = "one"
colour = "blue"
[market]
symbols = ["BTCUSDT", "NOPE"]
[[account]]
name = "a"
api_key = "k"
mode = "sideways"
positions = [ { symbol = "BTCUSDT", quantity = "-1" } ]
[[fault]]
after = "soon"
kind = "earthquake"
)",
                                     "bad.toml");
  ASSERT_FALSE(result.has_value());
  std::string all;
  for (const std::string& problem : result.error()) all += problem + "\n";
  for (const char* expected :
       {"bad.toml:1: seed: must be a whole number", "bad.toml:2: colour: is not a key",
        "bad.toml:4: symbols: there is no symbol \"NOPE\"", "exactly one of api_secret",
        "bad.toml:8: mode: \"sideways\" is not one of", "bad.toml:9: quantity: must be above zero",
        "bad.toml:11: after: must be a duration", "bad.toml:12: kind: \"earthquake\""}) {
    EXPECT_NE(all.find(expected), std::string::npos) << expected << "\nin\n" << all;
  }
}

TEST(ScenarioText, SyntaxErrorsHaveALine) {
  const auto result = parse_scenario("seed = 1\nseed = = 2\n", "bad.toml");
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().at(0).starts_with("bad.toml:2: ")) << result.error().at(0);
}

TEST(ScenarioText, RulesAccountsAndFaultsAreUnderstood) {
  const auto result = parse_scenario(R"(
seed = 9
start_time = 2026-11-22T12:00:00Z
[rules]
connection_age_max = "20s"
timestamps = "ignored"
[[account]]
name = "a"
api_key = "k"
api_secret = "s"
mode = "hedge"
wallet = { USDT = "5000" }
positions = [ { symbol = "BTCUSDT", side = "SHORT", quantity = "0.5", entry_price = "80000" } ]
trading = { mean_interval = "500ms" }
[[fault]]
after = "30s"
kind = "cut"
scope = "user"
close_code = 1001
)",
                                     "good.toml");
  ASSERT_TRUE(result.has_value()) << result.error().at(0);
  EXPECT_EQ(result->start_time, 1'795'348'800'000);
  const Scenario& scenario = result->scenario;
  EXPECT_EQ(scenario.rules.connection_age_max_ms, 20 * second_ms);
  EXPECT_EQ(scenario.rules.timestamps, Timestamps::ignored);
  ASSERT_EQ(scenario.accounts.size(), 1U);
  EXPECT_EQ(scenario.accounts[0].positions.at(0).side, PositionSide::short_leg);
  EXPECT_EQ(scenario.accounts[0].positions.at(0).signed_quantity.text(), "-0.5");
  EXPECT_EQ(scenario.accounts[0].trading.mean_interval_ms, 500);
  EXPECT_EQ(scenario.faults.at(0).fault.scope, FaultScope::user_connections);
}

TEST(ScenarioText, FaultsByChanceAndSlowTicksAreUnderstood) {
  const auto result = parse_scenario(R"(
[rules]
mark_price_interval = "60s"
[random_faults]
mean_interval = "5s"
duration_max = "20s"
delay_max = "2s"
from = "1m"
until = "10m"
seed = 3
weights = { cut = 2, rest_lag = 1, slow = 0 }
[[fault]]
kind = "clock_step"
offset = "-3s"
[[fault]]
kind = "malformed_frames"
form = "missing_field"
percent = 50
[[fault]]
kind = "silence_symbol"
symbol = "BTCUSDT"
[[fault]]
kind = "slow"
delay = "250ms"
)",
                                     "good.toml");
  ASSERT_TRUE(result.has_value()) << result.error().at(0);
  const Scenario& scenario = result->scenario;
  EXPECT_EQ(scenario.rules.mark_price_interval_ms, minute_ms);
  const FaultProfile& chance = scenario.random_faults;
  EXPECT_EQ(chance.mean_interval_ms, 5 * second_ms);
  EXPECT_EQ(chance.duration_max_ms, 20 * second_ms);
  EXPECT_EQ(chance.delay_max_ms, 2 * second_ms);
  EXPECT_EQ(chance.from_ms, minute_ms);
  EXPECT_EQ(chance.until_ms, 10 * minute_ms);
  EXPECT_EQ(chance.seed, 3U);
  EXPECT_EQ(chance.weights,
            (std::map<FaultKind, int>{{FaultKind::cut, 2}, {FaultKind::rest_lag, 1}}));
  EXPECT_EQ(scenario.faults.at(0).fault.offset_ms, -3 * second_ms);
  EXPECT_EQ(scenario.faults.at(1).fault.form, Malformation::missing_field);
  EXPECT_EQ(scenario.faults.at(1).fault.percent, 50);
  EXPECT_EQ(scenario.faults.at(2).fault.symbol, "BTCUSDT");
  EXPECT_EQ(scenario.faults.at(3).fault.delay_ms, 250);
}

TEST(ScenarioText, MistakesOfFaultsAreReportedWithTheirLines) {
  const auto result = parse_scenario(R"([rules]
mark_price_interval = "1500ms"
[random_faults]
weights = { earthquake = 2 }
[[fault]]
kind = "silence_symbol"
symbol = "NOPE"
offset = "-3"
)",
                                     "bad.toml");
  ASSERT_FALSE(result.has_value());
  std::string all;
  for (const std::string& problem : result.error()) all += problem + "\n";
  for (const char* expected :
       {"bad.toml:2: mark_price_interval: must be whole seconds", "bad.toml:4: earthquake: is not",
        "bad.toml:7: symbol: there is no symbol \"NOPE\"",
        "bad.toml:8: offset: must be a duration"}) {
    EXPECT_NE(all.find(expected), std::string::npos) << expected << "\nin\n" << all;
  }
}

class Control : public ExchangeTest {
 protected:
  HttpResponse command(std::string method, std::string path, const std::string& body = "") {
    return answer_control(
        exchange, {}, {.method = std::move(method), .target = std::move(path), .body = body}, now);
  }
};

TEST_F(Control, TradeTellsWhenItHappenedAndWhatIsHeldNow) {
  const HttpResponse response = command(
      "POST", "/trade",
      R"({"account":"solo","symbol":"BTCUSDT","side":"SELL","quantity":"0.25","price":"81000"})");
  ASSERT_EQ(response.status, 200) << response.body;
  const json receipt = json::parse(response.body);
  EXPECT_EQ(receipt["time"], now);
  EXPECT_EQ(receipt["position"]["amount"], "-0.25");
  EXPECT_EQ(receipt["position"]["entry_price"], "81000");
  const json truth = json::parse(command("GET", "/truth").body);
  EXPECT_EQ(truth["accounts"][0]["positions"][0], receipt["position"]);
  const json one = json::parse(command("GET", "/truth/solo").body);
  EXPECT_EQ(one["history"].size(), 1U);
  EXPECT_EQ(command("POST", "/close", R"({"account":"solo","symbol":"BTCUSDT"})").status, 200);
  EXPECT_TRUE(json::parse(command("GET", "/truth/solo").body)["positions"].empty());
}

TEST_F(Control, MistakesAreExplained) {
  const auto error = [this](const std::string& path, const std::string& body) -> std::string {
    const HttpResponse response = command("POST", path, body);
    EXPECT_EQ(response.status, 400);
    return json::parse(response.body)["error"];
  };
  EXPECT_EQ(error("/trade", "[1]"), "the body must be a JSON object");
  EXPECT_EQ(error("/trade", R"({"account":"solo"})"), "\"symbol\" is needed");
  EXPECT_EQ(error("/fault", R"({"kind":"flood"})"),
            "\"flood\" is not a fault that can be simulated");
  EXPECT_EQ(error("/nowhere", ""), "there is no POST /nowhere");
  EXPECT_EQ(error("/close", R"({"account":"solo","symbol":"BTCUSDT"})"),
            "there is no such position");
  EXPECT_EQ(error("/leverage", R"({"account":"nobody","symbol":"BTCUSDT","leverage":3})"),
            "There is no account named 'nobody'. (-2015)");
}

TEST_F(Control, FaultsTakeAllTheirDetails) {
  EXPECT_EQ(
      command("POST", "/fault", R"({"kind":"server_time","offset":"-3s","duration":"1m"})").status,
      200);
  EXPECT_EQ(json::parse(ask("GET", "/fapi/v1/time").body)["serverTime"], now - 3 * second_ms);
  EXPECT_EQ(command("POST", "/fault", R"({"kind":"rest_delay","delay":"250ms","count":1})").status,
            200);
  EXPECT_EQ(ask("GET", "/fapi/v1/time").delay_ms, 250);
  EXPECT_EQ(command("POST", "/fault", R"({"kind":"malformed_frames","form":"sideways"})").status,
            400);
  const json seen = json::parse(command("GET", "/requests").body);
  EXPECT_EQ(seen["faults_injected"], (json{{"rest_delay", 1}, {"server_time", 1}}));
  EXPECT_EQ(seen["faults_active"], 1);
}

TEST_F(Control, FaultsByChanceBeginAndEnd) {
  const auto injected = [this] {
    return json::parse(command("GET", "/requests").body)["faults_injected"].value("mute", 0);
  };
  EXPECT_EQ(
      command("POST", "/faults/random", R"({"mean_interval":"1s","weights":{"mute":1}})").status,
      200);
  pass(minute_ms);
  const int struck = injected();
  EXPECT_GT(struck, 30);
  EXPECT_EQ(command("POST", "/faults/random", "{}").status, 200);
  pass(minute_ms);
  EXPECT_EQ(injected(), struck);
  EXPECT_EQ(command("POST", "/faults/random", R"({"weights":{"earthquake":1}})").status, 400);
  EXPECT_EQ(command("POST", "/faults/random", R"({"weights":{"mute":-1}})").status, 400);
}

TEST_F(Control, ConnectionsShowWhoseTheyAreButNoKeys) {
  const std::string key = listen_key("solo");
  connect("/private/ws?listenKey=" + key + "&events=ACCOUNT_UPDATE");
  const std::string body = command("GET", "/connections").body;
  EXPECT_EQ(body.find(key), std::string::npos);
  const json view = json::parse(body);
  EXPECT_EQ(view["connections"][0]["user_streams"][0]["account"], "solo");
}

TEST_F(Control, AccountsCanBeAddedAndUsedAtOnce) {
  EXPECT_EQ(command("POST", "/accounts",
                    R"({"name":"new","api_key":"key-of-new","api_secret":"secret-of-new"})")
                .status,
            200);
  EXPECT_EQ(ask_signed("/fapi/v3/positionRisk", "new").body, "[]");
}

TEST_F(Control, FloodFramesAreWholeAndStampedAnew) {
  Flood flood(exchange.world(), {0, 1}, Framing::combined, 1'500, now);
  const std::string first(flood.next(now));
  const std::string second(flood.next(now + 5));
  EXPECT_TRUE(flood.is_over());
  EXPECT_EQ(flood.sent(), 1'500U);
  EXPECT_LT(second.size(), first.size());
  const std::string stamp = "\"E\":" + std::to_string(now + 5);
  std::size_t stamped = 0;
  for (std::size_t at = second.find(stamp); at != std::string::npos;
       at = second.find(stamp, at + 1)) {
    ++stamped;
  }
  EXPECT_EQ(stamped, 500U);
  EXPECT_EQ(first.find("{\"stream\":\"btcusdt@markPrice@1s\""), 4U);
}

}  // namespace
}  // namespace exchange
