#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/exchange/model/amount.hpp"
#include "tests/exchange/model/time.hpp"

namespace exchange {

/// What is wrong with a control request, for whoever sent it. Thrown and caught within the control
/// port only.
class ControlError : public std::runtime_error {
 public:
  explicit ControlError(const std::string& problem) : std::runtime_error(problem) {}
};

/// A control request's body, read field by field with clear complaints.
class ControlFields {
 public:
  /// Throws ControlError when `body` is neither empty nor a JSON object.
  explicit ControlFields(const std::string& body);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string text(std::string_view name) const;
  std::string text_or(std::string_view name, std::string_view otherwise) const;
  std::int64_t integer(std::string_view name) const;
  std::int64_t integer_or(std::string_view name, std::int64_t otherwise) const;
  bool flag(std::string_view name) const;
  /// Given in quotes, or as a whole number.
  Amount amount(std::string_view name) const;
  std::optional<Amount> optional_amount(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  /// "30s" or milliseconds as a number.
  UnixMs duration_or(std::string_view name, UnixMs otherwise) const;
  /// The same with a sign: "-3s".
  UnixMs offset_or(std::string_view name, UnixMs otherwise) const;
  /// An object of whole numbers that are not below zero.
  std::map<std::string, int> weights(std::string_view name) const;

 private:
  const nlohmann::json* find(std::string_view name) const;
  const nlohmann::json& get(std::string_view name) const;

  nlohmann::json body_;
};

}  // namespace exchange
