#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bridge {

// Counted by one thread, read by any: a relaxed load and store, no locked instruction.
class Counter {
 public:
  void add(std::uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Set by one thread, read by any.
template <class T>
class Gauge {
 public:
  void set(T value) { value_.store(value, std::memory_order_relaxed); }
  T read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{};
};

// One counter for each enumerator of an enum whose values start at 0.
template <class Enum, std::size_t count>
class Counters {
 public:
  Counter& operator[](Enum key) { return counters_[static_cast<std::size_t>(key)]; }
  const Counter& operator[](Enum key) const { return counters_[static_cast<std::size_t>(key)]; }

 private:
  std::array<Counter, count> counters_;
};

}  // namespace bridge
