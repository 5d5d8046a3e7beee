#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "bridge/core/exchange/exchange_requests.hpp"

namespace bridge {

// Requests by endpoint and result. Few a second, so a lock is no matter.
class RestMetrics {
 public:
  // `code`: the HTTP status, or the word of a failure before there was one.
  using Key = std::pair<Endpoint, std::string>;

  void count(Endpoint endpoint, std::string code) {
    const std::lock_guard lock{mutex_};
    ++counts_[{endpoint, std::move(code)}];
  }

  std::map<Key, std::uint64_t> read() const {
    const std::lock_guard lock{mutex_};
    return counts_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Key, std::uint64_t> counts_;
};

}  // namespace bridge
