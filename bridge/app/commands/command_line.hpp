#pragma once

#include "bridge/app/process/exit_code.hpp"

namespace bridge {

// Reads the command line and runs the command that it names.
ExitCode run_command_line(int argc, char** argv);

}  // namespace bridge
