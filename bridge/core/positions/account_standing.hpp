#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bridge/core/positions/publications.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// Whether an account can be trusted, and what account.status says about it: the sum of what its
// session knows, of the mark price stream that all accounts share, and of remarks.
class AccountStanding {
 public:
  // What the session of an account knows about itself.
  enum class UserPhase : std::uint8_t { connecting, syncing, synchronized, failed, stopped };

  // What all accounts share.
  struct Surroundings {
    bool mark_connected = false;
    std::string_view mark_detail;  // why the mark price stream is not connected
    std::string_view notice;       // a remark about all accounts; empty: none
  };

  explicit AccountStanding(WallTime since) : since_{since} {}

  // `detail` is one sentence. A new phase ends what was warned of in the one before.
  void set_user_phase(UserPhase phase, std::string detail);
  // The same, and what is warned of stays.
  void set_synchronized(std::string detail);
  // Whether the user stream is connected, whatever is known through it.
  void set_user_connected(bool connected) { user_connected_ = connected; }
  // A remark beside the phase. Empty: none.
  void set_user_warning(std::string warning) { user_warning_ = std::move(warning); }
  // It has been away and begins again: that it was live once counts for nothing.
  void begin_again() { was_live_ = false; }

  enum class Change : std::uint8_t {
    none,      // account.status would say what it said last
    said,      // something in it changed
    liveness,  // the account became live, or stopped being live
  };
  // Adds everything up; what is asked for below is of the last time.
  Change settle(const Surroundings& surroundings, WallTime now);

  UserPhase user_phase() const { return user_phase_; }
  bool user_connected() const { return user_connected_; }
  AccountState state() const { return state_; }
  bool is_live() const { return state_ == AccountState::live; }
  const std::string& detail() const { return detail_; }
  WallTime since() const { return since_; }  // when state() began

 private:
  AccountState derived_state(bool mark_connected) const;
  std::string remarks(std::string_view notice) const;

  UserPhase user_phase_ = UserPhase::connecting;
  bool user_connected_ = false;
  std::string user_detail_ = "connecting";
  std::string user_warning_;
  bool was_live_ = false;

  AccountState state_ = AccountState::connecting;
  std::string detail_;
  WallTime since_;
  // What account.status said last, so that it is not said twice.
  bool is_said_ = false;
  bool said_user_connected_ = false;
  bool said_mark_connected_ = false;
  std::string said_remarks_;
};

}  // namespace bridge
