#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "bridge/app/log/log.hpp"
#include "bridge/app/observe/metrics_collector.hpp"
#include "bridge/app/process/bridge_process.hpp"

// How long /metrics takes to make for many accounts: reading the counters, and writing the text.
//   usage: metrics-page [ACCOUNTS [ROUNDS [MILLISECONDS]]]
// With a bound, the exit code is 1 when the whole page takes longer, in the median.
namespace bridge {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>{duration}.count();
}

double print(std::string_view what, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double median = values[values.size() / 2];
  fmt::print("  {:<46} median {:6.1f} ms, at most {:6.1f} ms\n", what, median, values.back());
  return median;
}

Configuration configuration_of(std::size_t account_count) {
  const auto nobody = [](UrlKind kind, const char* text) { return parse_url(text, kind).value(); };
  Configuration configuration;
  configuration.bridge.instance = "bench";
  configuration.publisher.bind = {"tcp://127.0.0.1:*"};
  configuration.http.listen = {"127.0.0.1", 0};
  for (std::size_t i = 0; i < account_count; ++i) {
    AccountSettings account;
    account.name = fmt::format("account-{:04}", i);
    account.environment = {.name = "absent",
                           .rest = nobody(UrlKind::rest, "http://127.0.0.1:1"),
                           .user_stream = nobody(UrlKind::stream, "ws://127.0.0.1:1/private"),
                           .market_stream = nobody(UrlKind::stream, "ws://127.0.0.1:1/market"),
                           .ca_file = {}};
    configuration.accounts.push_back(std::move(account));
  }
  return configuration;
}

int measure(std::size_t account_count, int rounds, double median_max) {
  const Logging logging{LogLevel::error, LogFormat::text};
  std::vector<AccountSecrets> secrets(account_count);
  for (AccountSecrets& secret : secrets) secret = {Secret{"key"}, Secret{"secret"}};
  const auto process =
      BridgeProcess::create({configuration_of(account_count), std::move(secrets), Secret{}});
  if (!process) return static_cast<int>(process.error());

  std::vector<double> collecting;
  std::vector<double> page;
  std::vector<double> by_library;
  std::size_t bytes = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto start = Clock::now();
    const auto families = MetricsCollector{**process}.Collect();
    const auto collected = Clock::now();
    bytes = render_metrics(**process).size();
    collecting.push_back(milliseconds(collected - start));
    page.push_back(milliseconds(Clock::now() - collected));
    const auto written = Clock::now();
    prometheus::TextSerializer{}.Serialize(families);
    by_library.push_back(milliseconds(Clock::now() - written));
  }
  fmt::print("{} accounts, {} rounds, {} bytes\n", account_count, rounds, bytes);
  print("reading the counters", collecting);
  print("the text alone by prometheus::TextSerializer", by_library);
  return print("the whole page", page) <= median_max ? 0 : 1;
}

}  // namespace
}  // namespace bridge

int main(int count, char** arguments) {
  const std::size_t accounts = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1'000;
  const int rounds = count > 2 ? std::atoi(arguments[2]) : 50;
  const double median_max = count > 3 ? std::atof(arguments[3]) : 1e9;
  return bridge::measure(accounts, std::max(rounds, 1), median_max);
}
