#include <csignal>
#include <exception>
#include <iostream>

#include "bridge/app/commands/command_line.hpp"

int main(int argc, char** argv) {
  // Who reads our output may go away; that is no reason to stop bridging.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return static_cast<int>(bridge::run_command_line(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "position-bridge: internal error: " << error.what() << '\n';
    return static_cast<int>(bridge::ExitCode::internal_error);
  }
}
