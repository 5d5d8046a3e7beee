#include <dlfcn.h>
#include <zmq.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

// A libzmq that does not keep strangers out, to be preloaded: the bridge must notice. FAULT says
// what is wrong with it.
extern "C" int zmq_setsockopt(void* socket, int option, const void* value, size_t size) {
  constexpr int zap_enforce_domain = 93;
  const char* const variable = std::getenv("FAULT");
  const std::string_view fault = variable == nullptr ? "" : variable;
  if (fault == "no_enforcement" && option == zap_enforce_domain) {
    errno = EINVAL;
    return -1;
  }
  // Without a domain nobody is asked, however strictly that is enforced.
  if (fault == "nobody_is_asked" && option == ZMQ_ZAP_DOMAIN) return 0;
  using SetOption = int (*)(void*, int, const void*, size_t);
  static const auto real = reinterpret_cast<SetOption>(dlsym(RTLD_NEXT, "zmq_setsockopt"));
  return real(socket, option, value, size);
}
