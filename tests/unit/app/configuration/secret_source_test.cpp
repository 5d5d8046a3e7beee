#include "bridge/app/configuration/secret_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/unit/app/scratch.hpp"

namespace bridge {
namespace {

const ConfigPlace place{"bridge.toml", 5, 11, "account.main.api_key"};

SecretSource variable(const std::string& name) {
  return {SecretSource::Kind::environment_variable, name, place};
}

SecretSource file(const std::filesystem::path& path) {
  return {SecretSource::Kind::file, path.string(), place};
}

SecretSource credential(const std::string& name) {
  return {SecretSource::Kind::credential, name, place};
}

std::string text_of(const SecretSource& source) {
  const auto secret = read_secret(source);
  EXPECT_TRUE(secret.has_value()) << to_string(secret.error());
  return secret ? std::string{secret->reveal()} : "";
}

std::string problem_of(const SecretSource& source) {
  const auto secret = read_secret(source);
  return secret ? "" : to_string(secret.error());
}

constexpr const char* where = "bridge.toml:5:11: account.main.api_key: ";

TEST(SecretSource, VariableIsReadAndStaysInTheEnvironment) {
  const ScopedVariable set{"SECRET_SOURCE_TEST", "s3cret\n"};
  EXPECT_EQ(text_of(variable("SECRET_SOURCE_TEST")), "s3cret");
  EXPECT_EQ(text_of(variable("SECRET_SOURCE_TEST")), "s3cret");
}

TEST(SecretSource, VariableThatIsNotSetIsNamed) {
  EXPECT_EQ(problem_of(variable("SECRET_SOURCE_TEST")),
            std::string{where} +
                "environment variable SECRET_SOURCE_TEST is not set; set it before the start: "
                "export SECRET_SOURCE_TEST=…");
}

TEST(SecretSource, VariableThatIsEmptyIsAProblem) {
  const ScopedVariable set{"SECRET_SOURCE_TEST", "\n"};
  EXPECT_EQ(problem_of(variable("SECRET_SOURCE_TEST")),
            std::string{where} +
                "environment variable SECRET_SOURCE_TEST is empty; put the secret into it");
}

TEST(SecretSource, FileIsReadWithoutTheLineBreaksAtItsEnd) {
  const ScratchDirectory scratch;
  EXPECT_EQ(text_of(file(scratch.write("a", "s3cret"))), "s3cret");
  EXPECT_EQ(text_of(file(scratch.write("b", "s3cret\n"))), "s3cret");
  EXPECT_EQ(text_of(file(scratch.write("c", "s3cret\r\n\n"))), "s3cret");
  EXPECT_EQ(text_of(file(scratch.write("d", "two\nlines\n", 0400))), "two\nlines");
}

TEST(SecretSource, FileThatOthersMayUseIsRefused) {
  const ScratchDirectory scratch;
  for (const mode_t mode : {0640U, 0604U, 0620U, 0610U, 0644U, 0777U}) {
    const auto path = scratch.write("key", "s3cret", mode);
    EXPECT_EQ(scratch.without_directory(problem_of(file(path))),
              fmt::format("{}file \"key\" can be used by others than its owner (mode {:04o}); "
                          "chmod 600 key",
                          where, mode));
  }
}

TEST(SecretSource, FileThatIsAbsentIsNamed) {
  const ScratchDirectory scratch;
  EXPECT_EQ(scratch.without_directory(problem_of(file(scratch.path() / "key"))),
            std::string{where} +
                "file \"key\" cannot be opened: No such file or directory; name a file that this "
                "user can read; a relative path starts from the directory of the configuration");
}

TEST(SecretSource, SymbolicLinkIsRefused) {
  const ScratchDirectory scratch;
  std::filesystem::create_symlink(scratch.write("real", "s3cret"), scratch.path() / "key");
  EXPECT_EQ(scratch.without_directory(problem_of(file(scratch.path() / "key"))),
            std::string{where} + "file \"key\" is a symbolic link; name the file itself");
}

TEST(SecretSource, DirectoriesAndPipesAreRefusedWithoutWaiting) {
  const ScratchDirectory scratch;
  const auto pipe = scratch.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& path : {scratch.path(), pipe}) {
    EXPECT_NE(problem_of(file(path)).find("is not a regular file"), std::string::npos) << path;
  }
}

TEST(SecretSource, FileOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const ScratchDirectory scratch;
  const auto path = scratch.write("key", "s3cret");
  ASSERT_EQ(chown(path.c_str(), 12345, 12345), 0);
  EXPECT_EQ(scratch.without_directory(problem_of(file(path))),
            std::string{where} +
                "file \"key\" belongs to user 12345, who could exchange it; chown 0 key");
}

TEST(SecretSource, FileThatIsEmptyOrTooLargeIsAProblem) {
  const ScratchDirectory scratch;
  EXPECT_EQ(scratch.without_directory(problem_of(file(scratch.write("key", "\r\n")))),
            std::string{where} + "file \"key\" is empty; put the secret into it");
  EXPECT_EQ(text_of(file(scratch.write("key", std::string(secret_size_max, 'x')))).size(),
            secret_size_max);
  EXPECT_EQ(scratch.without_directory(
                problem_of(file(scratch.write("key", std::string(secret_size_max + 1, 'x'))))),
            std::string{where} +
                "file \"key\" has more than 16384 bytes; name a place that holds "
                "nothing but the secret");
}

TEST(SecretSource, CredentialMayShowGroupPermissions) {
  const ScratchDirectory scratch;
  const ScopedVariable directory{"CREDENTIALS_DIRECTORY", scratch.path().string()};
  scratch.write("main.key", "s3cret\n", 0440);
  EXPECT_EQ(text_of(credential("main.key")), "s3cret");
}

TEST(SecretSource, FileThatIsACredentialMayShowGroupPermissionsToo) {
  const ScratchDirectory scratch;
  const std::string path = scratch.write("main.key", "s3cret\n", 0440);
  EXPECT_NE(problem_of(file(path)).find("can be used by others"), std::string::npos);
  const ScopedVariable directory{"CREDENTIALS_DIRECTORY", scratch.path().string()};
  EXPECT_EQ(text_of(file(path)), "s3cret");
}

TEST(SecretSource, CredentialWithoutSystemdSaysHowToGiveOne) {
  EXPECT_EQ(problem_of(credential("main.key")),
            std::string{where} +
                "there is no credential \"main.key\", since systemd gave none; run as a systemd "
                "service with LoadCredential=main.key:PATH, or use { env = … } or { file = … }");
}

TEST(SecretSource, NeitherItsPlaceNorItsProblemsHoldTheSecret) {
  const ScratchDirectory scratch;
  const ScopedVariable set{"SECRET_SOURCE_TEST", "SENTINEL"};
  EXPECT_EQ(to_string(variable("SECRET_SOURCE_TEST")), "env SECRET_SOURCE_TEST");
  const std::string large = "SENTINEL" + std::string(secret_size_max, 'x');
  for (const auto& path : {scratch.write("a", "SENTINEL", 0644), scratch.write("b", large)})
    EXPECT_EQ(problem_of(file(path)).find("SENTINEL"), std::string::npos);
}

}  // namespace
}  // namespace bridge
