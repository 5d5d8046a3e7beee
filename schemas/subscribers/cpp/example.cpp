// Prints the positions of a bridge as they change.
//
// usage: example [--json] ENDPOINT [ACCOUNT,...|all] [HEARTBEAT_INTERVAL_MS]
//
// With an encrypted bus, CURVE_SERVER_KEY, CURVE_PUBLIC_KEY and CURVE_SECRET_KEY are in the
// environment. With --json, the complete state as one line, ten times per second.
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <position_subscriber.hpp>
#include <sstream>

namespace {

using namespace position_subscriber;
using Json = nlohmann::json;

constexpr std::chrono::milliseconds json_interval{100};

template <class Value>
Json to_json(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json to_json(const Position& position) {
  return {{"account", position.account},
          {"symbol", position.symbol},
          {"position_side", position.position_side},
          {"side", position.side},
          {"size", position.size},
          {"entry_price", position.entry_price},
          {"break_even_price", to_json(position.break_even_price)},
          {"mark_price", to_json(position.mark_price)},
          {"unrealized_pnl", to_json(position.unrealized_pnl)},
          {"realized_pnl", to_json(position.realized_pnl)},
          {"margin_type", to_json(position.margin_type)},
          {"isolated_wallet", to_json(position.isolated_wallet)},
          {"leverage", to_json(position.leverage)},
          {"position_time_us", to_json(position.position_time_us)},
          {"state", position.state}};
}

void print_json(const Subscriber& subscriber) {
  Json positions = Json::array();
  for (const auto& [key, position] : subscriber.positions()) positions.push_back(to_json(position));
  Json accounts = Json::object();
  for (const auto& [name, account] : subscriber.accounts())
    accounts[name] = {{"state", account.state}, {"is_current", account.is_current}};
  const Counters& counters = subscriber.counters();
  const Json line = {{"positions", positions},
                     {"accounts", accounts},
                     {"counters",
                      {{"gaps", counters.gaps},
                       {"snapshots", counters.snapshots},
                       {"epochs", counters.epochs},
                       {"stale", counters.stale},
                       {"rejected", counters.rejected}}}};
  std::cout << line << std::endl;
}

void print_change(const Subscriber& subscriber, const Change& change) {
  if (change.symbol.empty()) {
    const auto account = subscriber.accounts().find(change.account);
    if (account == subscriber.accounts().end()) return;
    std::cout << change.account << ": " << account->second.state << ", "
              << (account->second.is_current ? "complete" : "incomplete") << std::endl;
    return;
  }
  std::cout << change.account << ' ' << change.symbol << ' ' << change.position_side << ' ';
  const auto found = subscriber.positions().find(change);
  if (found == subscriber.positions().end()) {
    std::cout << "closed" << std::endl;
    return;
  }
  const Position& position = found->second;
  std::cout << position.side << ' ' << position.size << " at "
            << position.mark_price.value_or("no price yet") << " (" << position.state << ')'
            << std::endl;
}

std::set<Text> names_in(const Text& list) {
  std::set<Text> names;
  std::istringstream stream{list};
  for (Text name; list != "all" && std::getline(stream, name, ',');) names.insert(name);
  return names;
}

std::optional<Curve> keys_from_environment() {
  const char* server = std::getenv("CURVE_SERVER_KEY");
  const char* mine = std::getenv("CURVE_PUBLIC_KEY");
  const char* secret = std::getenv("CURVE_SECRET_KEY");
  if (server == nullptr || mine == nullptr || secret == nullptr) return std::nullopt;
  return Curve{server, mine, secret};
}

void run(bool is_json, const std::vector<Text>& arguments) {
  const auto argument = [&](std::size_t index, const Text& otherwise) {
    return index < arguments.size() ? arguments[index] : otherwise;
  };
  const Options options{
      .accounts = names_in(argument(1, "all")),
      .heartbeat_interval = std::chrono::milliseconds{std::stoi(argument(2, "1000"))},
      .curve = keys_from_environment()};
  Subscriber subscriber{arguments.at(0), options};
  for (auto next_line = Clock::now();;) {
    const auto changes = subscriber.poll(json_interval);
    if (!is_json) {
      for (const Change& change : changes) print_change(subscriber, change);
    } else if (Clock::now() >= next_line) {
      print_json(subscriber);
      next_line = Clock::now() + json_interval;
    }
  }
}

}  // namespace

int main(int argument_count, char** arguments) try {
  std::vector<Text> rest(arguments + 1, arguments + argument_count);
  const bool is_json = !rest.empty() && rest.front() == "--json";
  if (is_json) rest.erase(rest.begin());
  if (rest.empty()) throw std::invalid_argument{"which endpoint?"};
  run(is_json, rest);
} catch (const std::exception& error) {
  std::cerr << "example: " << error.what() << '\n';
  return 1;
}
