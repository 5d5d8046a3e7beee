#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bridge {

// A dense number that stands for a symbol.
using SymbolId = std::uint32_t;

// Gives each symbol a number, once and for ever. Numbers count from 0.
class SymbolTable {
 public:
  SymbolId intern(std::string_view name) {
    if (const auto found = find(name)) return *found;
    const auto id = static_cast<SymbolId>(names_.size());
    ids_.emplace(names_.emplace_back(name), id);
    return id;
  }

  std::optional<SymbolId> find(std::string_view name) const {
    const auto found = ids_.find(name);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
  }

  const std::string& name(SymbolId id) const { return names_[id]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::deque<std::string> names_;  // a deque: the views in ids_ point into it
  std::unordered_map<std::string_view, SymbolId> ids_;
};

}  // namespace bridge
