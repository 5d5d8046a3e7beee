#include "bridge/app/configuration/config_bus_endpoint.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <string>

#include "bridge/app/configuration/config_address.hpp"

namespace bridge {
namespace {

constexpr std::string_view tcp_prefix = "tcp://";
constexpr std::string_view ipc_prefix = "ipc://";
constexpr std::string_view example =
    "write it like \"tcp://127.0.0.1:5556\" or \"ipc:///run/position-bridge/bus\"";

// The kernel's limit; the path ends with a zero byte.
constexpr std::size_t ipc_path_size_max = sizeof(sockaddr_un::sun_path) - 1;

std::optional<ValueProblem> ipc_problem(std::string_view endpoint, std::string_view path) {
  // Abstract sockets ("@name") have no owner and no mode, so anyone could connect to them; relative
  // paths mean something else to every subscriber.
  if (!path.starts_with('/') || path.ends_with('/'))
    return ValueProblem{in_quotes(endpoint) + " is not the absolute path of a socket",
                        std::string{example}};
  if (path.find('\0') != path.npos)
    return ValueProblem{in_quotes(endpoint) + " has a zero byte", std::string{example}};
  if (path.size() > ipc_path_size_max)
    return ValueProblem{fmt::format("{} has a path of {} bytes", in_quotes(endpoint), path.size()),
                        fmt::format("a socket's path has at most {} bytes", ipc_path_size_max)};
  return std::nullopt;
}

std::optional<ValueProblem> tcp_problem(std::string_view endpoint, std::string_view rest,
                                        BusReach reach) {
  std::string numeric{rest};
  const bool is_every_address = rest.starts_with("*:");
  if (is_every_address) numeric.replace(0, 1, "0.0.0.0");
  const auto address = parse_listen_address(numeric);
  if (!address)
    return ValueProblem{in_quotes(endpoint) + " has no numeric address with a port from 1 to 65535",
                        std::string{example}};
  if (reach == BusReach::this_machine && !is_loopback(address->host))
    return ValueProblem{
        in_quotes(endpoint) + " can be reached from other machines, and the bus is not encrypted",
        "without [publisher.curve], bind ipc://, tcp://127.0.0.0/8 or tcp://[::1] only"};
  return std::nullopt;
}

}  // namespace

std::optional<ValueProblem> bus_endpoint_problem(std::string_view endpoint, BusReach reach) {
  if (endpoint.starts_with(ipc_prefix))
    return ipc_problem(endpoint, endpoint.substr(ipc_prefix.size()));
  if (endpoint.starts_with(tcp_prefix))
    return tcp_problem(endpoint, endpoint.substr(tcp_prefix.size()), reach);
  return ValueProblem{in_quotes(endpoint) + " is neither tcp:// nor ipc://", std::string{example}};
}

}  // namespace bridge
