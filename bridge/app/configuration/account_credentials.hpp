#pragma once

#include <string>

#include "bridge/app/configuration/configuration.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/wire/exchange/credentials.hpp"

namespace bridge {

// What an account proves itself with, made of its secrets. On failure: a sentence without secrets.
Result<Credentials, std::string> make_credentials(const AccountSettings& account,
                                                  const AccountSecrets& secrets);

}  // namespace bridge
