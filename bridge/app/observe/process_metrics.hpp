#pragma once

#include <vector>

#include <prometheus/metric_family.h>

#include "bridge/core/values/time.hpp"

namespace bridge {

// The six process_* metrics that every exporter has; prometheus-cpp brings none. `started`: the
// wall time of the process's start, since a hardened unit may not read it from /proc.
std::vector<prometheus::MetricFamily> collect_process_metrics(WallTime started);

}  // namespace bridge
