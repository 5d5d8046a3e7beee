#include "bridge/app/configuration/config_schema.hpp"

namespace bridge::schema {

std::vector<std::string> every_key() {
  constexpr std::array tables{bridge,      publisher, curve,       curve_client, http,  mark_price,
                              user_stream, reconcile, environment, account,      secret};
  std::vector<std::string> all;
  for (const Table& table : tables) {
    for (const std::string_view key : table.keys)
      all.push_back(std::string{table.path} + "." + std::string{key});
  }
  return all;
}

}  // namespace bridge::schema
