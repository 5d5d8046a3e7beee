#include "tests/simulation/checkers/socket_checker.hpp"

#include <chrono>

#include "bridge/core/limits/limits.hpp"

namespace simulation {
namespace {

// Whoever wakes the sessions may stand still for a while.
bridge::Duration overlap_max() {
  return bridge::limits::rotation_patience + std::chrono::seconds{110};
}

}  // namespace

void SocketChecker::settled(AccountIndex account) {
  if (scene().driver.faults().opened_a_third_stream)
    report(scene().account_name(account) + " opens a third stream beside two that are open");
}

void SocketChecker::sweep() {
  check(nobody);
  for (AccountIndex account = 0; account < scene().subscriber.account_count(); ++account)
    check(account);
}

void SocketChecker::check(AccountIndex account) {
  const auto& links = scene().network.open_links(account);
  if (links.size() < 2) return;
  const bool may_overlap =
      links.size() == 2 && scene().clock.elapsed() - links.back()->asked_at <= overlap_max();
  if (may_overlap) return;
  report(account == nobody ? "there are two mark price streams"
                           : scene().account_name(account) + " has two user streams");
}

}  // namespace simulation
