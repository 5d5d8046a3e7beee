#pragma once

#include <functional>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "bridge/app/configuration/environments.hpp"
#include "bridge/app/log/repeat_limiter.hpp"
#include "bridge/core/sessions/environment_session.hpp"
#include "bridge/io/web/tls_context.hpp"

namespace bridge {

// What the drivers of one environment's streams share. All of it outlives them.
struct DriverContext {
  boost::asio::io_context& loop;
  const TlsContext& tls;
  const Environment& environment;
  EnvironmentSession& session;
  RepeatLimiter& repeats;
  // To be called after the session was told something: performs what it wants now.
  std::function<void()> settle;

  // Writes down what a session has to say; complaints that repeat themselves are held back and
  // counted. An empty account: it concerns all of the environment.
  void say(std::string_view account, const effect::Log& line) const;
};

}  // namespace bridge
