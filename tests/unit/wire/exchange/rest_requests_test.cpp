#include "bridge/wire/exchange/rest_requests.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/wire/exchange/test_keys.hpp"

namespace bridge::test {
namespace {

constexpr WallTime at = wall_time_from_ms(1591702613943);

Credentials hmac_credentials() {
  return {Secret{"the-key"}, RequestSigner::from_api_secret(Secret{"the-secret"}).value()};
}

TEST(RestRequests, PublicRequestsCarryNothing) {
  const RestRequest time = make_request(Endpoint::server_time, nullptr, at);
  EXPECT_EQ(time.method, HttpMethod::get);
  EXPECT_EQ(time.target.reveal(), "/fapi/v1/time");
  EXPECT_FALSE(time.api_key);
  const Credentials credentials = hmac_credentials();
  const RestRequest prices = make_request(Endpoint::premium_index_of_all, &credentials, at);
  EXPECT_EQ(prices.target.reveal(), "/fapi/v1/premiumIndex");
  EXPECT_FALSE(prices.api_key) << "a key that is not asked for is not shown";
}

TEST(RestRequests, SymbolOfThePremiumIndexIsPercentEncoded) {
  const auto target = [](std::string_view symbol) {
    return std::string{
        make_request(Endpoint::premium_index, nullptr, at, receive_window_default, symbol)
            .target.reveal()};
  };
  EXPECT_EQ(target("BTCUSDT_261225"), "/fapi/v1/premiumIndex?symbol=BTCUSDT_261225");
  EXPECT_EQ(target("币安USDT"), "/fapi/v1/premiumIndex?symbol=%E5%B8%81%E5%AE%89USDT");
}

TEST(RestRequests, ListenKeyRequestsCarryTheKeyAndNoParameters) {
  const Credentials credentials = hmac_credentials();
  const auto expect = [&](Endpoint endpoint, std::string_view method) {
    const RestRequest request = make_request(endpoint, &credentials, at);
    EXPECT_EQ(to_string(request.method), method);
    EXPECT_EQ(request.target.reveal(), "/fapi/v1/listenKey");
    ASSERT_TRUE(request.api_key);
    EXPECT_EQ(request.api_key->reveal(), "the-key");
  };
  expect(Endpoint::create_listen_key, "POST");
  expect(Endpoint::keep_listen_key_alive, "PUT");
  expect(Endpoint::close_listen_key, "DELETE");
}

TEST(RestRequests, SignedRequestsEndInTheSignatureOfTheirQuery) {
  const Credentials credentials = hmac_credentials();
  const std::string query = "recvWindow=5000&timestamp=1591702613943";
  const std::string signature{credentials.signer.sign(query).reveal()};
  const auto target = [&](Endpoint endpoint) {
    const RestRequest request = make_request(endpoint, &credentials, at);
    EXPECT_EQ(request.method, HttpMethod::get);
    EXPECT_TRUE(request.api_key);
    return std::string{request.target.reveal()};
  };
  const std::string tail = "?" + query + "&signature=" + signature;
  EXPECT_EQ(target(Endpoint::position_risk), "/fapi/v3/positionRisk" + tail);
  EXPECT_EQ(target(Endpoint::position_risk_v2), "/fapi/v2/positionRisk" + tail);
  EXPECT_EQ(target(Endpoint::account_v2), "/fapi/v2/account" + tail);
  EXPECT_EQ(target(Endpoint::account_config), "/fapi/v1/accountConfig" + tail);
  EXPECT_EQ(target(Endpoint::position_side_dual), "/fapi/v1/positionSide/dual" + tail);
  EXPECT_EQ(target(Endpoint::symbol_config), "/fapi/v1/symbolConfig" + tail);
}

TEST(RestRequests, TheReceiveWindowIsInMilliseconds) {
  const Credentials credentials = hmac_credentials();
  const RestRequest request =
      make_request(Endpoint::position_risk, &credentials, at, std::chrono::seconds{60});
  EXPECT_EQ(request.target.reveal().find("recvWindow=60000&"),
            std::string_view{"/fapi/v3/positionRisk?"}.size());
}

TEST(RestRequests, AsymmetricSignaturesAreVerifiedFromTheTargetAsSent) {
  const TestKey key = make_ed25519_key();
  const Credentials credentials{Secret{"k"},
                                RequestSigner::from_private_key(Secret{private_pem(key)}).value()};
  const std::string target{
      make_request(Endpoint::account_config, &credentials, at).target.reveal()};
  constexpr std::string_view mark = "&signature=";
  const std::size_t query_start = target.find('?') + 1;
  const std::size_t query_end = target.find(mark);
  ASSERT_NE(query_end, std::string::npos);
  EXPECT_TRUE(is_signature(key, nullptr, target.substr(query_start, query_end - query_start),
                           target.substr(query_end + mark.size())));
}

}  // namespace
}  // namespace bridge::test
