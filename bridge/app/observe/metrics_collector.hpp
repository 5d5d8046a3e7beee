#pragma once

#include <string>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace bridge {

class BridgeProcess;

// Reads the plain counters of the process and gives them their names: the whole of /metrics. Called
// on the HTTP thread. Every series is there from the start, with 0.
class MetricsCollector final : public prometheus::Collectable {
 public:
  explicit MetricsCollector(const BridgeProcess& process) : process_{process} {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const BridgeProcess& process_;
};

// In the text format 0.0.4.
std::string render_metrics(const BridgeProcess& process);

}  // namespace bridge
