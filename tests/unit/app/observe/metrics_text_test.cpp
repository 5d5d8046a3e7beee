#include "bridge/app/observe/metrics_text.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <limits>

#include "bridge/app/observe/metric_families.hpp"

namespace bridge {
namespace {

std::string as_prometheus_writes(const std::vector<prometheus::MetricFamily>& families) {
  return prometheus::TextSerializer{}.Serialize(families);
}

TEST(MetricsText, IsWhatThePrometheusLibraryWrites) {
  constexpr std::array<std::int64_t, 4> bounds_us{10, 250, 1'000'000, 5'000'000};
  Histogram histogram{bounds_us};
  for (const int us : {7, 200, 200, 3'000'000, 70'000'000}) histogram.observe(Duration{us});
  auto counter = counter_family("a_total", "Counts.");
  counter.add({{"account", "main"}, {"stream", ""}}, 12'345'678'901);
  counter.add({}, 0);
  auto gauge = gauge_family("b_seconds", "Measures.");
  for (const double value : {1'795'640'019.196082, -0.25, 1e-5, 0.1, 3.0, -7.0, 1e18,
                             std::numeric_limits<double>::infinity()})
    gauge.add({{"quoted", "\"\\\n"}}, value);
  auto buckets = histogram_family("c_seconds", "Times.");
  buckets.add({{"account", "main"}}, histogram);
  buckets.add({}, histogram);
  const std::vector families{counter.take(), gauge.take(), buckets.take()};
  EXPECT_EQ(to_prometheus_text(families), as_prometheus_writes(families));
}

TEST(MetricsText, KeepsEveryDigitOfANumber) {
  auto gauge = gauge_family("a", "Measures.");
  constexpr double third = 1.0 / 3.0;
  gauge.add({}, third);
  const std::vector families{gauge.take()};
  const std::string text = to_prometheus_text(families);
  EXPECT_EQ(std::stod(text.substr(text.rfind(' '))), third) << text;
}

TEST(MetricsText, IsEmptyWithoutMetrics) {
  EXPECT_EQ(to_prometheus_text({}), "");
}

}  // namespace
}  // namespace bridge
