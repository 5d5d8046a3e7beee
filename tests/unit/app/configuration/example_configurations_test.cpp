#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "bridge/app/configuration/config_schema.hpp"
#include "bridge/app/configuration/configuration.hpp"
#include "tests/unit/app/scratch.hpp"

// The files of config/ are what people copy: every one is read here, and every key must be
// explained in one of them.
namespace bridge {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

const std::filesystem::path examples = std::filesystem::path{POSITION_BRIDGE_SOURCE_DIR} / "config";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  EXPECT_TRUE(stream.is_open()) << file;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// "#key = value" and "#[table]" are settings that are not in force; "# " begins words.
bool is_dormant(const std::string& line) {
  return line.size() > 1 && line[0] == '#' && line[1] != ' ' && line[1] != '#';
}

// The example with every setting in force, line by line as it was.
std::string awake(const std::string& text) {
  std::string awake;
  for (const std::string& line : lines_of(text))
    awake += (is_dormant(line) ? line.substr(1) : line) + "\n";
  return awake;
}

std::set<std::filesystem::path> example_files() {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{examples}) {
    if (entry.path().extension() == ".toml") files.insert(entry.path());
  }
  return files;
}

// A copy of config/ beside which the files lie that the examples name.
class ExampleConfigurations : public testing::Test {
 protected:
  ExampleConfigurations() {
    std::filesystem::create_directories(scratch_.path() / "config");
    std::filesystem::create_directories(scratch_.path() / "build/quickstart");
    scratch_.write("build/quickstart/ca.pem", "");
    for (const auto& file : example_files()) copy(file.filename().string(), text_of(file));
  }

  std::filesystem::path copy(const std::string& name, const std::string& text) const {
    return scratch_.write("config/" + name, text);
  }

  std::vector<std::string> problems_of(const std::filesystem::path& file) const {
    const auto configuration = load_configuration(file);
    std::vector<std::string> whats;
    if (configuration) return whats;
    for (const ConfigProblem& problem : configuration.error())
      whats.push_back(fmt::format("{}: {}", problem.place.key, problem.what));
    return whats;
  }

  ScratchDirectory scratch_;
};

// The only examples that do not run as they are.
TEST_F(ExampleConfigurations, AreValidExceptThatTheDefaultNeedsAnAccount) {
  for (const auto& file : example_files()) {
    const auto problems = problems_of(scratch_.path() / "config" / file.filename());
    if (file.filename() == "bridge.toml") {
      EXPECT_THAT(problems,
                  ElementsAre("account: no account is enabled, so there is nothing to do"));
    } else {
      EXPECT_THAT(problems, ElementsAre()) << file;
    }
  }
}

TEST_F(ExampleConfigurations, DefaultIsValidWithItsDormantSettings) {
  const auto file = copy("bridge.toml", awake(text_of(examples / "bridge.toml")));
  EXPECT_THAT(problems_of(file), ElementsAre());
}

TEST_F(ExampleConfigurations, SettingsInForceInTheDefaultAreTheDefaults) {
  const std::string account =
      "[[account]]\nname = \"main\"\nmarket = \"usdm\"\nenvironment = \"mainnet\"\n"
      "api_key = { env = \"KEY\" }\napi_secret = { env = \"SECRET\" }\n";
  const auto said =
      load_configuration(copy("bridge.toml", text_of(examples / "bridge.toml") + account));
  ASSERT_TRUE(said.has_value()) << to_string(said.error());
  const std::string described = describe(*said);
  const auto unsaid = load_configuration(copy("bridge.toml", account));
  ASSERT_TRUE(unsaid.has_value()) << to_string(unsaid.error());
  EXPECT_EQ(described, describe(*unsaid));
  EXPECT_EQ(said->http.per_symbol_metrics, unsaid->http.per_symbol_metrics);
  EXPECT_EQ(said->http.allow_remote, unsaid->http.allow_remote);
}

TEST_F(ExampleConfigurations, SecretsOfTheQuickStartComeFromSixVariables) {
  std::vector<std::unique_ptr<ScopedVariable>> variables;
  for (const char* name : {"ALPHA", "BETA", "HEDGED"}) {
    for (const char* kind : {"KEY", "SECRET"}) {
      const std::string variable = fmt::format("QUICKSTART_{}_API_{}", name, kind);
      variables.push_back(std::make_unique<ScopedVariable>(variable, variable));
    }
  }
  const auto configuration = load_configuration(scratch_.path() / "config/quickstart.toml");
  ASSERT_TRUE(configuration.has_value()) << to_string(configuration.error());
  const auto secrets = read_secrets(*configuration);
  ASSERT_TRUE(secrets.has_value()) << to_string(secrets.error());
  ASSERT_EQ(secrets->size(), 3U);
  EXPECT_EQ(secrets->at(2).signing_key.reveal(), "QUICKSTART_HEDGED_API_SECRET");
}

TEST_F(ExampleConfigurations, EncryptedBusCanBeReachedFromOtherMachinesByTwoClients) {
  const auto configuration = load_configuration(scratch_.path() / "config/curve.toml");
  ASSERT_TRUE(configuration.has_value()) << to_string(configuration.error());
  ASSERT_TRUE(configuration->publisher.curve.has_value());
  EXPECT_EQ(configuration->publisher.curve->allowed_clients.size(), 2U);
  EXPECT_EQ(configuration->publisher.bind.front(), "tcp://0.0.0.0:5556");
  EXPECT_THAT(insecurities(*configuration), ElementsAre());
}

TEST_F(ExampleConfigurations, ProcessesOnOneMachineShareNothing) {
  const auto a = load_configuration(scratch_.path() / "config/process-a.toml");
  const auto b = load_configuration(scratch_.path() / "config/process-b.toml");
  ASSERT_TRUE(a && b);
  EXPECT_NE(a->bridge.instance, b->bridge.instance);
  EXPECT_NE(to_string(a->http.listen), to_string(b->http.listen));
  for (const std::string& endpoint : a->publisher.bind)
    EXPECT_THAT(b->publisher.bind, Not(Contains(endpoint)));
  for (const AccountSettings& account : a->accounts) {
    EXPECT_THAT(b->accounts, Not(Contains(testing::Field(&AccountSettings::name, account.name))));
  }
}

TEST_F(ExampleConfigurations, DeskShowsEveryPlaceOfASecretButTheEnvironmentAndADisabledAccount) {
  const auto desk = load_configuration(scratch_.path() / "config/desk.toml");
  ASSERT_TRUE(desk.has_value()) << to_string(desk.error());
  std::set<SecretSource::Kind> kinds;
  std::set<bool> enabled;
  for (const AccountSettings& account : desk->accounts) {
    kinds.insert({account.api_key.kind, account.signing_key.kind});
    enabled.insert(account.enabled);
  }
  EXPECT_THAT(kinds, testing::UnorderedElementsAre(SecretSource::Kind::file,
                                                   SecretSource::Kind::credential));
  EXPECT_EQ(enabled.size(), 2U);
  EXPECT_THAT(insecurities(*desk), ElementsAre()) << "an example of how it is done well";
}

std::string schema_table(const std::string& path) {
  if (path.starts_with("environment.")) return "environment.NAME";
  if (path == "account.api_key" || path == "account.api_secret" || path == "account.private_key")
    return "SECRET";
  return path;
}

// A key at the start of its line is explained by the comment above it; one within braces by the
// comment above the line.
bool is_explained(const std::vector<std::string>& lines, const toml::source_position& position) {
  const std::size_t above = position.line - 2;
  return position.line >= 2 && above < lines.size() && lines[above].starts_with("# ");
}

void collect(const toml::table& table, const std::string& path,
             const std::vector<std::string>& lines, std::set<std::string>& explained) {
  for (const auto& [key, value] : table) {
    const std::string name =
        path.empty() ? std::string{key.str()} : fmt::format("{}.{}", path, key.str());
    if (!path.empty() && is_explained(lines, key.source().begin))
      explained.insert(fmt::format("{}.{}", schema_table(path), key.str()));
    if (value.is_table()) collect(*value.as_table(), name, lines, explained);
    if (!value.is_array()) continue;
    for (const toml::node& element : *value.as_array()) {
      if (element.is_table()) collect(*element.as_table(), name, lines, explained);
    }
  }
}

TEST(ExampleConfigurationKeys, AreAllExplainedWhereTheyStand) {
  std::set<std::string> explained;
  for (const auto& file : example_files()) {
    const std::string text = awake(text_of(file));
    const toml::table table = toml::parse(text, std::string_view{"example"});
    collect(table, "", lines_of(text), explained);
  }
  for (const std::string& key : schema::every_key())
    EXPECT_TRUE(explained.contains(key)) << key << " is explained by no example of config/";
}

}  // namespace
}  // namespace bridge
