#include "tests/simulation/checkers/sequence_checker.hpp"

namespace simulation {

void SequenceChecker::published_position(const bridge::PositionUpdate& update,
                                         AccountIndex account) {
  count(account, update.account_seq);
  if (update.topic >= seqs_.size()) seqs_.resize(update.topic + std::size_t{1});
  if (update.seq != ++seqs_[update.topic])
    report(scene().account_name(account) + " " + std::string(update.symbol) + ": seq " +
           std::to_string(update.seq) + " where " + std::to_string(seqs_[update.topic]) +
           " was due");
}

void SequenceChecker::published_status(const bridge::AccountStatus& status, AccountIndex account) {
  count(account, status.account_seq);
}

void SequenceChecker::count(AccountIndex account, std::uint64_t account_seq) {
  if (account_seq != ++account_seqs_[account])
    report(scene().account_name(account) + ": account_seq " + std::to_string(account_seq) +
           " where " + std::to_string(account_seqs_[account]) + " was due");
}

}  // namespace simulation
