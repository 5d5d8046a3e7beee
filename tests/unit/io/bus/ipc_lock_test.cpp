#include "bridge/io/bus/ipc_lock.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/io/bus/temporary_folder.hpp"

namespace bridge {
namespace {

using testing::TemporaryFolder;

TEST(IpcLock, OnePathHasOneOwner) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "bus.sock";
  const auto first = IpcLock::take(path);
  ASSERT_TRUE(first) << first.error();
  const auto second = IpcLock::take(path);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("another running bridge"), std::string::npos) << second.error();
}

TEST(IpcLock, IsFreeAgainWhenItsOwnerIsGone) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "bus.sock";
  {
    const auto first = IpcLock::take(path);
    ASSERT_TRUE(first);
  }
  EXPECT_TRUE(IpcLock::take(path));
}

TEST(IpcLock, MissingFolderIsSaidSo) {
  const auto lock = IpcLock::take("/nonexistent/bus.sock");
  ASSERT_FALSE(lock);
  EXPECT_NE(lock.error().find("folder must exist"), std::string::npos) << lock.error();
}

}  // namespace
}  // namespace bridge
