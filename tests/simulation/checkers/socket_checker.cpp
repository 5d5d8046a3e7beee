#include "tests/simulation/checkers/socket_checker.hpp"

#include <algorithm>

namespace simulation {

void SocketChecker::settled(AccountIndex account) {
  if (scene().driver.faults().opened_beside_open_stream)
    report(scene().account_name(account) + " opens a stream beside one that is open");
}

void SocketChecker::sweep() {
  std::fill(open_.begin(), open_.end(), 0);
  for (const auto& [id, link] : scene().network.links()) {
    if (link.client == Network::Link::Client::closed) continue;
    const std::size_t index = std::min<std::size_t>(link.owner.account, open_.size() - 1);
    if (++open_[index] > 1)
      report(link.owner.account == nobody
                 ? "there are two mark price streams"
                 : scene().account_name(link.owner.account) + " has two user streams");
  }
}

}  // namespace simulation
