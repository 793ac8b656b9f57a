// Each thing that a party checks by itself, with that thing broken and mended.
#include "tacit/job/doctor/local.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tacit/job/testing/whole_run.h"

namespace tacit::doctor {
namespace {

using tacit::testing::cast_of;
using tacit::testing::ScratchFolder;
using tacit::testing::small_job_text;

bool says(const Finding& f, std::string_view part) {
  return f.found.find(part) != std::string::npos || f.mend.find(part) != std::string::npos;
}
#define EXPECT_SAYS(finding, part) EXPECT_TRUE(says(finding, part)) << to_line(finding)
#define EXPECT_STATE(finding, state_) EXPECT_EQ((finding).state, State::state_) << to_line(finding)

/// A job with keys for everybody, and alpha's key file.
struct Desk {
  ScratchFolder folder;
  tacit::testing::Cast cast = cast_of(folder, small_job_text(), {});
  std::filesystem::path key = folder.path("alpha.key");
  Desk() { cast.identities[0].save(key); }
};

JobCheck check_text(const ScratchFolder& folder, std::string_view text) {
  const auto file = folder.write("job.toml", text);
  return check_job(file, [&] { return read_job(file); });
}

// ---- the job

TEST(DoctorJob, AGoodOneIsToldByItsHash) {
  const ScratchFolder folder;
  const JobCheck check = check_text(folder, small_job_text());
  EXPECT_STATE(check.finding, Ok);
  EXPECT_SAYS(check.finding, to_hex(job_hash(*check.job)).substr(0, 12));
}

TEST(DoctorJob, AMistakeIsToldWithItsLine) {
  const ScratchFolder folder;
  const std::string text = small_job_text();
  std::string broken = text;
  broken.replace(broken.find("epochs = 1"), 10, "epochs = 0");
  const JobCheck check = check_text(folder, broken);
  EXPECT_STATE(check.finding, Wrong);
  EXPECT_FALSE(check.job);
  EXPECT_SAYS(check.finding, fmt::format("job.toml:{}", tacit::testing::line_of(text, "epochs = 1")));
}

TEST(DoctorJob, AFileThatIsNotThere) {
  const ScratchFolder folder;
  const auto file = folder.path("gone.toml");
  const JobCheck check = check_job(file, [&] { return read_job(file); });
  EXPECT_STATE(check.finding, Wrong);
  EXPECT_SAYS(check.finding, "gone.toml");
}

TEST(DoctorModel, AModelFileThatIsGone) {
  Desk desk;
  desk.cast.job.model.network.clear();
  desk.cast.job.model.file = desk.folder.path("gone.onnx");
  const NeedsCheck check = check_model(desk.cast.job, party_id(0));
  EXPECT_STATE(check.finding, Wrong);
  EXPECT_FALSE(check.needs);
  EXPECT_SAYS(check.finding, "gone.onnx");
}

TEST(DoctorModel, WhatAStepSendsIsWhatARunCounts) {
  const ScratchFolder folder;
  const std::string rows = "a,b,sold\n1,2,no\n-3,1,yes\n0.5,3,no\n7,4,yes\n";
  auto cast = cast_of(folder, small_job_text(), {rows, rows});
  cast.job.training.batch = 6;  // all rows that are not kept to measure on: one step
  const auto endings = tacit::testing::train_in_memory(cast, std::chrono::minutes(1));
  const auto& north = endings.at(3);
  ASSERT_EQ(north.how, tacit::testing::Ending::How::Done) << north.said;
  ASSERT_EQ(north.received.report.train_rows, 6u);
  for (std::size_t i = 0; i < 3; ++i) {
    const NeedsCheck check = check_model(cast.job, party_id(i));
    EXPECT_STATE(check.finding, Ok);
    ASSERT_TRUE(check.needs);
    EXPECT_EQ(check.needs->parameters, 3u);
    EXPECT_EQ(check.needs->model_bytes, 48u);  // two summands of each number
    EXPECT_EQ(check.needs->row_bytes, 24u);
    EXPECT_GT(check.needs->step_rounds, 0u);
    EXPECT_EQ(check.needs->step_bytes, north.received.report.parties.at(i).scopes.at("train").payload) << i;
  }
}

TEST(DoctorModel, MemoryFollowsBatchAndOptimiser) {
  Desk desk;
  Job& job = desk.cast.job;
  job.training.batch = 100;
  job.training.optimiser.name = "sgd";
  const std::uint64_t plain = needs_of(job, party_id(0)).memory;
  job.training.batch = 200;
  const std::uint64_t twice = needs_of(job, party_id(0)).memory;
  EXPECT_EQ(twice - plain, 100u * (2 + 1) * 16);  // two features and a score more for each row
  job.training.optimiser.name = "adam";
  EXPECT_EQ(needs_of(job, party_id(0)).memory - twice, 2u * 3 * 16);
}

TEST(DoctorParty, AnotherName) {
  const Desk desk;
  EXPECT_STATE(check_self(desk.cast.job, "beta"), Ok);
  const Finding typo = check_self(desk.cast.job, "betta");
  EXPECT_STATE(typo, Wrong);
  EXPECT_SAYS(typo, "--party beta");
  const Finding owner = check_self(desk.cast.job, "north");
  EXPECT_STATE(owner, Wrong);
  EXPECT_SAYS(owner, "owner");
}

// ---- the key

TEST(DoctorKey, TheRightOne) {
  const Desk desk;
  const KeyCheck check = check_key(desk.key, "alpha", &desk.cast.job);
  EXPECT_STATE(check.finding, Ok);
  ASSERT_TRUE(check.identity);
  EXPECT_TRUE(check.identity->public_key() == desk.cast.job.parties[0].key);
}

TEST(DoctorKey, Missing) {
  const Desk desk;
  const KeyCheck check = check_key(desk.folder.path("none.key"), "alpha", &desk.cast.job);
  EXPECT_STATE(check.finding, Wrong);
  EXPECT_SAYS(check.finding, "none.key");
  EXPECT_SAYS(check.finding, "tacit keys new alpha");
  EXPECT_FALSE(check.identity);
}

TEST(DoctorKey, OthersMayReadIt) {
  const Desk desk;
  for (const ::mode_t mode : {0640u, 0604u, 0644u}) {
    ASSERT_EQ(::chmod(desk.key.c_str(), mode), 0);
    const KeyCheck check = check_key(desk.key, "alpha", &desk.cast.job);
    EXPECT_STATE(check.finding, Wrong);
    EXPECT_SAYS(check.finding, "chmod 600");
    EXPECT_FALSE(check.identity);
  }
}

TEST(DoctorKey, NoKeyAtAll) {
  const Desk desk;
  const auto file = desk.folder.write("text.key", "hello\n");
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  const KeyCheck check = check_key(file, "alpha", &desk.cast.job);
  EXPECT_STATE(check.finding, Wrong);
  EXPECT_SAYS(check.finding, "text.key");
}

TEST(DoctorKey, AnotherPartys) {
  const Desk desk;
  const auto file = desk.folder.path("beta.key");
  desk.cast.identities[1].save(file);
  const KeyCheck check = check_key(file, "alpha", &desk.cast.job);
  EXPECT_STATE(check.finding, Wrong);
  EXPECT_SAYS(check.finding, "which is beta's");
  EXPECT_SAYS(check.finding, to_string(desk.cast.job.parties[0].key));
  EXPECT_FALSE(check.identity);
}

TEST(DoctorKey, NobodysInTheJob) {
  const Desk desk;
  const auto file = desk.folder.path("new.key");
  Identity::generate().save(file);
  const KeyCheck check = check_key(file, "alpha", &desk.cast.job);
  EXPECT_STATE(check.finding, Wrong);
  EXPECT_FALSE(says(check.finding, "which is")) << to_line(check.finding);
  EXPECT_STATE(check_key(file, "alpha", nullptr).finding, Ok);  // all that can be said without a job
}

// ---- names and the port

TEST(DoctorNames, OneDoesNotResolve) {
  const Desk desk;
  const auto findings = check_names(desk.cast.job, [](const std::string& host) -> std::string {
    return host == "beta.example" ? "Name or service not known" : "";
  });
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_STATE(findings[0], Ok);
  EXPECT_STATE(findings[1], Wrong);
  EXPECT_SAYS(findings[1], "beta.example");
  EXPECT_SAYS(findings[1], "Name or service not known");
  EXPECT_STATE(findings[2], Ok);
}

TEST(DoctorNames, AddressesThatCannotBe) {
  Desk desk;
  desk.cast.job.parties[1].address.port = 0;
  desk.cast.job.parties[2].address = desk.cast.job.parties[0].address;
  const auto findings = check_names(desk.cast.job, [](const std::string&) { return ""; });
  EXPECT_STATE(findings[0], Ok);
  EXPECT_STATE(findings[1], Wrong);
  EXPECT_SAYS(findings[1], "port 0");
  EXPECT_STATE(findings[2], Wrong);
  EXPECT_SAYS(findings[2], "address of alpha");
}

TEST(DoctorNames, NumbersNeedNoNameService) {
  EXPECT_EQ(why_unresolved("127.0.0.1"), "");
  EXPECT_EQ(why_unresolved("::1"), "");
}

/// All parties on this machine, on free ports.
Job job_here(const Desk& desk) {
  Job job = desk.cast.job;
  for (Endpoint& e : job.parties) {
    const FileDescriptor free = listen_on({"127.0.0.1", 0});
    e.address = {"127.0.0.1", local_port(free)};
  }
  return job;
}

TEST(DoctorPort, AFreeOneIsListenedOn) {
  const Desk desk;
  const PortCheck check = check_port(job_here(desk), party_id(0), {});
  EXPECT_STATE(check.finding, Ok);
  EXPECT_TRUE(static_cast<bool>(check.listener));
}

TEST(DoctorPort, OneInUseIsToldWithWhoHoldsIt) {
  const Desk desk;
  const Job job = job_here(desk);
  const FileDescriptor other = listen_on(job.parties[0].address);
  const PortCheck check = check_port(job, party_id(0), {});
  EXPECT_STATE(check.finding, Wrong);
  EXPECT_FALSE(static_cast<bool>(check.listener));
  EXPECT_SAYS(check.finding, to_string(job.parties[0].address));
  EXPECT_SAYS(check.finding, fmt::format("(process {})", ::getpid()));
}

TEST(DoctorPort, AnotherMachinesAddress) {
  const Desk desk;
  Job job = job_here(desk);
  job.parties[0].address.host = "192.0.2.1";  // for documents only: nobody has it
  const PortCheck check = check_port(job, party_id(0), {});
  EXPECT_STATE(check.finding, Wrong);
  EXPECT_SAYS(check.finding, "no address of this machine");
  EXPECT_SAYS(check.finding, "0.0.0.0");
}

TEST(DoctorPort, OneThatOnlyThisMachineReaches) {
  const Desk desk;
  Job job = job_here(desk);
  job.parties[1].address.host = "beta.example";
  const PortCheck check = check_port(job, party_id(0), {});
  EXPECT_STATE(check.finding, Warning);
  EXPECT_SAYS(check.finding, "no other machine can reach");
}

// ---- folders, disk, memory, processor, clock

TEST(DoctorFolder, WritableOrNot) {
  const ScratchFolder folder;
  EXPECT_STATE(check_folder("state folder", folder.path("not/made/yet")), Ok);
  EXPECT_FALSE(std::filesystem::exists(folder.path("not"))) << "a check leaves nothing behind";
  EXPECT_TRUE(std::filesystem::is_empty(folder.path(""))) << "a check leaves nothing behind";
  const auto file = folder.write("file", "");
  const Finding on_a_file = check_folder("state folder", file / "deep");
  EXPECT_STATE(on_a_file, Wrong);
  EXPECT_SAYS(on_a_file, "--state");
  const Finding refused = check_folder("results folder", "/proc/nowhere");
  EXPECT_STATE(refused, Wrong);
  EXPECT_SAYS(refused, "/proc/nowhere");
  EXPECT_SAYS(refused, "--out");
}

TEST(DoctorDisk, TooSmall) {
  Needs needs;
  needs.model_bytes = 500'000'000;
  EXPECT_STATE(check_disk("s", 499'999'999, &needs), Wrong);
  EXPECT_STATE(check_disk("s", 600'000'000, &needs), Warning);
  EXPECT_STATE(check_disk("s", 2'000'000'000, &needs), Ok);
  EXPECT_STATE(check_disk("s", std::nullopt, &needs), Ok);
  const Finding unknown = check_disk("s", 7'000'000'000, nullptr);
  EXPECT_STATE(unknown, Ok);
  EXPECT_SAYS(unknown, "7.0 GB");
  EXPECT_TRUE(free_disk("/proc/self").has_value());
  const ScratchFolder folder;
  EXPECT_GT(free_disk(folder.path("not/made/yet")).value_or(0), 0u);
}

TEST(DoctorMemory, TooLittle) {
  Machine machine;
  machine.memory = 8'000'000'000;
  machine.memory_free = 4'000'000'000;
  Needs needs;
  needs.memory = 1'000'000'000;
  EXPECT_STATE(check_memory(machine, &needs), Ok);
  needs.memory = 3'000'000'000;
  EXPECT_STATE(check_memory(machine, &needs), Warning);
  needs.memory = 5'000'000'000;
  const Finding f = check_memory(machine, &needs);
  EXPECT_STATE(f, Wrong);
  EXPECT_SAYS(f, "5.0 GB");
  EXPECT_STATE(check_memory(machine, nullptr), Ok);
}

TEST(DoctorProcessor, OneWithoutVectors) {
  Machine machine;
  machine.processor = "Old One";
  machine.isa = Isa::Portable;
  const Finding f = check_processor(machine);
  EXPECT_STATE(f, Warning);
  EXPECT_SAYS(f, "Old One");
  EXPECT_SAYS(f, "AVX2");
  machine.isa = Isa::Avx2;
  EXPECT_STATE(check_processor(machine), Ok);
}

TEST(DoctorClock, BeforeTheProgramWasWritten) {
  Machine machine;
  machine.seconds = 1546300800;
  const Finding f = check_clock(machine);
  EXPECT_STATE(f, Warning);
  EXPECT_SAYS(f, "2019-01-01 00:00:00 UTC");
  machine.seconds = 1800000000;
  EXPECT_STATE(check_clock(machine), Ok);
}

TEST(DoctorMachine, IsLookedAt) {
  const Machine m = look_at_machine();
  EXPECT_GE(m.processors, 1u);
  EXPECT_EQ(m.isa, detect_isa());
  EXPECT_GT(m.memory, 10'000'000u);
  EXPECT_GT(m.memory_free, 0u);
  EXPECT_LE(m.memory_free, m.memory);
  EXPECT_GT(m.seconds, 1767225600);
}

}  // namespace
}  // namespace tacit::doctor
