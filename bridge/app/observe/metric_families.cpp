#include "bridge/app/observe/metric_families.hpp"

#include <limits>

#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

std::vector<prometheus::ClientMetric::Label> to_labels(MetricLabels labels) {
  std::vector<prometheus::ClientMetric::Label> result;
  result.reserve(labels.size());
  for (const auto& [name, value] : labels) {
    result.push_back({std::string{name}, std::string{value}});
  }
  return result;
}

double in_seconds(std::int64_t us) {
  return static_cast<double>(us) / 1e6;
}

}  // namespace

MetricFamilyBuilder::MetricFamilyBuilder(prometheus::MetricType type, std::string name,
                                         std::string help) {
  family_.type = type;
  family_.name = std::move(name);
  family_.help = std::move(help);
}

void MetricFamilyBuilder::add(MetricLabels labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = to_labels(labels);
  switch (family_.type) {
    case prometheus::MetricType::Counter: metric.counter.value = value; break;
    case prometheus::MetricType::Gauge: metric.gauge.value = value; break;
    default: BRIDGE_UNREACHABLE("a type with one value");
  }
  family_.metric.push_back(std::move(metric));
}

void MetricFamilyBuilder::add(MetricLabels labels, const Histogram& histogram) {
  BRIDGE_ASSERT(family_.type == prometheus::MetricType::Histogram);
  prometheus::ClientMetric metric;
  metric.label = to_labels(labels);
  std::uint64_t cumulative = 0;
  const auto bounds = histogram.bounds_us();
  for (std::size_t bucket = 0; bucket <= bounds.size(); ++bucket) {
    cumulative += histogram.count(bucket);
    metric.histogram.bucket.push_back({cumulative, bucket < bounds.size()
                                                       ? in_seconds(bounds[bucket])
                                                       : std::numeric_limits<double>::infinity()});
  }
  // From the buckets themselves, so that the two agree while the loop goes on counting.
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = in_seconds(static_cast<std::int64_t>(histogram.sum_us()));
  family_.metric.push_back(std::move(metric));
}

MetricFamilyBuilder counter_family(std::string name, std::string help) {
  return {prometheus::MetricType::Counter, std::move(name), std::move(help)};
}

MetricFamilyBuilder gauge_family(std::string name, std::string help) {
  return {prometheus::MetricType::Gauge, std::move(name), std::move(help)};
}

MetricFamilyBuilder histogram_family(std::string name, std::string help) {
  return {prometheus::MetricType::Histogram, std::move(name), std::move(help)};
}

}  // namespace bridge
