#include "bridge/io/bus/ipc_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace bridge {

namespace {

std::string system_error_text(int error) {
  return std::generic_category().message(error);
}

}  // namespace

Result<IpcLock, std::string> IpcLock::take(const std::filesystem::path& path) {
  const std::string file = path.string() + ".lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return Failure<std::string>{file + " cannot be opened: " + system_error_text(errno) +
                                "; its folder must exist and be writable for the bridge"};
  }
  IpcLock lock{descriptor};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) {
    return Failure<std::string>{path.string() +
                                " belongs to another running bridge; stop it or choose another "
                                "path"};
  }
  return Failure<std::string>{file + " cannot be locked: " + system_error_text(errno)};
}

IpcLock::IpcLock(IpcLock&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}

IpcLock& IpcLock::operator=(IpcLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

IpcLock::~IpcLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace bridge
