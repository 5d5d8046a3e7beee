#pragma once

#include <cstddef>

// Bounds on what we are ready to read. They are far above what the exchange sends and keep a
// nonsensical text from growing ours.
namespace bridge {

constexpr std::size_t symbol_size_max = 64;      // the longest has 19 bytes, in Chinese characters
constexpr std::size_t event_name_size_max = 64;  // becomes a label of a metric
constexpr std::size_t reason_size_max = 64;
constexpr std::size_t listen_key_size_max = 512;  // they have 64

}  // namespace bridge
