#pragma once

#include <zmq.h>

#include <cerrno>

namespace bridge {

// Repeats a call of libzmq as long as a signal interrupts it, which can happen to those that do not
// wait, too.
template <class Call>
int uninterrupted(Call call) {
  int result = call();
  while (result < 0 && zmq_errno() == EINTR) result = call();
  return result;
}

}  // namespace bridge
