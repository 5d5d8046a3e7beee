#pragma once

#include <functional>

#include <boost/asio/io_context.hpp>

#include "bridge/app/environments.hpp"
#include "bridge/app/repeat_limiter.hpp"
#include "bridge/app/rest_caller.hpp"
#include "bridge/io/tls_context.hpp"

namespace bridge {

// What the drivers of one environment's sessions share. All of it outlives them.
struct DriverContext {
  boost::asio::io_context& loop;
  const TlsContext& tls;
  const Environment& environment;
  RestCaller& rest;
  RepeatLimiter& repeats;
  // To be called after a session was told something: performs what the sessions want now.
  std::function<void()> settle;
  std::function<void()> synchronize_clock;
};

}  // namespace bridge
