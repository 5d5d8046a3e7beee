#include "tests/exchange/model/world.hpp"

namespace exchange {

World::World(const Scenario& scenario, UnixMs start)
    : seed(scenario.seed),
      started(start),
      rules(scenario.rules),
      funding_interval_ms(scenario.funding_interval_ms),
      history_length(scenario.history_length),
      symbols(scenario.symbols),
      prices(symbols, scenario.seed, scenario.volatility_percent, start,
             scenario.rules.mark_price_interval_ms),
      weight(scenario.rules.weight_per_minute_max),
      faults(seed_for(scenario.seed, "fault plan")) {}

Member* World::find_member(std::string_view name) const {
  for (const auto& member : members) {
    if (member->name == name) return member.get();
  }
  return nullptr;
}

Member* World::find_by_api_key(std::string_view api_key) const {
  const auto found = by_api_key_.find(api_key);
  return found == by_api_key_.end() ? nullptr : found->second;
}

Member& World::add(Member member) {
  Member& added = *members.emplace_back(std::make_unique<Member>(std::move(member)));
  by_api_key_.emplace(added.api_key, &added);
  return added;
}

}  // namespace exchange
