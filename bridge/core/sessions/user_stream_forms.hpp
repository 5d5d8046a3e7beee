#pragma once

#include <optional>

#include "bridge/core/exchange/user_stream_form.hpp"

namespace bridge {

// In which form the user streams of one environment are addressed: as configured, or in the one
// that has brought an event to any account of the environment; until then, one after the other.
class UserStreamForms {
 public:
  // Nothing: all of them are tried.
  explicit UserStreamForms(std::optional<UserStreamForm> configured)
      : configured_{configured}, first_{configured.value_or(UserStreamForm::events)} {}

  // The form that an account begins with.
  UserStreamForm first() const { return first_; }
  // What to try after a form that brought nothing.
  UserStreamForm after(UserStreamForm form) const {
    if (configured_) return *configured_;
    return static_cast<UserStreamForm>((static_cast<int>(form) + 1) % user_stream_form_count);
  }
  // How many there are to try.
  int count() const { return configured_ ? 1 : user_stream_form_count; }
  // An event has come on a stream of this form. True if accounts began with another one until now.
  bool note_works(UserStreamForm form) {
    const bool is_news = form != first_;
    first_ = form;
    return is_news;
  }

 private:
  const std::optional<UserStreamForm> configured_;
  UserStreamForm first_;
};

}  // namespace bridge
