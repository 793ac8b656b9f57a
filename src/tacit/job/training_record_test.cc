// The record of a training as text: nothing is lost, what is no record is refused, and of two records the
// higher counts hold.
#include "tacit/job/training_record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/job/testing/sample_job.h"
#include "tacit/job/testing/sample_report.h"

namespace tacit {
namespace {

using nlohmann::json;

class Record : public ::testing::Test {
 protected:
  testing::ScratchFolder folder_;
  Job job_ = testing::read_job_text(folder_, testing::sample_job_text());

  TrainingRecord sample() const {
    TrainingRecord r;
    r.used = {5, 0, 1};
    r.ledger = {{"loss", {"alpha", "north"}, "to see it converge", 320, 5},
                {"model", {"south"}, "south uses it", 6400, 1}};
    r.losses_until = 301;
    r.loss = {{100, 0.5}, {300, 0.25}};
    r.resumed = {100, 200};
    r.breaks = {{117, "beta", "beta has left"}, {230, "gamma", "gamma has been silent for 5.0 s"}};
    r.seconds = 12.5;
    r.spent = testing::sample_report().parties[0];
    r.agreed = {sha256(bytes_of("session")), 300, std::vector<Digest>(3, sha256(bytes_of("file")))};
    return r;
  }
};

TEST_F(Record, GoesThereAndBack) {
  const TrainingRecord r = sample(), back = parse_training_record(to_text(r), job_);
  EXPECT_EQ(to_text(back), to_text(r));
  EXPECT_EQ(back.used, r.used);
  EXPECT_EQ(back.losses_until, 301u);
  EXPECT_EQ(back.resumed, r.resumed);
  EXPECT_EQ(back.loss[1].loss, 0.25);
  ASSERT_EQ(back.breaks.size(), 2u);
  EXPECT_EQ(back.breaks[1].step, 230u);
  EXPECT_EQ(back.breaks[1].who, "gamma");
  EXPECT_EQ(back.breaks[0].what, "beta has left");
  EXPECT_EQ(back.spent.scopes.at("train/forward").rounds, r.spent.scopes.at("train/forward").rounds);
  EXPECT_EQ(back.agreed.files, r.agreed.files);
  // What a party alone was told is not for the others.
  const json j = json::parse(public_text(r));
  EXPECT_FALSE(j.contains("loss"));
  EXPECT_FALSE(j.contains("spent"));
  EXPECT_FALSE(j.contains("breaks"));
}

TEST_F(Record, KeepsTheLastBreaksAndNoLongTexts) {
  TrainingRecord r = sample();
  for (std::size_t i = 0; i < 40; ++i) note(r, {i, "beta", "beta \xff\n" + std::string(5000, 'x')});
  EXPECT_EQ(r.breaks.size(), 32u);
  EXPECT_EQ(r.breaks.back().step, 39u);
  EXPECT_LE(r.breaks.back().what.size(), 400u);
  EXPECT_TRUE(r.breaks.back().what.starts_with("beta ?\\x0ax")) << r.breaks.back().what.substr(0, 20);
  EXPECT_EQ(to_text(parse_training_record(to_text(r), job_)), to_text(r));
  r.breaks.push_back({1, "beta", "one more than can be"});
  EXPECT_THROW(parse_training_record(to_text(r), job_), UsageError);
}

TEST_F(Record, RefusesWhatIsNone) {
  const json whole = json::parse(to_text(sample()));
  for (const auto& [key, value] : whole.items()) {
    json j = whole;
    j.erase(key);
    EXPECT_THROW(parse_training_record(j.dump(), job_), UsageError) << "without " << key;
    j[key] = "x";
    EXPECT_THROW(parse_training_record(j.dump(), job_), UsageError) << "with another " << key;
  }
  json j = whole;
  j["used"] = {1, 2};
  EXPECT_THROW(parse_training_record(j.dump(), job_), UsageError);
  j = whole;
  j["agreed"]["files"].push_back(std::string(64, '0'));
  EXPECT_THROW(parse_training_record(j.dump(), job_), UsageError);
  j = whole;
  j["agreed"]["session"] = "00";
  EXPECT_THROW(parse_training_record(j.dump(), job_), UsageError);
  EXPECT_THROW(parse_training_record("{", job_), UsageError);
}

TEST_F(Record, TheHigherCountsHold) {
  TrainingRecord own = sample(), other = sample();
  other.used = {4, 3, 1};
  other.ledger = {{"metric", {"beta"}, "to know how good it is", 64, 3},
                  {"loss", {"alpha", "north"}, "to see it converge", 384, 6}};
  other.losses_until = 400;
  other.resumed = {100, 200, 300};
  take_highest(own, public_text(other), "beta", job_);
  EXPECT_EQ(own.used, (Uses{5, 3, 1}));
  ASSERT_EQ(own.ledger.size(), 3u);
  EXPECT_EQ(own.ledger[0].times, 6u);
  EXPECT_EQ(own.ledger[0].bits, 384u);
  EXPECT_EQ(own.ledger[1].times, 1u);
  EXPECT_EQ(own.ledger[2].what, "metric");
  EXPECT_EQ(own.losses_until, 400u);
  EXPECT_EQ(own.resumed, other.resumed);
  take_highest(own, public_text(sample()), "beta", job_);
  EXPECT_EQ(own.losses_until, 400u) << "not the last that was heard";
  try {
    take_highest(own, "[]", "beta", job_);
    FAIL();
  } catch (const PeerError& e) { EXPECT_EQ(e.peer, "beta"); }
}

}  // namespace
}  // namespace tacit
