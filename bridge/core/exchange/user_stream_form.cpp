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

StreamListing listing_of(const Secret& listen_key, std::span<const Secret> streams) {
  StreamListing listing = StreamListing::nothing;
  for (const Secret& stream : streams) {
    const std::string_view name = stream.reveal();
    if (!name.starts_with(listen_key.reveal())) continue;
    const std::string_view event = name.substr(listen_key.reveal().size());
    if (event.empty()) {
      listing = std::max(listing, StreamListing::bare_key);
    } else if (event.front() == '@') {
      listing = StreamListing::events;
    }
  }
  return listing;
}

}  // namespace bridge
