#pragma once

#include <string>
#include <vector>

namespace exchange {

/// PEM texts of a certificate authority that was made for this run, and of the server's
/// certificate that it signed. The authority's private key is forgotten at once.
struct Certificates {
  std::string authority;
  std::string server;
  std::string server_key;
};

/// For 127.0.0.1, ::1, localhost and `extra_names`; valid from yesterday for a year.
Certificates make_certificates(const std::vector<std::string>& extra_names);

}  // namespace exchange
