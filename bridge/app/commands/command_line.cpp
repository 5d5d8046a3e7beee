#include "bridge/app/commands/command_line.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string>

#include "bridge/app/commands/commands.hpp"
#include "bridge/app/commands/watch.hpp"

namespace bridge {
namespace {

constexpr const char* description =
    "Keeps the positions of many Binance futures accounts and the mark prices of what they hold,\n"
    "joins the two, and publishes every change as a msgpack message on a ZeroMQ socket.";

constexpr const char* footer =
    "Exit codes: 0 done, 64 bad usage, 69 an address cannot be bound, the bridge is not ready or\n"
    "turns us away, 70 internal error, 78 bad configuration.";

constexpr const char* default_config = "config/bridge.toml";
constexpr const char* default_health_url = "http://127.0.0.1:9464";

void add_config_option(CLI::App& command, std::filesystem::path& config) {
  command.add_option("--config", config, "The configuration file")
      ->type_name("FILE")
      ->capture_default_str();
}

}  // namespace

ExitCode run_command_line(int argc, char** argv) {
  CLI::App program{description, "position-bridge"};
  program.footer(footer);
  program.set_version_flag("--version", std::string{"position-bridge "} + POSITION_BRIDGE_VERSION);
  program.require_subcommand(1);
  std::function<ExitCode()> chosen;

  std::filesystem::path config{default_config};
  auto* const run = program.add_subcommand("run", "Run in the foreground");
  add_config_option(*run, config);
  run->callback([&] { chosen = [&] { return run_command(config); }; });

  auto* const check =
      program.add_subcommand("check", "Validate a configuration and say what would run");
  add_config_option(*check, config);
  check->callback([&] { chosen = [&] { return check_command(config); }; });

  WatchOptions watch_options;
  auto* const watch = program.add_subcommand("watch", "A live table of positions, as a subscriber");
  watch->add_option("--connect", watch_options.endpoint, "Where the bridge publishes")
      ->type_name("ENDPOINT")
      ->capture_default_str();
  watch->add_option("--account", watch_options.account, "Only this account")->type_name("NAME");
  watch->add_flag("--json", watch_options.json,
                  "JSON lines instead of a table; also what comes when stdout is no terminal");
  // Letters of Z85 mean something to a shell.
  auto* const secret_key_file =
      watch
          ->add_option("--secret-key-file", watch_options.secret_key_file,
                       "For an encrypted bus: the file with our secret key, from keygen; the "
                       "bridge must list the public one")
          ->type_name("FILE");
  auto* const server_key =
      watch
          ->add_option("--server-key", watch_options.server_key,
                       "For an encrypted bus: its public key in single quotes, or the file with it")
          ->type_name("KEY");
  secret_key_file->needs(server_key);
  server_key->needs(secret_key_file);
  watch->callback([&] { chosen = [&] { return watch_command(watch_options); }; });

  std::filesystem::path key_directory{"."};
  auto* const keygen = program.add_subcommand("keygen", "Make a CURVE key pair");
  keygen->add_option("--out", key_directory, "Where to write curve.secret and curve.public")
      ->type_name("DIR")
      ->capture_default_str();
  keygen->callback([&] { chosen = [&] { return keygen_command(key_directory); }; });

  std::string health_url{default_health_url};
  auto* const health = program.add_subcommand("health", "0 if the bridge is ready, 69 if not");
  health->add_option("--url", health_url, "The bridge's HTTP address")
      ->type_name("URL")
      ->capture_default_str();
  health->callback([&] { chosen = [&] { return health_command(health_url); }; });

  // CLI11 would only say that a command is missing.
  const std::string word = argc > 1 ? argv[1] : "";
  const auto is_named = [&](const CLI::App* command) { return command->get_name() == word; };
  if (!word.empty() && word.front() != '-' && program.get_subcommands(is_named).empty()) {
    std::cerr << "there is no command \"" << word << "\"; position-bridge --help lists them\n";
    return ExitCode::bad_usage;
  }

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? ExitCode::done : ExitCode::bad_usage;
  }
  return chosen();
}

}  // namespace bridge
