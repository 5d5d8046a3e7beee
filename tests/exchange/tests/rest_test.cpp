// REST: who is let in, what it costs and what it says.

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;
using enum OrderSide;

class Rest : public ExchangeTest {
 protected:
  static int code_of(const HttpResponse& response) { return json::parse(response.body)["code"]; }
  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& [known, value] : response.headers) {
      if (known == name) return value;
    }
    return "";
  }
  HttpResponse positions_at(UnixMs timestamp, const std::string& more = "") {
    const std::string query = "timestamp=" + std::to_string(timestamp) + more;
    return ask(
        "GET",
        "/fapi/v3/positionRisk?" + query + "&signature=" + hmac_sha256_hex("secret-of-solo", query),
        "key-of-solo");
  }
};

TEST_F(Rest, ApiKeysAreCheckedFirst) {
  const HttpResponse none = ask("POST", "/fapi/v1/listenKey");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(code_of(none), -2014);
  const HttpResponse unknown = ask("GET", "/fapi/v3/positionRisk", "somebody-else");
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(code_of(unknown), -2015);
}

TEST_F(Rest, MissingParametersAreNamed) {
  const HttpResponse none = ask("GET", "/fapi/v3/positionRisk", "key-of-solo");
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(code_of(none), -1102);
  EXPECT_NE(none.body.find("'timestamp'"), std::string::npos);
  const HttpResponse unsigned_request =
      ask("GET", "/fapi/v3/positionRisk?timestamp=" + std::to_string(now), "key-of-solo");
  EXPECT_NE(unsigned_request.body.find("'signature'"), std::string::npos);
}

TEST_F(Rest, SignatureCoversExactlyTheBytesThatWereSent) {
  const std::string query =
      "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&timestamp=" + std::to_string(now);
  const std::string decoded = "symbol=币安人生USDT&timestamp=" + std::to_string(now);
  const auto with = [&](const std::string& payload) {
    return ask("GET",
               "/fapi/v1/symbolConfig?" + query +
                   "&signature=" + hmac_sha256_hex("secret-of-solo", payload),
               "key-of-solo");
  };
  EXPECT_EQ(with(query).status, 200);
  EXPECT_EQ(code_of(with(decoded)), -1022);
}

TEST_F(Rest, SignatureMayBeInUpperCaseAndCoversTheBodyToo) {
  const std::string query = "recvWindow=5000";
  const std::string body = "timestamp=" + std::to_string(now);
  std::string signature = hmac_sha256_hex("secret-of-solo", query + body);
  for (char& digit : signature) digit = static_cast<char>(std::toupper(digit));
  const HttpResponse response = exchange.request({.method = "GET",
                                                  .target = "/fapi/v1/accountConfig?" + query,
                                                  .api_key = "key-of-solo",
                                                  .body = body + "&signature=" + signature,
                                                  .address = "127.0.0.1"},
                                                 now);
  EXPECT_EQ(response.status, 200);
}

TEST_F(Rest, TimestampsMayBeFiveSecondsOldButNotASecondAhead) {
  EXPECT_EQ(positions_at(now - 5'000).status, 200);
  EXPECT_EQ(code_of(positions_at(now - 5'001)), -1021);
  EXPECT_EQ(positions_at(now + 999).status, 200);
  EXPECT_EQ(code_of(positions_at(now + 1'000)), -1021);
  EXPECT_EQ(positions_at(now - 30'000, "&recvWindow=30000").status, 200);
  EXPECT_EQ(code_of(positions_at(now, "&recvWindow=60001")), -1131);
}

TEST_F(Rest, AsymmetricSignaturesAreChecked) {
  struct Key {
    EVP_PKEY* pair;
    const EVP_MD* digest;
  };
  for (const Key& key : {Key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), nullptr},
                         Key{EVP_RSA_gen(2048), EVP_sha256()}}) {
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key.pair);
    char* pem = nullptr;
    const long size = BIO_get_mem_data(bio, &pem);
    const auto verifier = Verifier::from_public_key({pem, static_cast<std::size_t>(size)});
    BIO_free(bio);
    ASSERT_TRUE(verifier.has_value());
    const std::string payload = "timestamp=1";
    std::vector<unsigned char> raw(512);
    std::size_t raw_size = raw.size();
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, key.digest, nullptr, key.pair);
    EVP_DigestSign(context, raw.data(), &raw_size,
                   reinterpret_cast<const unsigned char*>(payload.data()), payload.size());
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key.pair);
    std::vector<unsigned char> encoded(1'024);
    const int encoded_size =
        EVP_EncodeBlock(encoded.data(), raw.data(), static_cast<int>(raw_size));
    const std::string signature(encoded.begin(), encoded.begin() + encoded_size);
    EXPECT_TRUE(verifier->verify(payload, signature));
    EXPECT_FALSE(verifier->verify("timestamp=2", signature));
    EXPECT_FALSE(verifier->verify(payload, "AAAA"));
    EXPECT_FALSE(verifier->verify(payload, "not base64"));
  }
  EXPECT_FALSE(Verifier::from_public_key("no key").has_value());
}

TEST_F(Rest, WeightIsCountedByTheMinuteOfTheClock) {
  EXPECT_EQ(header(ask("GET", "/fapi/v1/time"), "X-MBX-USED-WEIGHT-1M"), "1");
  EXPECT_EQ(header(ask("GET", "/fapi/v1/premiumIndex"), "X-MBX-USED-WEIGHT-1M"), "11");
  EXPECT_EQ(header(ask("GET", "/fapi/v1/premiumIndex?symbol=BTCUSDT"), "X-MBX-USED-WEIGHT-1M"),
            "12");
  EXPECT_EQ(header(ask_signed("/fapi/v1/positionSide/dual", "solo"), "X-MBX-USED-WEIGHT-1M"), "42");
  pass(minute_ms - 1);
  EXPECT_EQ(header(ask("GET", "/fapi/v1/time"), "X-MBX-USED-WEIGHT-1M"), "43");
  pass(1);
  EXPECT_EQ(header(ask("GET", "/fapi/v1/time"), "X-MBX-USED-WEIGHT-1M"), "1");
}

TEST_F(Rest, WhoGoesOnAboveTheWeightIsBanned) {
  for (int request = 0; request < 240; ++request) {
    ASSERT_EQ(ask("GET", "/fapi/v1/premiumIndex").status, 200);
  }
  pass(20 * second_ms);
  const HttpResponse refused = ask("GET", "/fapi/v1/time");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(code_of(refused), -1003);
  EXPECT_EQ(header(refused, "Retry-After"), "40");
  HttpResponse last = refused;
  for (int request = 0; request < 10; ++request) last = ask("GET", "/fapi/v1/time");
  EXPECT_EQ(last.status, 418);
  EXPECT_NE(last.body.find("banned until " + std::to_string(now + 2 * minute_ms)),
            std::string::npos);
  pass(2 * minute_ms - 1);
  EXPECT_EQ(ask("GET", "/fapi/v1/time").status, 418);
  pass(1);
  EXPECT_EQ(ask("GET", "/fapi/v1/time").status, 200);
}

TEST_F(Rest, WeightBelongsToAnAddress) {
  for (int request = 0; request < 250; ++request) ask("GET", "/fapi/v1/premiumIndex");
  const HttpResponse other =
      exchange.request({.method = "GET", .target = "/fapi/v1/time", .address = "127.0.0.2"}, now);
  EXPECT_EQ(other.status, 200);
}

TEST_F(Rest, PositionRiskShowsOnlyWhatIsOpen) {
  trade("solo", "BTCUSDT", sell, "0.5", "80000");
  trade("solo", "ETHUSDT", buy, "1", "3000");
  trade("solo", "ETHUSDT", sell, "1", "3000");
  const json rows = json::parse(ask_signed("/fapi/v3/positionRisk", "solo").body);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["symbol"], "BTCUSDT");
  EXPECT_EQ(rows[0]["positionAmt"], "-0.500");
  EXPECT_EQ(rows[0]["entryPrice"], "80000");
  EXPECT_EQ(rows[0]["updateTime"], now);
  EXPECT_FALSE(rows[0].contains("leverage"));
  EXPECT_FALSE(rows[0].contains("marginType"));
}

TEST_F(Rest, HedgeLegsAreRowsOfTheirOwn) {
  trade("legs", "BTCUSDT", buy, "0.5", "80000", PositionSide::long_leg);
  trade("legs", "BTCUSDT", sell, "0.2", "80000", PositionSide::short_leg);
  const json rows = json::parse(ask_signed("/fapi/v3/positionRisk", "legs").body);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["positionSide"], "LONG");
  EXPECT_EQ(rows[1]["positionAmt"], "-0.200");
}

TEST_F(Rest, OlderPositionRiskShowsEverySymbolWithItsSettings) {
  ASSERT_TRUE(exchange.set_leverage("solo", "ETHUSDT", 7, now));
  const json all = json::parse(ask_signed("/fapi/v2/positionRisk", "solo").body);
  EXPECT_GT(all.size(), 45U);
  const json one = json::parse(ask_signed("/fapi/v2/positionRisk", "solo", "symbol=ETHUSDT").body);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0]["leverage"], "7");
  EXPECT_EQ(one[0]["marginType"], "cross");
  EXPECT_EQ(one[0]["isAutoAddMargin"], "false");
}

TEST_F(Rest, SymbolConfigTellsLeverageAndMarginType) {
  ASSERT_TRUE(exchange.set_margin_type("solo", "ETHUSDT", MarginType::isolated, now));
  const json rows = json::parse(ask_signed("/fapi/v1/symbolConfig", "solo", "symbol=ETHUSDT").body);
  EXPECT_EQ(rows.at(0)["marginType"], "ISOLATED");
  EXPECT_EQ(rows.at(0)["leverage"], 20);
  EXPECT_EQ(code_of(ask_signed("/fapi/v1/symbolConfig", "solo", "symbol=NOPE")), -1121);
}

TEST_F(Rest, ExchangeInfoListsWhatIsTradedHere) {
  const json info = json::parse(ask("GET", "/fapi/v1/exchangeInfo").body);
  std::map<std::string, json> symbols;
  for (const json& symbol : info["symbols"]) symbols[symbol["symbol"]] = symbol;
  EXPECT_GE(symbols.size(), 45U);
  EXPECT_FALSE(symbols.contains("BTCUSD_PERP"));
  EXPECT_EQ(symbols["XAUUSDT"]["contractType"], "TRADIFI_PERPETUAL");
  EXPECT_EQ(symbols["BTCUSDT_261225"]["contractType"], "CURRENT_QUARTER");
  EXPECT_EQ(symbols["BTCUSDC"]["marginAsset"], "USDC");
}

TEST_F(Rest, EveryAnswerOfAnAccountIsValidJson) {
  trade("solo", "BTCUSDT", sell, "0.5", "80000");
  for (const char* path :
       {"/fapi/v3/account", "/fapi/v2/account", "/fapi/v3/balance", "/fapi/v2/balance",
        "/fapi/v1/accountConfig", "/fapi/v1/leverageBracket", "/fapi/v2/positionRisk"}) {
    const HttpResponse response = ask_signed(path, "solo");
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_FALSE(json::parse(response.body, nullptr, false).is_discarded()) << path;
  }
}

TEST_F(Rest, UnknownPathsHaveTheirOwnCode) {
  const HttpResponse response = ask("GET", "/fapi/v9/nothing");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(code_of(response), -5000);
}

}  // namespace
}  // namespace exchange
