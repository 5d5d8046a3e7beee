#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "tests/exchange/model/scenario.hpp"

namespace exchange {

/// A scenario as its file gives it, with what only the shell needs.
struct ScenarioFile {
  Scenario scenario;
  std::optional<UnixMs> start_time;  // absent: the machine's time
};

/// Reads a scenario. All that is wrong with the file is reported at once, as
/// "file:line: key: what is wrong".
tl::expected<ScenarioFile, std::vector<std::string>> read_scenario(const std::string& path);

/// The same for a text; `name` stands for the file in errors, and files that the text names are
/// looked for beside it.
tl::expected<ScenarioFile, std::vector<std::string>> parse_scenario(const std::string& text,
                                                                    const std::string& name);

/// "500ms", "2s", "30m", "8h".
std::optional<UnixMs> parse_duration(std::string_view text);
/// The same with a sign before it: "-3s".
std::optional<UnixMs> parse_offset(std::string_view text);

}  // namespace exchange
