#include "bridge/core/exchange/user_stream_form.hpp"

#include <algorithm>

#include "bridge/core/values/assert.hpp"

namespace bridge {

std::string_view to_string(UserStreamForm form) {
  switch (form) {
    case UserStreamForm::events: return "events";
    case UserStreamForm::subscribe: return "subscribe";
    case UserStreamForm::path: return "path";
  }
  BRIDGE_UNREACHABLE("not a UserStreamForm");
}

bool carries_events(UserStreamForm form, const Secret& listen_key,
                    std::span<const Secret> streams) {
  constexpr std::string_view account_updates = "@ACCOUNT_UPDATE";
  return std::any_of(streams.begin(), streams.end(), [&](const Secret& stream) {
    const std::string_view name = stream.reveal();
    if (!name.starts_with(listen_key.reveal())) return false;
    const std::string_view event = name.substr(listen_key.reveal().size());
    return event == account_updates || (event.empty() && form != UserStreamForm::events);
  });
}

}  // namespace bridge
