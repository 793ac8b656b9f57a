// The report as JSON: nothing is lost on the way there and back, and what is no report is refused. And files
// that are written whole or not at all.
#include "tacit/job/report.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "tacit/data/testing/files.h"
#include "tacit/job/testing/sample_job.h"
#include "tacit/job/testing/sample_report.h"

namespace tacit {
namespace {

using nlohmann::json;
using testing::read_file;
using testing::sample_report;
using testing::ScratchFolder;
using testing::usage_error;

TEST(Report, GoesThereAndBack) {
  RunReport r = sample_report();
  r.stamps = {"simulation", "links slowed to 40ms,100mbit"};
  r.agreement = {{300, 298, 2, 0.25, 0.125}};
  r.resumed = {300, 500};
  const json there = to_json(r);
  const RunReport back = report_from_json(json::parse(there.dump()));
  EXPECT_EQ(to_json(back), there);
  EXPECT_EQ(back.job, r.job);
  EXPECT_EQ(back.job_hash, r.job_hash);
  EXPECT_EQ(back.protocol, r.protocol);
  EXPECT_EQ(back.threat, r.threat);
  EXPECT_EQ(back.profile, r.profile);
  EXPECT_EQ(back.mode, r.mode);
  EXPECT_EQ(back.stamps, r.stamps);
  EXPECT_EQ(back.machine, r.machine);
  EXPECT_EQ(back.fraction_bits, r.fraction_bits);
  EXPECT_EQ(
      (std::vector<std::size_t>{back.train_rows, back.test_rows, back.steps, back.epochs, back.parameters}),
      (std::vector<std::size_t>{r.train_rows, r.test_rows, r.steps, r.epochs, r.parameters}));
  EXPECT_EQ(back.seconds, r.seconds);
  EXPECT_EQ(back.resumed, r.resumed);
  EXPECT_EQ(back.metric, r.metric);
  EXPECT_EQ(back.private_metric, r.private_metric);
  EXPECT_EQ(back.clear_metric, r.clear_metric);
  EXPECT_EQ(back.clear_note, r.clear_note);
  ASSERT_EQ(back.loss.size(), r.loss.size());
  EXPECT_EQ(back.loss[3].step, r.loss[3].step);
  EXPECT_EQ(back.loss[3].loss, r.loss[3].loss);
  EXPECT_EQ(back.clear_loss[3].loss, r.clear_loss[3].loss);
  ASSERT_EQ(back.parties.size(), 3u);
  EXPECT_EQ(back.parties[1].name, "beta");
  EXPECT_EQ(back.parties[1].total.payload, r.parties[1].total.payload);
  EXPECT_EQ(back.parties[1].memory_bytes, r.parties[1].memory_bytes);
  EXPECT_EQ(back.parties[1].scopes.at("train/forward/conv1").rounds, 920u);
  ASSERT_EQ(back.disclosures.size(), r.disclosures.size());
  EXPECT_EQ(back.disclosures[2].to, std::vector<std::string>{"north"});
  EXPECT_EQ(back.disclosures[0].times, 40u);
  EXPECT_EQ(back.security, r.security);
  ASSERT_TRUE(back.agreement);
  EXPECT_EQ(back.agreement->close_calls, 2u);
  EXPECT_EQ(back.agreement->worst_difference, 0.125);
}

TEST(Report, KeepsWhatIsThereNowAndThen) {
  const RunReport r = testing::full_report();
  const json there = to_json(r);
  EXPECT_EQ(there.at("comparison").at("first_divergence").at("batch"), 12) << "batches are counted from 1";
  EXPECT_EQ(there.at("comparison").at("first_divergence").at("cause"), "range");
  const RunReport back = report_from_json(json::parse(there.dump()));
  EXPECT_EQ(to_json(back), there);
  EXPECT_EQ(back.settings, r.settings);
  ASSERT_EQ(back.breaks.size(), 2u);
  EXPECT_EQ(back.breaks[1].step, 512u);
  EXPECT_EQ(back.breaks[1].who, "gamma");
  EXPECT_EQ(back.breaks[0].what, r.breaks[0].what);
  EXPECT_EQ(back.mended, r.mended);
  EXPECT_FALSE(back.mended.empty());
  ASSERT_EQ(back.planned.size(), 3u);
  EXPECT_EQ(back.planned[2].total.payload, 400'000'000u);
  EXPECT_EQ(back.planned[2].total.seconds, 80.0);
  ASSERT_TRUE(back.comparison && back.comparison->first);
  EXPECT_EQ(back.comparison->first->batch, 11u);
  EXPECT_EQ(back.comparison->first->proposed_fraction_bits, 12u);
  EXPECT_TRUE(back.comparison->first->range);
}

TEST(Report, WhatIsNotThereIsNotMissed) {
  const json plain = to_json(sample_report());
  for (const char* key : {"breaks", "mended", "plan", "comparison", "overflow_guard"})
    EXPECT_FALSE(plain.contains(key)) << key;
  EXPECT_FALSE(plain.at("job").contains("settings"));
  const RunReport back = report_from_json(plain);
  EXPECT_TRUE(back.settings.empty() && back.breaks.empty() && back.planned.empty() && !back.comparison);
}

TEST(Report, RefusesAPlanOfAnotherForm) {
  const json whole = to_json(testing::full_report());
  json j = whole;
  j["plan"] = 3;
  EXPECT_THROW(report_from_json(j), UsageError);
  j = whole;
  j["plan"]["parties"].erase("alpha");
  EXPECT_THROW(report_from_json(j), UsageError);
  j = whole;
  j["plan"]["parties"]["alpha"]["rounds"] = -1;
  EXPECT_THROW(report_from_json(j), UsageError);
}

TEST(Report, RefusesAComparisonOfAnotherForm) {
  const json whole = to_json(testing::full_report());
  json j = whole;
  j["comparison"]["first_divergence"]["cause"] = "the weather";
  EXPECT_THROW(report_from_json(j), UsageError);
  j = whole;
  j["comparison"]["first_divergence"]["batch"] = 0;
  EXPECT_THROW(report_from_json(j), UsageError);
  j = whole;
  j["breaks"] = {{{"step", 1}}};
  EXPECT_THROW(report_from_json(j), UsageError);
}

TEST(Report, KeepsTheOrderOfParties) {
  RunReport r = sample_report();
  std::swap(r.parties[0], r.parties[2]);
  const RunReport back = report_from_json(json::parse(to_json(r).dump()));
  EXPECT_EQ(back.parties[0].name, "gamma");
  EXPECT_EQ(back.parties[2].name, "alpha");
}

TEST(Report, WhatIsNotKnownStaysUnknown) {
  RunReport r = sample_report();
  r.private_metric.reset();
  r.clear_metric.reset();
  r.agreement.reset();
  const json j = to_json(r);
  EXPECT_TRUE(j.at("accuracy").at("private").is_null());
  EXPECT_FALSE(j.contains("agreement"));
  const RunReport back = report_from_json(j);
  EXPECT_FALSE(back.private_metric || back.clear_metric || back.agreement);
}

TEST(Report, AnotherMetricIsNoAccuracy) {
  RunReport r = sample_report();
  r.metric = "mse";
  r.private_metric = 0.5;
  const json j = to_json(r);
  EXPECT_TRUE(j.at("accuracy").at("private").is_null());
  EXPECT_EQ(j.at("metrics").at("mse").at("private"), 0.5);
  EXPECT_EQ(report_from_json(j).metric, "mse");
}

TEST(Report, RefusesWhatLacksSomething) {
  const json whole = to_json(sample_report());
  for (const auto& [key, value] : whole.items()) {
    if (key == "tacit" || key == "commit" || key == "agreement" || key == "resumed")
      continue;  // for people only, or not always there
    json j = whole;
    j.erase(key);
    EXPECT_THROW(report_from_json(j), UsageError) << "without " << key;
    j[key] = 3.5;
    if (key == "seconds") continue;
    EXPECT_THROW(report_from_json(j), UsageError) << "with another " << key;
  }
  EXPECT_THROW(report_from_json(json::array()), UsageError);
}

TEST(Report, IsReadFromAFile) {
  const ScratchFolder folder;
  const json j = to_json(sample_report());
  EXPECT_EQ(to_json(read_report(folder.write("r.json", j.dump()))), j);
  EXPECT_EQ(usage_error(folder, [&] { read_report(folder.path("no.json")); }),
            "there is no report 'no.json'");
  EXPECT_EQ(usage_error(folder, [&] { read_report(folder.write("r.json", "{")); }),
            "'r.json' is no report of tacit: it is not JSON");
  EXPECT_TRUE(usage_error(folder, [&] {
                read_report(folder.write("r.json", "{}"));
              }).starts_with("'r.json' is no report of tacit: "));
}

TEST(Report, TakesFromTheJobWhatItFixes) {
  const ScratchFolder folder;
  const Job job = testing::read_job_text(folder, testing::sample_job_text());
  const RunReport r = report_of(job, "a way of running");
  EXPECT_EQ(r.job_hash, to_hex(job_hash(job)));
  EXPECT_EQ(r.mode, "a way of running");
  EXPECT_EQ(r.metric, "log_loss");
  EXPECT_EQ(r.epochs, 12u);
  EXPECT_EQ(r.fraction_bits, 14u);
  EXPECT_EQ(r.security.at("computational_bits"), "128");
  EXPECT_EQ(r.settings.at("training.optimiser.rate"), "0.015625");
  EXPECT_EQ(r.settings.at("training.batch"), "48");
  EXPECT_EQ(r.settings.at("model"), "flatten, residual (dense units=8, leaky_relu slope=0.125), dense");
  for (const auto& [key, value] : r.settings)
    EXPECT_EQ(value.find("ed25519"), std::string::npos) << "nobody's key: " << key;
  EXPECT_FALSE(r.private_metric);
}

TEST(WriteFile, ReplacesTheWhole) {
  const ScratchFolder folder;
  const auto file = folder.path("deep/er/x.txt");
  write_file(file, "a longer text");
  write_file(file, "short");
  EXPECT_EQ(read_file(file), "short");
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(file.parent_path())) ++files;
  EXPECT_EQ(files, 1u);
}

TEST(WriteFile, TakesAwayTheHalfOfAProcessThatWasKilled) {
  const ScratchFolder folder;
  folder.write("x.part", "a half");
  write_file(folder.path("x"), "new");
  EXPECT_EQ(read_file(folder.path("x")), "new");
  EXPECT_FALSE(std::filesystem::exists(folder.path("x.part")));
  // Nor is it written through a link that somebody has put there.
  std::filesystem::create_symlink(folder.write("elsewhere", "old"), folder.path("x.part"));
  write_file(folder.path("x"), "newer");
  EXPECT_EQ(read_file(folder.path("elsewhere")), "old");
}

TEST(WriteFile, LeavesTheOldWhenItFails) {
  const ScratchFolder folder;
  const auto file = folder.write("x", "old");
  EXPECT_THROW(write_file(file / "below", "new"), IoError);
  EXPECT_EQ(read_file(file), "old");
  std::filesystem::create_directories(folder.path("taken/inside"));
  try {
    write_file(folder.path("taken"), "a file where a folder is");
    FAIL() << "a folder was replaced";
  } catch (const IoError& e) {
    EXPECT_NE(std::string(e.what()).find("taken': Is a directory"), std::string::npos) << e.what();
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("")))
    EXPECT_NE(entry.path().extension(), ".part") << entry.path();
}

}  // namespace
}  // namespace tacit
