#pragma once

#include <span>
#include <string>

#include <prometheus/metric_family.h>

namespace bridge {

// Counters, gauges and histograms in Prometheus' text format 0.0.4. The same as the text of
// prometheus::TextSerializer, which goes through streams and takes four times as long
// (tests/bench/metrics_page.cpp measures both).
std::string to_prometheus_text(std::span<const prometheus::MetricFamily> families);

}  // namespace bridge
