#include "bridge/app/observe/metrics_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// What one sample takes, roughly, so that the text is not moved often while it grows.
constexpr std::size_t sample_size = 110;
constexpr double exact_integer_max = 9'007'199'254'740'992.0;  // 2^53

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::Counter: return "counter";
    case MetricType::Gauge: return "gauge";
    case MetricType::Histogram: return "histogram";
    default: BRIDGE_UNREACHABLE("a type that no metric of ours has");
  }
}

template <class Number>
void append_digits(std::string& text, Number value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text.append(digits.data(), end.ptr);
}

void append_value(std::string& text, double value) {
  if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
  } else if (std::trunc(value) == value && std::abs(value) < exact_integer_max) {
    append_digits(text, static_cast<std::int64_t>(value));  // most are counts, and this is quicker
  } else {
    append_digits(text, value);
  }
}

void append_label_value(std::string& text, std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '\\': text += "\\\\"; break;
      case '"': text += "\\\""; break;
      case '\n': text += "\\n"; break;
      default: text += c;
    }
  }
}

// The name of a sample and its labels; `bound`: the value of `le`, where there is one.
void append_name(std::string& text, std::string_view name, std::string_view suffix,
                 const ClientMetric& metric, const double* bound = nullptr) {
  text += name;
  text += suffix;
  char before = '{';
  for (const auto& label : metric.label) {
    text += before;
    text += label.name;
    text += "=\"";
    append_label_value(text, label.value);
    text += '"';
    before = ',';
  }
  if (bound != nullptr) {
    text += before;
    text += "le=\"";
    append_value(text, *bound);
    text += '"';
    before = ',';
  }
  if (before == ',') text += '}';
  text += ' ';
}

void append_histogram(std::string& text, std::string_view name, const ClientMetric& metric) {
  append_name(text, name, "_count", metric);
  append_digits(text, metric.histogram.sample_count);
  text += '\n';
  append_name(text, name, "_sum", metric);
  append_value(text, metric.histogram.sample_sum);
  text += '\n';
  for (const auto& bucket : metric.histogram.bucket) {
    append_name(text, name, "_bucket", metric, &bucket.upper_bound);
    append_digits(text, bucket.cumulative_count);
    text += '\n';
  }
}

void append_family(std::string& text, const MetricFamily& family) {
  text += "# HELP " + family.name + " " + family.help + "\n# TYPE " + family.name + " ";
  text += type_name(family.type);
  text += '\n';
  for (const ClientMetric& metric : family.metric) {
    if (family.type == MetricType::Histogram) {
      append_histogram(text, family.name, metric);
      continue;
    }
    append_name(text, family.name, "", metric);
    append_value(text,
                 family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value);
    text += '\n';
  }
}

}  // namespace

std::string to_prometheus_text(std::span<const MetricFamily> families) {
  std::size_t sample_count = 0;
  for (const MetricFamily& family : families) sample_count += family.metric.size();
  std::string text;
  text.reserve(sample_count * sample_size);
  for (const MetricFamily& family : families) append_family(text, family);
  return text;
}

}  // namespace bridge
