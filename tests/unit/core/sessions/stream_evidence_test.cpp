#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/core/sessions/environment_fixture.hpp"

// What is assumed of LIST_SUBSCRIPTIONS and of the forms of address, made false.
namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::Contains;
using ::testing::HasSubstr;

class StreamEvidenceTest : public EnvironmentTest {
 protected:
  using Lists = Treatment::Lists;

  void expect_live(StreamEvidence evidence) {
    ASSERT_TRUE(pass_until(30s, [this] { return all_live(); })) << detail();
    EXPECT_EQ(session_->feed().view(0).evidence, evidence);
  }
  void expect_to_follow_events() {
    trade(0, "BTCUSDT", "2");
    pass(1s);
    EXPECT_EQ(published_amount(0, "BTCUSDT"), "2");
    EXPECT_EQ(session_->feed().view(0).evidence, StreamEvidence::event);
    pass(10min);
    EXPECT_TRUE(all_live());
    EXPECT_EQ(streams_of(0).front().number, 1U) << "still the first connection";
  }
  std::size_t comparisons_within(Duration duration) {
    const std::size_t before = count_of(Endpoint::position_risk);
    pass(duration);
    return count_of(Endpoint::position_risk) - before;
  }
};

TEST_F(StreamEvidenceTest, OtherNamesOfTheKeyAreAList) {
  treatment_of_all_.lists = Lists::other_names;
  start(1, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::listed);
  EXPECT_LE(comparisons_within(60s), 2U);
  expect_to_follow_events();
}

TEST_F(StreamEvidenceTest, BareKeyIsAListAndWatchedUntilAnEventComes) {
  treatment_of_all_.lists = Lists::bare_key;
  start(1, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::listed);
  EXPECT_GE(comparisons_within(60s), 10U) << "it may have overlooked the events";
  expect_to_follow_events();
  EXPECT_LE(comparisons_within(60s), 2U);
}

TEST_F(StreamEvidenceTest, EmptyListLeavesTheAccountLiveAndWatched) {
  treatment_of_all_.lists = Lists::nothing;
  start(1, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::connected);
  EXPECT_THAT(detail(), HasSubstr("nothing shows yet that the user stream delivers"));
  EXPECT_GE(comparisons_within(60s), 10U);
  expect_to_follow_events();
  EXPECT_EQ(detail().find("nothing shows"), std::string::npos);
}

TEST_F(StreamEvidenceTest, ErrorInThePlaceOfAListIsNoEvidenceAndNoReasonToClose) {
  treatment_of_all_.lists = Lists::an_error;
  start(1, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::connected);
  expect_to_follow_events();
}

TEST_F(StreamEvidenceTest, NoAnswerAtAllIsNoReasonToCloseWhilePongsCome) {
  treatment_of_all_.is_deaf_to_probes = true;
  start(1, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::connected);
  expect_to_follow_events();
}

TEST_F(StreamEvidenceTest, ConnectionThatAnswersNothingIsReplaced) {
  start(1, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::listed);
  change_streams(0, [](Stream& stream) { stream.is_silenced = true; });
  pass(limits::stream_silence_max + 1s);
  EXPECT_FALSE(is_live(0));
  EXPECT_TRUE(pass_until(30s, [this] { return all_live(); }));
}

TEST_F(StreamEvidenceTest, ListThatBecomesEmptyIsWatchedAlthoughAnEventHasCome) {
  start(1, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::listed);
  expect_to_follow_events();
  treatment().lists = Lists::nothing;
  pass(limits::probe_interval + 1s);
  EXPECT_GE(comparisons_within(60s), 10U);
}

TEST_F(StreamEvidenceTest, FormThatIsNotServedGivesWayToTheOneThatIs) {
  treatment_of_all_.served = {UserStreamForm::path};
  treatment_of_all_.lists = Lists::nothing;
  start(2, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::connected);
  for (int amount = 1; amount <= 3; ++amount) {
    trade(0, "BTCUSDT", std::to_string(amount));
    EXPECT_TRUE(pass_until(limits::watch_interval + limits::rest_lag_max + 1s, [&] {
      return published_amount(0, "BTCUSDT") == std::to_string(amount);
    })) << amount;
    ASSERT_TRUE(pass_until(30s, [this] { return is_live(0); })) << detail();
  }
  EXPECT_EQ(session_->feed().view(0).evidence, StreamEvidence::event);
  EXPECT_EQ(streams_of(0).front().form, UserStreamForm::path);
  EXPECT_THAT(log_, Contains(HasSubstr("addressed in the form \"path\" deliver events")));
  cut(1);
  pass(100ms);
  ASSERT_TRUE(pass_until(30s, [this] { return is_live(1); }));
  EXPECT_EQ(streams_of(1).front().form, UserStreamForm::path) << "remembered for the environment";
}

TEST_F(StreamEvidenceTest, WhenNoFormBringsAnythingTheAccountStaysLiveAndLateBySeconds) {
  treatment_of_all_.served = {};
  treatment_of_all_.lists = Lists::nothing;
  start(1, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::connected);
  for (int amount = 1; amount <= 20; ++amount) {
    trade(0, "BTCUSDT", std::to_string(amount));
    pass(20s);
    EXPECT_EQ(published_amount(0, "BTCUSDT"), std::to_string(amount));
  }
  EXPECT_TRUE(is_live(0));
  EXPECT_EQ(session_->account(0).stream_metrics().disconnects[CloseCause::distrusted].read(), 3U)
      << "each form was tried once";
}

TEST_F(StreamEvidenceTest, FormOfTheConfigurationIsKept) {
  treatment_of_all_.served = {UserStreamForm::events};
  start(1, {.reconcile_interval = 60s, .user_stream_form = UserStreamForm::path});
  expect_live(StreamEvidence::listed);
  for (int amount = 1; amount <= 5; ++amount) {
    trade(0, "BTCUSDT", std::to_string(amount));
    pass(65s);
    EXPECT_EQ(streams_of(0).front().form, UserStreamForm::path);
  }
}

TEST_F(StreamEvidenceTest, ManyWatchedAccountsStayWithinTheWeight) {
  treatment_of_all_.lists = Lists::nothing;
  start(100, {.reconcile_interval = 60s});
  ASSERT_TRUE(pass_until(2min, [this] { return all_live(); }));
  pass(2min);
  const std::size_t looks = comparisons_within(10min);
  EXPECT_LE(looks * 6, 10U * (limits::routine_weight_spent_max + 60U));
  EXPECT_GE(looks * 6, 10U * limits::routine_weight_spent_max * 8 / 10) << "and use what there is";
  EXPECT_EQ(session_->reconcile_plan().watch_interval(), 30s);
}

// Connections grow old, whatever is known of them.
TEST_F(StreamEvidenceTest, StreamWithoutEvidenceIsReplacedBeforeItIsCut) {
  treatment_of_all_.is_deaf_to_probes = true;
  start(1, {.reconcile_interval = 60s});
  expect_live(StreamEvidence::connected);
  pass(limits::rotation_age + limits::rotation_jitter + 2min);
  EXPECT_TRUE(is_live(0));
  ASSERT_EQ(streams_of(0).size(), 1U);
  EXPECT_EQ(session_->account(0).stream_metrics().disconnects[CloseCause::rotated].read(), 1U);
  trade(0, "BTCUSDT", "2");
  pass(1s);
  EXPECT_EQ(published_amount(0, "BTCUSDT"), "2");
}

}  // namespace
}  // namespace bridge
