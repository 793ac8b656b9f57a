// Findings as words, JSON and exit codes; and the whole examination, in which one wrong thing hides no other.
#include "tacit/job/doctor/doctor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tacit/job/testing/whole_run.h"

namespace tacit::doctor {
namespace {

using namespace std::chrono_literals;
using tacit::testing::ScratchFolder;

TEST(DoctorFinding, ExitCodes) {
  const Finding fine = ok("a", "b"), warned = warning("a", "b", "C."), here = wrong("a", "b", "C."),
                there = about("beta", here), left = skipped("a", "b");
  EXPECT_EQ(exit_code({}), 0);
  EXPECT_EQ(exit_code(std::vector{fine, warned, left}), 0);
  EXPECT_EQ(exit_code(std::vector{fine, there, warned}), 4);
  EXPECT_EQ(exit_code(std::vector{there, here}), 2);
}

TEST(DoctorFinding, InWords) {
  EXPECT_EQ(to_line(ok("key", "fine")), "ok       key: fine");
  EXPECT_EQ(to_line(about("beta", wrong("version", "old", "Install it."))),
            "wrong    beta, version: old. Install it.");
  EXPECT_EQ(to_line(warning("a", "line\n\x1b[2J", "M.")), "warning  a: line\\x0a\\x1b[2J. M.");
  const Finding f = ok("a", "b");
  EXPECT_EQ(summary(std::vector{f, f}), "all 2 checks are well");
  EXPECT_EQ(summary(std::vector{f, wrong("a", "b", "C."), warning("a", "b", "C."), skipped("a", "b")}),
            "of 4 checks 1 wrong, 1 warning, 1 not looked at until those are mended");
}

TEST(DoctorFinding, AsJsonAndBack) {
  const Finding f = about("beta", warning("clock", "1 h ahead", "Set it."));
  const Finding back = finding_from_json(nlohmann::json::parse(to_json(f).dump()));
  EXPECT_EQ(to_line(back), to_line(f));
  EXPECT_EQ(back.state, f.state);
  // What is no UTF-8 can still be written.
  EXPECT_NO_THROW(to_json(wrong("a", "\xff\xfe", "B.")).dump());
}

struct Table {
  ScratchFolder folder;
  std::filesystem::path job = folder.path("job.toml");
  std::vector<Finding> findings;

  /// What alpha's doctor says of the job file as it stands.
  const std::vector<Finding>& examined(const std::string& party) {
    std::size_t told = 0;
    findings = examine({.job_file = job,
                        .read_job = [this] { return read_job(job); },
                        .party = party,
                        .key = folder.path("alpha.key"),
                        .out = folder.path("alpha-out"),
                        .state = folder.path("alpha-state"),
                        .wait = 1s,
                        .listener = {},
                        .progress = {}},
                       [&](const Finding&) { ++told; });
    EXPECT_EQ(told, findings.size());
    return findings;
  }
  State state_of(std::string_view subject) const {
    std::string all;
    for (const Finding& f : findings) {
      if (f.peer.empty() && f.subject == subject) return f.state;
      all += to_line(f) + "\n";
    }
    ADD_FAILURE() << "nothing is said of " << subject << "\n" << all;
    return State::Skipped;
  }
};

TEST(Doctor, ABrokenJobHidesNothingOfTheMachine) {
  Table table;
  table.folder.write("job.toml", "[job]\nname = 3\n");
  Identity::generate().save(table.folder.path("alpha.key"));
  ::chmod(table.folder.path("alpha.key").c_str(), 0644);
  table.folder.write("alpha-out", "a file where a folder is to be");
  EXPECT_EQ(exit_code(table.examined("alpha")), 2);
  EXPECT_EQ(table.state_of("job file"), State::Wrong);
  EXPECT_EQ(table.state_of("key"), State::Wrong);
  EXPECT_EQ(table.state_of("results folder"), State::Wrong);
  EXPECT_EQ(table.state_of("state folder"), State::Ok);
  EXPECT_NE(table.state_of("memory"), State::Wrong);
  EXPECT_NE(table.state_of("disk"), State::Wrong);
  EXPECT_EQ(table.state_of("pairs"), State::Skipped);
}

std::string job_here() {
  std::string text = tacit::testing::small_job_text();
  for (const char* name : {"alpha", "beta", "gamma"}) {
    const std::string host = std::string(name) + ".example:710";
    const FileDescriptor free = listen_on({"127.0.0.1", 0});
    const std::size_t at = text.find(host);
    text.replace(at, host.size() + 1, fmt::format("127.0.0.1:{}", local_port(free)));
  }
  return text;
}

TEST(Doctor, WithoutAPartyItLooksAtWhatNeedsNone) {
  Table table;
  table.folder.write("job.toml", job_here());
  EXPECT_EQ(exit_code(table.examined("")), 0);
  for (const char* subject : {"job file", "model", "address of alpha", "address of gamma"})
    EXPECT_EQ(table.state_of(subject), State::Ok) << subject;
  EXPECT_EQ(table.state_of("pairs"), State::Skipped);
}

TEST(Doctor, AKeyThatIsNotTheJobsEndsBeforeAnyConnection) {
  Table table;
  table.folder.write("job.toml", job_here());
  Identity::generate().save(table.folder.path("alpha.key"));
  EXPECT_EQ(exit_code(table.examined("alpha")), 2);
  EXPECT_EQ(table.state_of("party"), State::Ok);
  EXPECT_EQ(table.state_of("key"), State::Wrong);
  EXPECT_EQ(table.state_of("port"), State::Ok);
  EXPECT_EQ(table.state_of("pairs"), State::Skipped);
}

TEST(Doctor, NobodyElseIsThere) {
  Table table;
  const Identity alpha = Identity::generate();
  alpha.save(table.folder.path("alpha.key"));
  std::string text = job_here();
  const std::string placeholder = "ed25519:" + std::string(64, '1');
  text.replace(text.find(placeholder), placeholder.size(), to_string(alpha.public_key()));
  table.folder.write("job.toml", text);
  EXPECT_EQ(exit_code(table.examined("alpha")), 4);
  std::size_t absent = 0;
  for (const Finding& f : table.findings)
    absent += !f.peer.empty() && f.state == State::Wrong && f.subject == "connection";
  EXPECT_EQ(absent, 2u);
}

TEST(Doctor, AnUnknownPartyIsToldAndTheRestLookedAt) {
  Table table;
  table.folder.write("job.toml", job_here());
  EXPECT_EQ(exit_code(table.examined("alpa")), 2);
  EXPECT_EQ(table.state_of("party"), State::Wrong);
  EXPECT_EQ(table.state_of("model"), State::Ok);
  EXPECT_EQ(table.state_of("pairs"), State::Skipped);
}

}  // namespace
}  // namespace tacit::doctor
