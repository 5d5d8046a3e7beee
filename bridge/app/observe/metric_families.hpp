#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "bridge/core/values/histogram.hpp"

namespace bridge {

using MetricLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// One metric of the page under construction: a name, a type, and a value for each set of labels.
class MetricFamilyBuilder {
 public:
  MetricFamilyBuilder(prometheus::MetricType type, std::string name, std::string help);

  void add(MetricLabels labels, double value);
  void add(MetricLabels labels, const Histogram& histogram);  // in seconds

  prometheus::MetricFamily take() { return std::move(family_); }

 private:
  prometheus::MetricFamily family_;
};

MetricFamilyBuilder counter_family(std::string name, std::string help);
MetricFamilyBuilder gauge_family(std::string name, std::string help);
MetricFamilyBuilder histogram_family(std::string name, std::string help);

}  // namespace bridge
