#include "bridge/io/bus/curve_keys.hpp"

#include <zmq.h>

#include <array>
#include <cstring>

#include "bridge/core/subscribers/curve_key.hpp"

namespace bridge {

namespace {

using KeyText = std::array<char, curve_key_size + 1>;

constexpr const char* without_curve = "this libzmq was built without CURVE";

}  // namespace

Result<CurveKeyPair, std::string> make_curve_key_pair() {
  KeyText public_key{};
  KeyText secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0)
    return Failure<std::string>{without_curve};
  CurveKeyPair pair{.public_key = public_key.data(), .secret_key = Secret{secret_key.data()}};
  explicit_bzero(secret_key.data(), secret_key.size());
  return pair;
}

Result<std::string, std::string> curve_public_key(const Secret& secret_key) {
  KeyText public_key{};
  KeyText text{};  // libzmq wants a zero byte at its end
  if (!is_curve_key(secret_key.reveal())) return Failure<std::string>{"this is no key of CURVE"};
  secret_key.reveal().copy(text.data(), curve_key_size);
  const int result = zmq_curve_public(public_key.data(), text.data());
  explicit_bzero(text.data(), text.size());
  if (result != 0) return Failure<std::string>{without_curve};
  return std::string{public_key.data()};
}

}  // namespace bridge
