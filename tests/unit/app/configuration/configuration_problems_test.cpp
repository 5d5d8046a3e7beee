#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "bridge/app/configuration/configuration.hpp"
#include "tests/unit/app/scratch.hpp"

namespace bridge {
namespace {

const std::string account = R"([[account]]
name = "main"
market = "usdm"
environment = "testnet"
api_key = { env = "KEY" }
api_secret = { env = "SECRET" }
)";

// One file and what is said about it.
struct Case {
  std::string subject;
  std::string text;
  std::vector<std::string> problems;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.subject;
}

std::vector<std::string> problems_of(const std::string& text) {
  const ScratchDirectory scratch;
  const auto configuration = load_configuration(scratch.write("bridge.toml", text));
  if (configuration) return {};
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : configuration.error())
    lines.push_back(scratch.without_directory(to_string(problem)));
  return lines;
}

class ConfigurationProblem : public testing::TestWithParam<Case> {};

TEST_P(ConfigurationProblem, IsSaidWithItsPlaceAndItsRemedy) {
  EXPECT_EQ(problems_of(GetParam().text), GetParam().problems);
}

// A file with one sound account below the text.
std::string above_account(const std::string& text) {
  return text + account;
}

// A file with one account in which a line was changed; "" takes the line away.
std::string account_with(const std::string& line, const std::string& replacement) {
  std::string text = account;
  return text.replace(text.find(line), line.size(), replacement);
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return info.param.subject;
}

constexpr const char* duration_form =
    "write a whole number and a unit (ms, s, m or h) between quotes, such as \"10s\"";
constexpr const char* syntax_remedy =
    "; put text between double quotes, and close every quote and bracket";
constexpr const char* endpoint_form =
    "; write it like \"tcp://127.0.0.1:5556\" or \"ipc:///run/position-bridge/bus\"";
constexpr const char* loopback_rule =
    " can be reached from other machines, and the bus is not encrypted; without "
    "[publisher.curve], bind ipc://, tcp://127.0.0.0/8 or tcp://[::1] only";
constexpr const char* source_form =
    "; say where it is: { env = \"VARIABLE\" }, { file = \"path\" } or { credential = \"name\" }";
constexpr const char* name_form = "; use 1 to 32 letters, digits, _ and -";

INSTANTIATE_TEST_SUITE_P(
    Syntax, ConfigurationProblem,
    testing::Values(
        Case{"TextWithoutQuotes",
             above_account("[bridge]\ninstance = desk\n"),
             {std::string{"bridge.toml:2:12: this is not valid TOML: parsing value: could not "
                          "determine value type"} +
              syntax_remedy}},
        Case{"UnclosedText",
             "[bridge]\ninstance = \"desk\n",
             {std::string{"bridge.toml:2:17: this is not valid TOML: parsing string: unescaped "
                          "control characters other than TAB (U+0009) are explicitly prohibited"} +
              syntax_remedy}},
        Case{"KeyGivenTwice",
             "[reconcile]\ninterval = \"1s\"\ninterval = \"2s\"\n",
             {std::string{"bridge.toml:3:12: this is not valid TOML: parsing key-value pair: "
                          "cannot redefine existing string 'interval'"} +
              syntax_remedy}},
        Case{"LongQuotationIsLeftOut",
             "key = 99999999999999999999999999999999999999999\n",
             {std::string{"bridge.toml:1:48: this is not valid TOML: parsing decimal integer: '…' "
                          "is not representable in 64 bits"} +
              syntax_remedy}},
        Case{"InvalidUtf8",
             "[bridge]\ninstance = \"\xff\"\n",
             {std::string{"bridge.toml:2:12: this is not valid TOML: Encountered invalid utf-8 "
                          "sequence"} +
              syntax_remedy}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Keys, ConfigurationProblem,
    testing::Values(
        Case{"EmptyFile",
             "",
             {"bridge.toml:1:1: account: no account is enabled, so there is nothing to do; add an "
              "[[account]] with name, market, environment and keys, or set enabled = true"}},
        Case{"MisspeltKey",
             above_account("[bridge]\nlog_levle = \"info\"\n"),
             {"bridge.toml:2:1: bridge.log_levle: unknown key; did you mean \"log_level\"?"}},
        Case{"UnknownKey",
             above_account("[bridge]\ncolour = \"red\"\n"),
             {"bridge.toml:2:1: bridge.colour: unknown key; known here: instance, log_level, "
              "log_format"}},
        Case{"MisspeltTable",
             above_account("[publishers]\nbind = []\n"),
             {"bridge.toml:1:2: publishers: unknown table; did you mean \"publisher\"?"}},
        Case{"KeyOutsideOfItsTable",
             above_account("stale_after = \"10s\"\n"),
             {"bridge.toml:1:1: stale_after: unknown key; known here: bridge, publisher, http, "
              "mark_price, user_stream, reconcile, environment, account"}},
        Case{"ValueInsteadOfTable",
             above_account("bridge = \"desk\"\n"),
             {"bridge.toml:1:10: bridge: must be a table, but is text; write [bridge] and its "
              "keys below"}},
        Case{"AccountWithSingleBrackets",
             "[account]\nname = \"main\"\n",
             {"bridge.toml:1:1: account: must be a list of tables, but is a table; write "
              "[[account]], with two brackets on each side"}},
        Case{"TextExpected",
             above_account("[bridge]\ninstance = 7\n"),
             {"bridge.toml:2:12: bridge.instance: must be text, but is a whole number; put it "
              "between double quotes"}},
        Case{"TruthExpected",
             above_account("[http]\nallow_remote = \"yes\"\n"),
             {"bridge.toml:2:16: http.allow_remote: must be true or false, but is text; write "
              "true or false, without quotes"}},
        Case{"WholeNumberExpected",
             above_account("[publisher]\nsend_high_water_mark = 1.5\n"),
             {"bridge.toml:2:24: publisher.send_high_water_mark: must be a whole number, but is a "
              "number with a point; write a whole number from 1 to 10000000"}},
        Case{"NumberOutOfBounds",
             above_account("[publisher]\nsend_high_water_mark = 0\n"),
             {"bridge.toml:2:24: publisher.send_high_water_mark: 0 is out of bounds; write a "
              "whole number from 1 to 10000000"}},
        Case{"ListExpected",
             above_account("[publisher]\nbind = \"tcp://127.0.0.1:1\"\n"),
             {"bridge.toml:2:8: publisher.bind: must be a list of texts, but is text; write a "
              "list in brackets, such as [\"tcp://127.0.0.1:5556\"]"}},
        Case{"ListOfTextsExpected",
             above_account("[publisher]\nbind = [5556]\n"),
             {"bridge.toml:2:9: publisher.bind[1]: must be text, but is a whole number; write a "
              "list in brackets, such as [\"tcp://127.0.0.1:5556\"]"}},
        Case{"ChoiceThatIsNone",
             above_account("[bridge]\nlog_level = \"loud\"\n"),
             {"bridge.toml:2:13: bridge.log_level: \"loud\" is not a value of this key; write "
              "\"trace\", \"debug\", \"info\", \"warn\" or \"error\""}},
        Case{"ChoiceOfAnotherType",
             above_account("[bridge]\nlog_format = true\n"),
             {"bridge.toml:2:14: bridge.log_format: must be text, but is true or false; write "
              "\"text\" or \"json\""}},
        Case{"InstanceWithoutLetters",
             above_account("[bridge]\ninstance = \"\"\n"),
             {"bridge.toml:2:12: bridge.instance: \"\" is no valid name of an instance; use 1 to "
              "64 bytes of printable text"}},
        Case{"InstanceWithControlCharacter",
             above_account("[bridge]\ninstance = \"a\\u001bb\"\n"),
             {"bridge.toml:2:12: bridge.instance: \"a\\x1bb\" is no valid name of an instance; "
              "use 1 to 64 bytes of printable text"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Durations, ConfigurationProblem,
    testing::Values(
        Case{"Number",
             above_account("[reconcile]\ninterval = 10\n"),
             {std::string{"bridge.toml:2:12: reconcile.interval: must be a duration, but is a "
                          "whole number; "} +
              duration_form}},
        Case{"WithoutUnit",
             above_account("[reconcile]\ninterval = \"10\"\n"),
             {std::string{"bridge.toml:2:12: reconcile.interval: \"10\" has no unit; "} +
              duration_form}},
        Case{"UnknownUnit",
             above_account("[reconcile]\ninterval = \"10 sec\"\n"),
             {std::string{"bridge.toml:2:12: reconcile.interval: \"10 sec\" is no duration; "} +
              duration_form}},
        Case{"TooShort",
             above_account("[publisher]\nheartbeat_interval = \"99ms\"\n"),
             {"bridge.toml:2:22: publisher.heartbeat_interval: \"99ms\" is out of bounds; write a "
              "duration from \"100ms\" to \"1m\""}},
        Case{"TooLong",
             above_account("[reconcile]\ninterval = \"25h\"\n"),
             {"bridge.toml:2:12: reconcile.interval: \"25h\" is out of bounds; write a duration "
              "from \"1s\" to \"24h\""}},
        Case{"StaleAfterOneTick",
             above_account("[mark_price]\ninterval = \"3s\"\nstale_after = \"5s\"\n"),
             {"bridge.toml:3:15: mark_price.stale_after: \"5s\" is out of bounds; write a "
              "duration from \"6s\" to \"1h\""}},
        Case{"IntervalThatBinanceHasNot",
             above_account("[mark_price]\ninterval = \"2s\"\n"),
             {"bridge.toml:2:12: mark_price.interval: \"2s\" is not a value of this key; write "
              "\"1s\" or \"3s\""}},
        Case{"FormThatDoesNotExist",
             above_account("[user_stream]\nform = \"query\"\n"),
             {"bridge.toml:2:8: user_stream.form: \"query\" is not a value of this key; write "
              "\"auto\", \"events\", \"subscribe\" or \"path\""}},
        Case{"MetricsBySymbolThatAreNotServed",
             above_account("[http]\nper_symbol_metrics = true\n"),
             {"bridge.toml:2:22: http.per_symbol_metrics: metrics by symbol are not served by this "
              "version; write false"}}),
    name_of);

Case bind_case(const std::string& subject, const std::string& endpoint, const std::string& what) {
  return {subject,
          above_account(fmt::format("[publisher]\nbind = [\"{}\"]\n", endpoint)),
          {fmt::format("bridge.toml:2:9: publisher.bind[1]: \"{}\"{}", endpoint, what)}};
}

INSTANTIATE_TEST_SUITE_P(
    Bind, ConfigurationProblem,
    testing::Values(
        bind_case("EveryAddress", "tcp://*:5556", loopback_rule),
        bind_case("AnyAddress", "tcp://0.0.0.0:5556", loopback_rule),
        bind_case("AnyAddressOfVersion6", "tcp://[::]:5556", loopback_rule),
        bind_case("PrivateNetwork", "tcp://10.0.0.1:5556", loopback_rule),
        bind_case("AlmostLoopback", "tcp://128.0.0.1:5556", loopback_rule),
        bind_case("MappedLoopback", "tcp://[::ffff:127.0.0.1]:5556", loopback_rule),
        bind_case("HostName", "tcp://localhost:5556",
                  std::string{" has no numeric address with a port from 1 to 65535"} +
                      endpoint_form),
        bind_case("WithoutPort", "tcp://127.0.0.1",
                  std::string{" has no numeric address with a port from 1 to 65535"} +
                      endpoint_form),
        bind_case("PortZero", "tcp://127.0.0.1:0",
                  std::string{" has no numeric address with a port from 1 to 65535"} +
                      endpoint_form),
        bind_case("AnotherTransport", "udp://127.0.0.1:5556",
                  std::string{" is neither tcp:// nor ipc://"} + endpoint_form),
        bind_case("RelativeSocket", "ipc://bus",
                  std::string{" is not the absolute path of a socket"} + endpoint_form),
        bind_case("AbstractSocket", "ipc://@bus",
                  std::string{" is not the absolute path of a socket"} + endpoint_form),
        Case{"LongSocket",
             above_account(fmt::format("[publisher]\nbind = [\"ipc:///{}\"]\n",
                                       std::string(107, 'x'))),
             {"bridge.toml:2:9: publisher.bind[1]: \"ipc:///" + std::string(73, 'x') +
              "…\" has a path of 108 bytes; a socket's path has at most 107 bytes"}},
        Case{"SameTwice",
             above_account("[publisher]\nbind = [\"ipc:///b\",\n \"ipc:///b\"]\n"),
             {"bridge.toml:3:2: publisher.bind[2]: \"ipc:///b\" is in the list already; remove "
              "one of them"}},
        Case{"EmptyList",
             above_account("[publisher]\nbind = []\n"),
             {"bridge.toml:2:8: publisher.bind: is empty, so nobody could subscribe; name at "
              "least one endpoint, such as [\"tcp://127.0.0.1:5556\"]"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Curve, ConfigurationProblem,
    testing::Values(
        Case{"ListsTheKeyOfTheManual",
             above_account("[publisher.curve]\nsecret_key_file = \"curve.secret\"\n"
                           "allowed_clients = [ { name = \"risk\", public_key = "
                           "\"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\" } ]\n"),
             {"bridge.toml:3:51: publisher.curve.allowed_clients[1].public_key: is an example of "
              "the manual, and everybody knows the secret key to it; write the client's public "
              "key, the 40 characters of Z85 that position-bridge keygen shows"}},
        Case{"ListsTwoThatAreOne",
             above_account("[publisher.curve]\nsecret_key_file = \"curve.secret\"\n"
                           "allowed_clients = [\n"
                           " { name = \"a\", public_key = \"" +
                           std::string(40, '0') +
                           "\" },\n"
                           " { name = \"a\", public_key = \"" +
                           std::string(40, '0') + "\" } ]\n"),
             {"bridge.toml:5:11: publisher.curve.allowed_clients[2].name: \"a\" is the name of an "
              "earlier client; give every client a name of its own",
              "bridge.toml:5:29: publisher.curve.allowed_clients[2].public_key: is the key of an "
              "earlier client; give every client a key of its own, or one name"}},
        Case{"HoldsTheSecretKey",
             above_account("[publisher.curve]\nsecret_key_file = \"" + std::string(40, '0') +
                           "\"\nallowed_clients = []\n"),
             {"bridge.toml:2:19: publisher.curve.secret_key_file: is not the name of a file; name "
              "the file that holds the key; the key itself is never given here"}},
        Case{"IsEmpty",
             above_account("[publisher.curve]\n"),
             {"bridge.toml:1:1: publisher.curve.secret_key_file: is missing; name the file that "
              "position-bridge keygen made, such as secret_key_file = "
              "\"/etc/position-bridge/curve.secret\"",
              "bridge.toml:1:1: publisher.curve.allowed_clients: is missing; list who may "
              "connect, such as allowed_clients = [ { name = \"risk\", public_key = \"…\" } ]"}},
        Case{"HasUnsoundClients",
             above_account("[publisher.curve]\nsecret_key_file = \"curve.secret\"\n"
                           "allowed_clients = [\n"
                           " { name = \"a b\", public_key = \"short\" },\n"
                           " { name = \"risk\" },\n"
                           " \"risk\" ]\n"),
             {std::string{"bridge.toml:4:11: publisher.curve.allowed_clients[1].name: \"a b\" is "
                          "no valid name"} +
                  name_form,
              "bridge.toml:4:31: publisher.curve.allowed_clients[1].public_key: is not 40 "
              "characters of Z85; write the client's public key, the 40 characters of Z85 that "
              "position-bridge keygen shows",
              "bridge.toml:5:2: publisher.curve.allowed_clients[2].public_key: is missing; write "
              "the client's public key, the 40 characters of Z85 that position-bridge keygen "
              "shows",
              "bridge.toml:6:2: publisher.curve.allowed_clients[3]: must be a table, but is text; "
              "write allowed_clients = [ { name = \"risk\", public_key = \"…\" } ]"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Http, ConfigurationProblem,
    testing::Values(
        Case{"WithoutPort",
             above_account("[http]\nlisten = \"127.0.0.1\"\n"),
             {"bridge.toml:2:10: http.listen: \"127.0.0.1\" is no address and port; write them "
              "like \"127.0.0.1:9464\" or \"[::1]:9464\", with a port from 1 to 65535"}},
        Case{"OpenAddress",
             above_account("[http]\nlisten = \"0.0.0.0:9464\"\n"),
             {"bridge.toml:2:10: http.listen: \"0.0.0.0:9464\" can be reached from other "
              "machines; write a loopback address such as \"127.0.0.1:9464\", or set allow_remote "
              "= true if that is meant"}}),
    name_of);

// The other two URLs are sound.
Case url_case(const std::string& subject, const std::string& key, const std::string& url,
              const std::string& what) {
  std::string text = "[environment.sim]\n";
  for (const auto& [name, sound] : std::vector<std::pair<std::string, std::string>>{
           {"rest", "https://127.0.0.1:1"},
           {"user_stream", "wss://127.0.0.1:1/private"},
           {"market_stream", "wss://127.0.0.1:1/market"}}) {
    if (name != key) text += fmt::format("{} = \"{}\"\n", name, sound);
  }
  text += fmt::format("{} = \"{}\"\n", key, url);
  const std::size_t column = key.size() + 4;
  return {subject,
          above_account(text),
          {fmt::format("bridge.toml:4:{}: environment.sim.{}: {}", column, key, what)}};
}

constexpr const char* rest_form = "; write it like \"https://fapi.binance.com\"";
constexpr const char* stream_form = "; write it like \"wss://fstream.binance.com/private\"";

INSTANTIATE_TEST_SUITE_P(
    Environments, ConfigurationProblem,
    testing::Values(
        url_case("PlainRestToTheWorld", "rest", "http://fapi.binance.com",
                 "is not encrypted and leaves this machine: http:// is accepted for 127.0.0.0/8 "
                 "and [::1] only; write https://"),
        url_case("PlainStreamToAName", "user_stream", "ws://localhost:1/private",
                 "is not encrypted and leaves this machine: ws:// is accepted for 127.0.0.0/8 and "
                 "[::1] only; write wss://"),
        url_case("StreamForRest", "rest", "wss://127.0.0.1",
                 std::string{"does not begin with https:// (or http:// on this machine)"} +
                     rest_form),
        url_case("RestForStream", "market_stream", "https://127.0.0.1",
                 std::string{"does not begin with wss:// (or ws:// on this machine)"} +
                     stream_form),
        url_case("WithoutScheme", "rest", "fapi.binance.com",
                 std::string{"does not begin with https:// (or http:// on this machine)"} +
                     rest_form),
        url_case("WithoutHost", "rest", "https://",
                 std::string{"has no valid host and port"} + rest_form),
        url_case("WithPortTooLarge", "rest", "https://127.0.0.1:65536",
                 std::string{"has no valid host and port"} + rest_form),
        url_case("RestWithPath", "rest", "https://127.0.0.1/fapi",
                 std::string{"has a path; leave it away: write it like "
                             "\"https://fapi.binance.com\""}),
        url_case("StreamWithWs", "user_stream", "wss://127.0.0.1/private/ws",
                 "ends with /ws or /stream; leave that away: it is added by itself"),
        url_case("StreamWithQuery", "user_stream", "wss://127.0.0.1/private?listenKey=abc",
                 std::string{"has a user, a query or a fragment"} + stream_form),
        Case{"WithoutUrls",
             above_account("[environment.sim]\n"),
             {"bridge.toml:1:1: environment.sim.rest: is missing; say where REST requests go, "
              "such as rest = \"https://fapi.binance.com\"",
              "bridge.toml:1:1: environment.sim.user_stream: is missing; say where the stream is, "
              "such as user_stream = \"wss://fstream.binance.com/private\"",
              "bridge.toml:1:1: environment.sim.market_stream: is missing; say where the stream "
              "is, such as market_stream = \"wss://fstream.binance.com/market\""}},
        Case{"AuthorityFileThatIsAbsent",
             above_account("[environment.sim]\nrest = \"https://127.0.0.1:1\"\n"
                           "user_stream = \"wss://127.0.0.1:1/private\"\n"
                           "market_stream = \"wss://127.0.0.1:1/market\"\nca_file = \"ca.pem\"\n"),
             {"bridge.toml:5:11: environment.sim.ca_file: \"ca.pem\" cannot be read: No such file "
              "or directory; name a file of certificates in PEM; a relative path starts from the "
              "directory of this file"}},
        Case{"AuthorityFileThatIsADirectory",
             above_account("[environment.sim]\nrest = \"https://127.0.0.1:1\"\n"
                           "user_stream = \"wss://127.0.0.1:1/private\"\n"
                           "market_stream = \"wss://127.0.0.1:1/market\"\nca_file = \"/tmp\"\n"),
             {"bridge.toml:5:11: environment.sim.ca_file: \"/tmp\" cannot be read: not a regular "
              "file; name a file of certificates in PEM; a relative path starts from the "
              "directory of this file"}},
        Case{"BuiltInName",
             above_account("[environment.mainnet]\nrest = \"https://127.0.0.1:1\"\n"
                           "user_stream = \"wss://127.0.0.1:1/private\"\n"
                           "market_stream = \"wss://127.0.0.1:1/market\"\n"),
             {"bridge.toml:1:14: environment.mainnet: is built in and cannot be changed; give "
              "your environment another name"}},
        Case{"UnsoundName",
             above_account("[environment.\"my sim\"]\n"),
             {std::string{"bridge.toml:1:14: environment.\"my sim\": is no valid name of an "
                          "environment"} +
              name_form}},
        Case{"UrlsWithoutName",
             above_account("[environment]\nrest = \"https://127.0.0.1:1\"\n"),
             {"bridge.toml:2:1: environment.rest: must be a table, but is text; write "
              "[environment.NAME] and below it rest, user_stream and market_stream"}}),
    name_of);

const std::string second_account = R"([[account]]
name = "second"
market = "usdm"
environment = "testnet"
api_key = { env = "KEY" }
api_secret = { env = "SECRET" }
)";

const std::string third_account = R"([[account]]
name = "third"
market = "usdm"
environment = "testnet"
api_key = { env = "KEY" }
api_secret = { env = "SECRET" }
)";

INSTANTIATE_TEST_SUITE_P(
    Accounts, ConfigurationProblem,
    testing::Values(
        Case{"WithoutAnything",
             "[[account]]\n",
             {"bridge.toml:1:1: account[1].name: is missing; name the account, such as name = "
              "\"main\"",
              "bridge.toml:1:1: account[1].market: is missing; say what the account trades on, "
              "such as market = \"usdm\"",
              "bridge.toml:1:1: account[1].environment: is missing; say where the account is, "
              "such as environment = \"mainnet\"",
              std::string{"bridge.toml:1:1: account[1].api_key: is missing"} + source_form,
              "bridge.toml:1:1: account[1].api_secret: is missing; say where it is, such as "
              "api_secret = { env = \"BINANCE_API_SECRET\" }, or give private_key = { file = "
              "\"key.pem\" } for an RSA or Ed25519 key"}},
        Case{"UnsoundName",
             account_with("\"main\"", "\"main account\""),
             {std::string{"bridge.toml:2:8: account[1].name: \"main account\" is no valid name of "
                          "an account"} +
              name_form}},
        Case{"NameAll",
             account_with("\"main\"", "\"all\""),
             {"bridge.toml:2:8: account.all.name: \"all\" means every account on the bus; give "
              "the account another name"}},
        Case{"NameGivenTwice",
             account + account_with("{ env = \"KEY\" }", "{ env = \"OTHER\" }"),
             {"bridge.toml:8:8: account.main.name: \"main\" is the name of an earlier account; "
              "give every account a name of its own"}},
        Case{"UnknownMarket",
             account_with("\"usdm\"", "\"spot\""),
             {"bridge.toml:3:10: account.main.market: \"spot\" is not a value of this key; write "
              "\"usdm\", \"coinm\" or \"portfolio-margin\""}},
        Case{"CoinMargined",
             account_with("\"usdm\"", "\"coinm\""),
             {"bridge.toml:3:10: account.main.market: \"coinm\" is not served by this version; "
              "write \"usdm\", or remove the account"}},
        Case{"PortfolioMargin",
             account_with("\"usdm\"", "\"portfolio-margin\""),
             {"bridge.toml:3:10: account.main.market: \"portfolio-margin\" is not served by this "
              "version; write \"usdm\", or remove the account"}},
        Case{"MisspeltEnvironment",
             account_with("\"testnet\"", "\"tesnet\""),
             {"bridge.toml:4:15: account.main.environment: \"tesnet\" is no environment; did you "
              "mean \"testnet\"?"}},
        Case{"UnknownEnvironment",
             account_with("\"testnet\"", "\"simulator\""),
             {"bridge.toml:4:15: account.main.environment: \"simulator\" is no environment; known "
              "here: mainnet, testnet"}},
        Case{"AllDisabled",
             account + "enabled = false\n",
             {"bridge.toml:1:1: account: no account is enabled, so there is nothing to do; add an "
              "[[account]] with name, market, environment and keys, or set enabled = true"}},
        Case{"SameKeyTwice",
             account + second_account,
             {"bridge.toml:11:11: account.second.api_key: is the key of account \"main\" too, on "
              "the same market and environment; give each account a key of its own, or disable "
              "one of them"}},
        // Once for each account that has it, not for each pair of them.
        Case{"SameKeyThreeTimes",
             account + second_account + third_account,
             {"bridge.toml:11:11: account.second.api_key: is the key of account \"main\" too, on "
              "the same market and environment; give each account a key of its own, or disable "
              "one of them",
              "bridge.toml:17:11: account.third.api_key: is the key of account \"main\" too, on "
              "the same market and environment; give each account a key of its own, or disable "
              "one of them"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Secrets, ConfigurationProblem,
    testing::Values(
        Case{"BothKinds",
             account + "private_key = { file = \"key.pem\" }\n",
             {"bridge.toml:7:15: account.main.private_key: is given together with api_secret; "
              "keep api_secret for an HMAC key, or private_key for an RSA or Ed25519 key"}},
        Case{"NeitherKind",
             account_with("api_secret = { env = \"SECRET\" }\n", ""),
             {"bridge.toml:1:1: account.main.api_secret: is missing; say where it is, such as "
              "api_secret = { env = \"BINANCE_API_SECRET\" }, or give private_key = { file = "
              "\"key.pem\" } for an RSA or Ed25519 key"}},
        Case{"InTheFileItself",
             account_with("{ env = \"KEY\" }", "\"abc\""),
             {std::string{"bridge.toml:5:11: account.main.api_key: a secret is never given in "
                          "this file"} +
              source_form}},
        Case{"AsANumber",
             account_with("{ env = \"KEY\" }", "123"),
             {std::string{"bridge.toml:5:11: account.main.api_key: must be a table, but is a "
                          "whole number"} +
              source_form}},
        Case{"InTwoPlaces",
             account_with("{ env = \"KEY\" }", "{ env = \"A\", file = \"b\" }"),
             {std::string{"bridge.toml:5:11: account.main.api_key: must name exactly one place"} +
              source_form}},
        Case{"InAnUnknownPlace",
             account_with("{ env = \"KEY\" }", "{ vault = \"A\" }"),
             {std::string{"bridge.toml:5:11: account.main.api_key: must name exactly one place"} +
              source_form}},
        Case{"InNoPlace",
             account_with("{ env = \"KEY\" }", "{}"),
             {std::string{"bridge.toml:5:11: account.main.api_key: must name exactly one place"} +
              source_form}},
        Case{"WithUnsoundVariable",
             account_with("{ env = \"KEY\" }", "{ env = \"$KEY\" }"),
             {"bridge.toml:5:19: account.main.api_key.env: names no place; write the name of an "
              "environment variable: letters, digits and _"}},
        Case{"WithSecretForVariable",
             account_with("\"KEY\"", in_quotes(std::string(64, 'k'))),
             {"bridge.toml:5:19: account.main.api_key.env: looks like the secret itself, which is "
              "never given in this file; write the name of an environment variable: letters, "
              "digits and _"}},
        Case{"WithPathForCredential",
             account_with("{ env = \"KEY\" }", "{ credential = \"../key\" }"),
             {"bridge.toml:5:26: account.main.api_key.credential: names no place; write the name "
              "of a systemd credential, without /"}},
        Case{"WithNumberForFile",
             account_with("{ env = \"KEY\" }", "{ file = 3 }"),
             {"bridge.toml:5:20: account.main.api_key.file: must be text, but is a whole number; "
              "write the path of a file"}},
        Case{"KeyAndSecretInOnePlace",
             account_with("\"SECRET\"", "\"KEY\""),
             {"bridge.toml:6:14: account.main.api_secret: is read from the same place as api_key; "
              "name the place of each of the two"}}),
    name_of);

TEST(ConfigurationProblems, AreAllReportedAtOnceInTheOrderOfTheFile) {
  const std::vector<std::string> problems = problems_of(R"([bridge]
log_level = "loud"
color = "red"
[publisher]
bind = ["tcp://0.0.0.0:5556", "tcp://127.0.0.1:5556", "http://127.0.0.1"]
heartbeat_interval = "1 s"
[http]
listen = "9464"
[reconcile]
interval = 60
[[account]]
name = "main"
market = "spot"
environment = "manet"
api_key = "abc"
)");
  std::vector<std::string> places;
  for (const std::string& problem : problems)
    places.push_back(problem.substr(12, problem.find(": ", 12) - 12));
  EXPECT_EQ(places, (std::vector<std::string>{"2:13", "3:1", "5:9", "5:55", "6:22", "8:10", "10:12",
                                              "11:1", "13:10", "14:15", "15:11"}));
}

TEST(ConfigurationProblems, NameAFileThatCannotBeRead) {
  const ScratchDirectory scratch;
  const auto configuration = load_configuration(scratch.path() / "absent.toml");
  ASSERT_FALSE(configuration.has_value());
  EXPECT_EQ(scratch.without_directory(to_string(configuration.error())),
            "absent.toml: cannot be read: No such file or directory; name a configuration with "
            "--config FILE; config/bridge.toml explains every key\n");
}

TEST(ConfigurationProblems, NameADirectoryGivenForAFile) {
  const auto configuration = load_configuration("/tmp");
  ASSERT_FALSE(configuration.has_value());
  EXPECT_EQ(to_string(configuration.error()),
            "/tmp: cannot be read: Is a directory; name a configuration with --config FILE; "
            "config/bridge.toml explains every key\n");
}

TEST(ConfigurationProblems, NameAFileThatIsTooLarge) {
  const ScratchDirectory scratch;
  const auto file = scratch.write("bridge.toml", std::string(5 * 1024 * 1024, '\n'));
  const auto configuration = load_configuration(file);
  ASSERT_FALSE(configuration.has_value());
  EXPECT_EQ(configuration.error().front().what, "cannot be read: it has more than 4194304 bytes");
}

}  // namespace
}  // namespace bridge
