#pragma once

// Assertions about our own code. They stay on in every build: a bridge that continues after a
// broken invariant publishes positions that look right and are wrong.
namespace bridge {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace bridge

#define BRIDGE_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::bridge::assertion_failed(#condition, __FILE__, __LINE__))

// For the end of a switch that handles every enumerator.
#define BRIDGE_UNREACHABLE(what) \
  ::bridge::assertion_failed("unreachable: " what, __FILE__, __LINE__)
