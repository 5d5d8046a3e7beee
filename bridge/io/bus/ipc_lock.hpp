#pragma once

#include <filesystem>
#include <string>

#include "bridge/core/values/result.hpp"

namespace bridge {

// libzmq takes an ipc path away from whoever has it. This lock, a file beside the socket, is what
// keeps a second bridge from doing so. The kernel releases it when the process ends in any way; the
// file itself stays, because removing it would let two processes lock two files of one name.
class IpcLock {
 public:
  // Takes the lock of the socket at `path`, or says who is in the way, in a sentence.
  static Result<IpcLock, std::string> take(const std::filesystem::path& path);

  IpcLock(IpcLock&& other) noexcept;
  IpcLock& operator=(IpcLock&& other) noexcept;
  ~IpcLock();

 private:
  explicit IpcLock(int descriptor) : descriptor_{descriptor} {}

  int descriptor_ = -1;
};

}  // namespace bridge
