#include "tests/simulation/checkers/socket_checker.hpp"

namespace simulation {

void SocketChecker::settled(AccountIndex account) {
  if (scene().driver.faults().opened_beside_open_stream)
    report(scene().account_name(account) + " opens a stream beside one that is open");
}

void SocketChecker::sweep() {
  if (scene().network.open_links(nobody) > 1) report("there are two mark price streams");
  for (AccountIndex account = 0; account < scene().subscriber.account_count(); ++account) {
    if (scene().network.open_links(account) > 1)
      report(scene().account_name(account) + " has two user streams");
  }
}

}  // namespace simulation
