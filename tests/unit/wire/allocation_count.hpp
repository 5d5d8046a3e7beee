#pragma once

#include <cstddef>

namespace bridge::test {

// How often this thread has asked for memory since it began.
std::size_t allocation_count();

}  // namespace bridge::test
