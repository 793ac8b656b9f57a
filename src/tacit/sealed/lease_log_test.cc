// The vendor's log: what it answers follows from it, and nobody changes it unseen.
#include "tacit/sealed/lease_log.h"

#include <gtest/gtest.h>

#include <thread>

#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

struct Log : ::testing::Test {
  ScratchFolder folder;
  VendorKeys vendor = VendorKeys::make(folder.path("vendor"), "ACME");
  fs::path file = folder.path("vendor") / "leases.log";
  FileId model{std::byte{1}}, other_model{std::byte{2}};
  Digest device{std::byte{3}}, other_device{std::byte{4}};

  LeaseLog open() const { return LeaseLog(KeyFolder::open(folder.path("vendor"), ""), vendor); }
  LeaseRequest request(const FileId& of, const Digest& from, int nonce = 1) const {
    return {vendor.card.key, from, of, {static_cast<std::byte>(nonce)}};
  }
};

TEST_F(Log, AnswersWhatWasSealed) {
  LeaseLog log = open();
  EXPECT_NE(outcome([&] { log.answer(request(model, device), kNow); }).find("nothing that runs under leases"),
            std::string::npos);
  log.sealed(model, {device, other_device}, 7200, kNow);
  const Lease lease = log.answer(request(model, device), kNow + 5);
  EXPECT_TRUE(is_signed(lease));
  EXPECT_EQ(lease.request, request(model, device));
  EXPECT_EQ(lease.answer, LeaseAnswer::Granted);
  EXPECT_EQ(lease.seconds, 7200u);
  EXPECT_EQ(lease.time, kNow + 5);
  EXPECT_EQ(parse_lease(to_bytes(lease)), lease);
  EXPECT_NE(outcome([&] { log.answer(request(other_model, device), kNow); }), "opened");
  LeaseRequest foreign = request(model, device);
  foreign.vendor = Identity::generate().public_key();
  EXPECT_NE(outcome([&] { log.answer(foreign, kNow); }).find("another vendor's"), std::string::npos);
  // Only what was answered stands there.
  const auto entries = log.entries();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[2].kind, LogKind::Granted);
  EXPECT_EQ(entries[2].nonce, request(model, device).nonce);
  EXPECT_EQ(parse_log_entry(to_bytes(entries[2])), entries[2]);
}

TEST_F(Log, RevokesForAll) {
  LeaseLog log = open();
  log.sealed(model, {device, other_device}, 60, kNow);
  log.sealed(other_model, {device}, 60, kNow);
  log.revoke_device(device, kNow + 1);
  EXPECT_EQ(log.answer(request(model, device), kNow + 2).answer, LeaseAnswer::Revoked);
  EXPECT_EQ(log.answer(request(other_model, device), kNow + 2).answer, LeaseAnswer::Revoked);
  EXPECT_EQ(log.answer(request(model, other_device), kNow + 2).answer, LeaseAnswer::Granted);
  EXPECT_EQ(log.answer(request(model, other_device), kNow + 2).revocations, 1u);
  log.revoke_file(model, kNow + 3);
  const Lease refused = log.answer(request(model, other_device), kNow + 4);
  EXPECT_EQ(refused.answer, LeaseAnswer::Revoked);
  EXPECT_EQ(refused.revocations, 2u);
  EXPECT_TRUE(is_signed(refused));
  EXPECT_NE(outcome([&] { log.revoke_file(model, kNow); }).find("revoked already"), std::string::npos);
  EXPECT_NE(outcome([&] { log.revoke_device(device, kNow); }).find("revoked already"), std::string::npos);
  EXPECT_NE(outcome([&] { log.revoke_device(Digest{}, kNow); }).find("was sealed to the device"),
            std::string::npos);
  EXPECT_NE(outcome([&] { log.revoke_file(FileId{}, kNow); }), "opened");
  // Whoever opens it anew knows as much.
  LeaseLog again = open();
  EXPECT_EQ(again.revocations(), 2u);
  EXPECT_EQ(again.answer(request(other_model, device), kNow + 5).answer, LeaseAnswer::Revoked);
}

TEST_F(Log, SeveralUseItAtOnce) {
  LeaseLog server = open(), sealer = open();
  sealer.sealed(model, {device}, 60, kNow);
  EXPECT_EQ(server.answer(request(model, device), kNow).answer, LeaseAnswer::Granted);
  sealer.revoke_file(model, kNow);
  EXPECT_EQ(server.answer(request(model, device), kNow).answer, LeaseAnswer::Revoked);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      LeaseLog own = open();
      for (int i = 0; i < 10; ++i) own.answer(request(model, device, 10 * t + i), kNow);
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(server.entries().size(), 4u + 40u);
}

TEST_F(Log, NobodyChangesIt) {
  {
    LeaseLog log = open();
    log.sealed(model, {device, other_device}, 60, kNow);
    log.revoke_device(device, kNow);
    log.answer(request(model, device), kNow);
  }
  const std::string good = read_file(file);
  const auto reads = [&](const std::string& text) {
    folder.write("vendor/leases.log", text);
    return outcome([&] { open(); });
  };
  EXPECT_EQ(reads(good), "opened");
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1 << i % 8);
    EXPECT_TRUE(reads(bad).starts_with("cheat: ")) << i;
  }
  // Entries left out, swapped, and repeated.
  const std::size_t head = good.size() - 4 * kLogEntrySize;
  const auto entry = [&](std::size_t i) { return good.substr(head + i * kLogEntrySize, kLogEntrySize); };
  const std::string begin = good.substr(0, head);
  EXPECT_TRUE(reads(begin + entry(0) + entry(1) + entry(3)).starts_with("cheat: "));
  EXPECT_TRUE(reads(begin + entry(1) + entry(0) + entry(2) + entry(3)).starts_with("cheat: "));
  EXPECT_TRUE(reads(good + entry(3)).starts_with("cheat: "));
  // A vendor that runs sees that its log was cut; one that starts anew does not, as the page says.
  EXPECT_EQ(reads(good), "opened");
  LeaseLog running = open();
  const auto answered = [&] { return outcome([&] { running.answer(request(model, device), kNow); }); };
  std::filesystem::resize_file(file, good.size() - kLogEntrySize);
  EXPECT_EQ(outcome([&] { open(); }), "opened");
  EXPECT_NE(answered().find("was cut"), std::string::npos) << answered();
  EXPECT_EQ(reads(good), "opened");
  EXPECT_NE(answered().find("another put in its place"), std::string::npos) << answered();
}

TEST_F(Log, ACrashLeavesItWhole) {
  std::string whole;
  {
    LeaseLog log = open();
    log.sealed(model, {device}, 60, kNow);
    whole = read_file(file);
    log.answer(request(model, device), kNow);
  }
  const std::string more = read_file(file);
  for (std::size_t size = whole.size() + 1; size < more.size(); size += 10) {
    folder.write("vendor/leases.log", more.substr(0, size));
    LeaseLog log = open();
    EXPECT_EQ(read_file(file), whole);
    log.answer(request(model, device), kNow);
    EXPECT_EQ(log.entries().size(), 2u);
  }
  folder.write("vendor/leases.log", whole.substr(0, 9));  // before its head was whole
  EXPECT_TRUE(open().entries().empty());
}

TEST_F(Log, ItsTimeDoesNotGoBack) {
  LeaseLog log = open();
  log.sealed(model, {device}, 60, kNow);
  EXPECT_EQ(log.answer(request(model, device), kNow - 100).time, kNow);
  EXPECT_NE(outcome([&] { log.answer(request(model, device), kNow - 1000); }).find("set the clock right"),
            std::string::npos);
}

}  // namespace
}  // namespace tacit::sealed
