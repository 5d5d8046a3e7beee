#include "bridge/app/configuration/account_credentials.hpp"

#include <utility>

#include "bridge/wire/exchange/request_signer.hpp"

namespace bridge {

Result<Credentials, std::string> make_credentials(const AccountSettings& account,
                                                  const AccountSecrets& secrets) {
  auto signer = account.signing_method == SigningMethod::hmac
                    ? RequestSigner::from_api_secret(secrets.signing_key)
                    : RequestSigner::from_private_key(secrets.signing_key);
  if (!signer) return Failure<std::string>{signer.error().message};
  return Credentials{.api_key = secrets.api_key, .signer = std::move(*signer)};
}

}  // namespace bridge
