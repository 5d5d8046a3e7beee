#pragma once

#include <filesystem>
#include <string>

#include "bridge/app/process/exit_code.hpp"

// The commands of the program, one a function. Each says on stderr why it failed.
namespace bridge {

// Runs in the foreground until SIGTERM or SIGINT.
ExitCode run_command(const std::filesystem::path& config);

// Says on stdout what would run, or on stderr everything that is wrong.
ExitCode check_command(const std::filesystem::path& config);

// Writes a CURVE key pair into `directory`: curve.secret (0600) and curve.public. Overwrites
// nothing.
ExitCode keygen_command(const std::filesystem::path& directory);

// Whether the bridge at `url` ("http://127.0.0.1:9464") is ready.
ExitCode health_command(const std::string& url);

}  // namespace bridge
