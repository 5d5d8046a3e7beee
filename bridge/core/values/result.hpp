#pragma once

#include <tl/expected.hpp>

namespace bridge {

// What may fail because the world fails: a value or the reason why there is none.
template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
using Failure = tl::unexpected<E>;

}  // namespace bridge
