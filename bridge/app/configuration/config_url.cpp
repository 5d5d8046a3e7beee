#include "bridge/app/configuration/config_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "bridge/app/configuration/config_address.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

struct SchemeFacts {
  Url::Scheme scheme;
  std::string_view text;
  std::uint16_t port;
  UrlKind kind;
};

constexpr std::array schemes{
    SchemeFacts{Url::Scheme::http, "http", 80, UrlKind::rest},
    SchemeFacts{Url::Scheme::https, "https", 443, UrlKind::rest},
    SchemeFacts{Url::Scheme::ws, "ws", 80, UrlKind::stream},
    SchemeFacts{Url::Scheme::wss, "wss", 443, UrlKind::stream},
};

const SchemeFacts& facts_of(Url::Scheme scheme) {
  for (const SchemeFacts& facts : schemes) {
    if (facts.scheme == scheme) return facts;
  }
  BRIDGE_UNREACHABLE("not a Url::Scheme");
}

std::string example(UrlKind kind) {
  return kind == UrlKind::rest ? "write it like \"https://fapi.binance.com\""
                               : "write it like \"wss://fstream.binance.com/private\"";
}

Failure<ValueProblem> failure(std::string what, std::string remedy) {
  return Failure<ValueProblem>{ValueProblem{std::move(what), std::move(remedy)}};
}

bool is_host_name(std::string_view host) {
  constexpr std::size_t dns_name_size_max = 253;
  if (host.empty() || host.size() > dns_name_size_max) return false;
  if (host.front() == '.' || host.front() == '-' || host.back() == '-') return false;
  return std::all_of(host.begin(), host.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-'; });
}

// Letters, digits and what else stands unescaped in a path.
bool is_path(std::string_view path) {
  return std::all_of(path.begin(), path.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view{"/-._~%"}.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

struct Authority {
  std::string host;
  std::optional<std::uint16_t> port;  // absent: the scheme's own
};

// "host", "host:port", "[::1]:port".
std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    authority.host = text.substr(1, bracket - 1);
    rest = text.substr(bracket + 1);
    if (authority.host.find(':') == std::string::npos || !is_ip_address(authority.host))
      return std::nullopt;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    authority.host = text.substr(0, colon);
    rest = text.substr(colon);
    if (!is_host_name(authority.host)) return std::nullopt;
  }
  if (rest.empty()) return authority;
  authority.port = rest.starts_with(':') ? parse_port(rest.substr(1)) : std::nullopt;
  if (!authority.port) return std::nullopt;
  return authority;
}

std::optional<ValueProblem> path_problem(std::string_view path, UrlKind kind) {
  if (!is_path(path)) return ValueProblem{"has a path that no URL has", example(kind)};
  if (kind == UrlKind::rest && !path.empty())
    return ValueProblem{"has a path", "leave it away: " + example(kind)};
  if (path.ends_with("/ws") || path.ends_with("/stream"))
    return ValueProblem{"ends with /ws or /stream", "leave that away: it is added by itself"};
  return std::nullopt;
}

}  // namespace

std::string to_string(const Url& url) {
  const SchemeFacts& facts = facts_of(url.scheme);
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? fmt::format("[{}]", url.host) : url.host;
  const std::string port = url.port == facts.port ? "" : fmt::format(":{}", url.port);
  return fmt::format("{}://{}{}{}", facts.text, host, port, url.path);
}

Result<Url, ValueProblem> parse_url(std::string_view text, UrlKind kind) {
  // First of all, and without repeating the text: these parts could hold a secret.
  if (text.find_first_of("@?#") != std::string_view::npos)
    return failure("has a user, a query or a fragment", example(kind));

  const std::size_t separator = text.find("://");
  const auto facts = std::find_if(schemes.begin(), schemes.end(), [&](const SchemeFacts& one) {
    return separator != std::string_view::npos && one.text == text.substr(0, separator);
  });
  const std::string expected = kind == UrlKind::rest ? "https:// (or http:// on this machine)"
                                                     : "wss:// (or ws:// on this machine)";
  if (facts == schemes.end() || facts->kind != kind)
    return failure("does not begin with " + expected, example(kind));

  const std::string_view rest = text.substr(separator + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const auto authority = parse_authority(rest.substr(0, slash));
  if (!authority) return failure("has no valid host and port", example(kind));
  std::string_view path = rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (auto problem = path_problem(path, kind)) return Failure<ValueProblem>{*std::move(problem)};

  Url url{facts->scheme, authority->host, authority->port.value_or(facts->port), std::string{path}};
  if (!url.is_encrypted() && !is_loopback(url.host))
    return failure("is not encrypted and leaves this machine: " + std::string{facts->text} +
                       ":// is accepted for 127.0.0.0/8 and [::1] only",
                   "write " + std::string{kind == UrlKind::rest ? "https" : "wss"} + "://");
  return url;
}

}  // namespace bridge
