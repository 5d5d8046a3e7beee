#include "bridge/app/commands/commands.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "bridge/app/configuration/configuration.hpp"
#include "bridge/app/configuration/prepared_configuration.hpp"
#include "bridge/app/log/log.hpp"
#include "bridge/app/process/bridge_process.hpp"
#include "bridge/io/bus/curve_keys.hpp"
#include "bridge/io/web/https_client.hpp"

namespace bridge {
namespace {

constexpr Duration health_timeout = std::chrono::seconds{5};

// A core file would hold every API secret.
void forbid_core_files() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

// Every subscriber is a file descriptor, and the usual soft limit of 1024 is soon reached; libzmq
// burns a processor while it is.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Says on stderr everything that is wrong.
std::optional<PreparedConfiguration> prepare(const std::filesystem::path& config) {
  auto prepared = prepare_configuration(config);
  if (prepared) return std::move(*prepared);
  std::cerr << to_string(prepared.error());
  return std::nullopt;
}

// Makes the file, with the text as its only line, or fails: a key that exists is never lost to a
// new one.
bool write_new_file(const std::filesystem::path& path, mode_t mode, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) {
    std::cerr << path.string() << ": cannot be made: " << std::strerror(errno)
              << (errno == EEXIST ? "; move it away first, it is not overwritten\n" : "\n");
    return false;
  }
  const auto is_written = [file](std::string_view part) {
    return ::write(file, part.data(), part.size()) == static_cast<ssize_t>(part.size());
  };
  const bool written = is_written(text) && is_written("\n") && ::fsync(file) == 0;
  if (!written) {
    std::cerr << path.string() << ": cannot be written: " << std::strerror(errno) << '\n';
    ::unlink(path.c_str());
  }
  ::close(file);
  return written;
}

}  // namespace

ExitCode run_command(const std::filesystem::path& config) {
  forbid_core_files();
  raise_descriptor_limit();
  auto prepared = prepare(config);
  if (!prepared) return ExitCode::bad_configuration;
  const Configuration& configuration = prepared->configuration;  // until the process takes it

  const Logging logging{configuration.bridge.log_level, configuration.bridge.log_format};
  log(LogLevel::info, {},
      "position-bridge " POSITION_BRIDGE_VERSION ", instance " + configuration.bridge.instance +
          ", configuration " + config.string());
  for (const StartFact& fact : facts_at_start(configuration))
    log(LogLevel::info, fact.account, fact.text);
  for (const std::string& insecurity : insecurities(configuration))
    log(LogLevel::warn, {}, insecurity);
  auto process = BridgeProcess::create(std::move(*prepared));
  if (!process) return process.error();
  const ExitCode code = (*process)->run();
  // Everything that others can see has ended. The rest is left to the end of the process: the
  // loop's destructor would wait for a name lookup, which nothing can interrupt.
  static const BridgeProcess* const left_alone = process->release();
  static_cast<void>(left_alone);
  return code;
}

ExitCode check_command(const std::filesystem::path& config) {
  const auto prepared = prepare(config);
  if (!prepared) return ExitCode::bad_configuration;
  std::cout << describe(prepared->configuration);
  return ExitCode::done;
}

ExitCode keygen_command(const std::filesystem::path& directory) {
  const auto keys = make_curve_key_pair();
  if (!keys) {
    std::cerr << keys.error() << '\n';
    return ExitCode::internal_error;
  }
  const auto secret_file = directory / "curve.secret";
  const auto public_file = directory / "curve.public";
  if (!write_new_file(secret_file, S_IRUSR | S_IWUSR, keys->secret_key.reveal()))
    return ExitCode::not_available;
  if (!write_new_file(public_file, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, keys->public_key)) {
    ::unlink(secret_file.c_str());  // half a pair is of no use
    return ExitCode::not_available;
  }
  std::cout << "secret key in " << secret_file.string() << " (keep it)\npublic key in "
            << public_file.string() << " (give it to the other side): " << keys->public_key << '\n';
  return ExitCode::done;
}

ExitCode health_command(const std::string& url_text) {
  const auto url = parse_url(url_text, UrlKind::rest);
  if (!url || url->is_encrypted()) {
    std::cerr << url_text << ": not the HTTP address of a bridge; like http://127.0.0.1:9464\n";
    return ExitCode::bad_usage;
  }
  const auto tls = TlsContext::create(std::nullopt);
  if (!tls) {
    std::cerr << tls.error() << '\n';
    return ExitCode::internal_error;
  }
  boost::asio::io_context loop{1};
  HttpsClient client{
      loop, *tls, {.encryption = Encryption::none, .host = url->host, .port = url->port}};
  ExitCode code = ExitCode::not_available;
  client.perform({.method = HttpMethod::get, .target = Secret{"/readyz"}, .headers = {}},
                 health_timeout, [&code](const Result<HttpAnswer, HttpFailure>& result) {
                   if (!result) {
                     std::cerr << result.error().text << '\n';
                   } else {
                     std::cout << result->body;
                     if (result->status == 200) code = ExitCode::done;
                   }
                 });
  loop.run();
  return code;
}

}  // namespace bridge
