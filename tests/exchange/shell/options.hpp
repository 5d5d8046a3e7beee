#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace exchange {

/// The command line of simulated-exchange.
struct Options {
  boost::asio::ip::tcp::endpoint listen;
  std::optional<boost::asio::ip::tcp::endpoint> plain;
  boost::asio::ip::tcp::endpoint control;
  std::string scenario_file;
  std::string ca_file;
  std::string ready_file;
  std::vector<std::string> certificate_names;
  std::optional<std::uint64_t> seed;
  double time_scale = 1.0;
};

/// The options, or the exit code when there is nothing to run.
struct ParsedOptions {
  std::optional<Options> options;
  int exit_code = 0;
};
ParsedOptions parse_options(int argument_count, char** arguments);

}  // namespace exchange
