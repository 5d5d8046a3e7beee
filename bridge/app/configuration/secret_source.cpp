#include "bridge/app/configuration/secret_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

using SecretResult = Result<Secret, ConfigProblem>;

SecretResult refused(const SecretSource& source, std::string what, std::string remedy) {
  return Failure<ConfigProblem>{{source.place, std::move(what), std::move(remedy)}};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_{number} {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

enum class Privacy { owner_only, as_systemd_made_it };

// Everything is asked of the open file, so that nobody can exchange it between question and
// reading.
std::optional<ValueProblem> file_problem(int descriptor, const std::string& shown,
                                         const std::string& path, Privacy privacy) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0)
    return ValueProblem{fmt::format("{} cannot be examined: {}", shown, std::strerror(errno)),
                        "name another file"};
  if (!S_ISREG(status.st_mode))
    return ValueProblem{shown + " is not a regular file", "name the file that holds the secret"};
  if (status.st_uid != 0 && status.st_uid != geteuid())
    return ValueProblem{
        fmt::format("{} belongs to user {}, who could exchange it", shown, status.st_uid),
        fmt::format("chown {} {}", geteuid(), path)};
  const unsigned others = status.st_mode & 077U;
  if (privacy == Privacy::owner_only && others != 0)
    return ValueProblem{fmt::format("{} can be used by others than its owner (mode {:04o})", shown,
                                    status.st_mode & 07777U),
                        fmt::format("chmod 600 {}", path)};
  return std::nullopt;
}

// One byte more than is allowed, when there is so much. Nothing: the errno.
Result<std::string, int> read_limited(int descriptor) {
  std::string text;
  // No reallocation, which would leave copies behind.
  text.resize(secret_size_max + 1);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = read(descriptor, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure<int>{errno};
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return text;
}

SecretResult checked(const SecretSource& source, std::string text, const std::string& shown) {
  if (text.size() > secret_size_max)
    return refused(source, fmt::format("{} has more than {} bytes", shown, secret_size_max),
                   "name a place that holds nothing but the secret");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return refused(source, shown + " is empty", "put the secret into it");
  return Secret{std::move(text)};
}

SecretResult read_file(const SecretSource& source, const std::string& path, std::string_view what,
                       Privacy privacy) {
  const std::string shown = fmt::format("{} {}", what, in_quotes(path));
  // Without O_NONBLOCK, opening a pipe would wait for someone to write into it.
  const Descriptor file{
      open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file.number() < 0 && errno == ELOOP)
    return refused(source, shown + " is a symbolic link", "name the file itself");
  if (file.number() < 0)
    return refused(source, fmt::format("{} cannot be opened: {}", shown, std::strerror(errno)),
                   "name a file that this user can read; a relative path starts from the "
                   "directory of the configuration");
  if (auto problem = file_problem(file.number(), shown, path, privacy))
    return refused(source, std::move(problem->what), std::move(problem->remedy));
  auto text = read_limited(file.number());
  if (!text)
    return refused(source, fmt::format("{} cannot be read: {}", shown, std::strerror(text.error())),
                   "name another file");
  return checked(source, *std::move(text), shown);
}

SecretResult read_variable(const SecretSource& source) {
  const char* const value = std::getenv(source.name.c_str());
  if (value == nullptr)
    return refused(source, fmt::format("environment variable {} is not set", source.name),
                   fmt::format("set it before the start: export {}=…", source.name));
  return checked(source, value, fmt::format("environment variable {}", source.name));
}

// Where systemd puts credentials. It hands them out with an access list, which shows as rights of
// the group.
std::string credentials_directory() {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory == nullptr ? "" : directory;
}

Privacy privacy_of(const std::string& path) {
  const std::string directory = credentials_directory();
  const bool is_credential =
      !directory.empty() && std::filesystem::path{path}.parent_path() == directory;
  return is_credential ? Privacy::as_systemd_made_it : Privacy::owner_only;
}

SecretResult read_credential(const SecretSource& source) {
  const std::string directory = credentials_directory();
  if (directory.empty())
    return refused(
        source,
        fmt::format("there is no credential {}, since systemd gave none", in_quotes(source.name)),
        fmt::format("run as a systemd service with LoadCredential={}:PATH, or use "
                    "{{ env = … }} or {{ file = … }}",
                    source.name));
  return read_file(source, directory + "/" + source.name, "credential",
                   Privacy::as_systemd_made_it);
}

}  // namespace

std::string to_string(const SecretSource& source) {
  switch (source.kind) {
    case SecretSource::Kind::environment_variable: return "env " + source.name;
    case SecretSource::Kind::file: return "file " + source.name;
    case SecretSource::Kind::credential: return "credential " + source.name;
  }
  BRIDGE_UNREACHABLE("not a SecretSource::Kind");
}

SecretResult read_secret(const SecretSource& source) {
  switch (source.kind) {
    case SecretSource::Kind::environment_variable: return read_variable(source);
    case SecretSource::Kind::file:
      return read_file(source, source.name, "file", privacy_of(source.name));
    case SecretSource::Kind::credential: return read_credential(source);
  }
  BRIDGE_UNREACHABLE("not a SecretSource::Kind");
}

}  // namespace bridge
