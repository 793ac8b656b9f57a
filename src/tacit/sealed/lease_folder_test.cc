// A lease runs down on the boot clock, whatever is done to the other clock, the folder and the wire.
#include "tacit/sealed/lease_folder.h"

#include <gtest/gtest.h>

#include "tacit/sealed/lease_log.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

constexpr std::uint32_t kSeconds = 3600;

struct Leasing : ::testing::Test {
  SealedWorld world;
  fs::path file = [&] {
    SealRequest request = world.request();
    request.lease = {kSeconds, "vendor.example:7200"};
    return world.seal(some_bytes(2000), "m.tacit", request);
  }();
  Header header = SealedFile(file).header();
  fs::path kept = world.folder.path("device") / "leases" / (to_hex(ByteView(header.id)) + ".lease");

  static BootMoment at(Seconds since, unsigned boot = 1) { return {{static_cast<std::byte>(boot)}, since}; }
  Lease granted(const LeaseRequest& request, Seconds time = kNow, std::uint64_t revocations = 0) const {
    return signed_by(world.vendor, {request, LeaseAnswer::Granted, time, kSeconds, revocations, {}});
  }
  void lease(Seconds asked, Seconds time = kNow, std::uint64_t revocations = 0) {
    const LeaseRequest request = new_lease_request(world.device, header);
    keep_lease(world.device, request, granted(request, time, revocations), at(asked));
  }
  std::string opens(Seconds clock, const BootMoment& boot) {
    return outcome([&] {
      OpenedModel model = open_model(file, world.device, Now(clock, boot));
      EXPECT_EQ(OpenForTests::text(model), some_bytes(2000));
    });
  }
};

TEST_F(Leasing, WithoutOneItDoesNotRun) {
  EXPECT_NE(opens(kNow, at(100)).find("runs under leases alone, and this device has none"),
            std::string::npos);
  lease(100);
  EXPECT_EQ(opens(kNow, at(100)), "opened");
}

TEST_F(Leasing, RunsDownOnTheBootClock) {
  lease(100);
  EXPECT_EQ(opens(kNow + kSeconds - 1, at(100 + kSeconds - 1)), "opened");
  EXPECT_NE(opens(kNow + kSeconds, at(100 + kSeconds)).find("has ended, after 3600 seconds"),
            std::string::npos);
  // Whatever the other clock says.
  EXPECT_NE(opens(kNow, at(100 + kSeconds)).find("has ended"), std::string::npos);
  EXPECT_TRUE(opens(kNow, at(99)).starts_with("cheat: "));
  lease(5000, kNow + kSeconds);
  EXPECT_EQ(opens(kNow + kSeconds, at(5000)), "opened");
  const Running running = running_lease(world.device, header, at(5600));
  EXPECT_EQ(running.time, kNow + kSeconds + 600);
  EXPECT_EQ(running.left, kSeconds - 600);
}

TEST_F(Leasing, AClockThatIsSetBackGainsNothing) {
  // The vendor's time counts: at the end of the model's last day its date has come, by whatever clock.
  lease(100, kNow + kDay - 60);
  EXPECT_TRUE(opens(kNow, at(110)).starts_with("usage: this machine's clock says"));
  EXPECT_EQ(opens(kNow + kDay - 60, at(110)), "opened");
  EXPECT_NE(opens(kNow + kDay - 60, at(170)).find("has expired"), std::string::npos);
}

TEST_F(Leasing, EndsWithTheBoot) {
  lease(100);
  EXPECT_NE(opens(kNow, at(100, 2)).find("ended when this machine was started anew"), std::string::npos);
  EXPECT_EQ(opens(kNow, at(100, 1)), "opened");
}

TEST_F(Leasing, AnOldCopyOfTheFolderBringsNoTime) {
  lease(100);
  fs::copy(world.folder.path("device"), world.folder.path("copy"), fs::copy_options::recursive);
  lease(200, kNow + 100);
  const auto put_back = [&] {
    fs::remove_all(world.folder.path("device"));
    fs::copy(world.folder.path("copy"), world.folder.path("device"), fs::copy_options::recursive);
  };
  put_back();
  EXPECT_NE(opens(kNow, at(100 + kSeconds)).find("has ended"), std::string::npos);
  put_back();
  EXPECT_NE(opens(kNow, at(50, 2)).find("started anew"), std::string::npos);
}

TEST_F(Leasing, ReplayedAndForeignAnswersAreRefused) {
  const LeaseRequest first = new_lease_request(world.device, header);
  const Lease answer = granted(first);
  const LeaseRequest second = new_lease_request(world.device, header);
  EXPECT_NE(first.nonce, second.nonce);
  const auto keeps = [&](const LeaseRequest& asked, const Lease& told) {
    return outcome([&] { keep_lease(world.device, asked, told, at(100)); });
  };
  EXPECT_NE(keeps(second, answer).find("somebody sent an old one"), std::string::npos);
  Lease other = granted(second);
  other.seconds = kLongestLease;
  EXPECT_NE(keeps(second, other).find("not signed by the model's vendor"), std::string::npos);
  for (auto change : {+[](LeaseRequest& r) { r.device[0] ^= std::byte{1}; },
                      +[](LeaseRequest& r) { r.file[0] ^= std::byte{1}; },
                      +[](LeaseRequest& r) { r.nonce[0] ^= std::byte{1}; }}) {
    LeaseRequest foreign = second;
    change(foreign);
    EXPECT_TRUE(keeps(second, granted(foreign)).starts_with("cheat: "));
  }
  EXPECT_FALSE(fs::exists(kept));
  EXPECT_EQ(keeps(second, granted(second)), "opened");
}

TEST_F(Leasing, WhatWasRevokedStops) {
  lease(100);
  const LeaseRequest request = new_lease_request(world.device, header);
  const Lease refused = signed_by(world.vendor, {request, LeaseAnswer::Revoked, kNow + 10, 0, 1, {}});
  EXPECT_NE(
      outcome([&] { keep_lease(world.device, request, refused, at(110)); }).find("has revoked the model"),
      std::string::npos);
  EXPECT_NE(opens(kNow + 20, at(120)).find("has revoked the model"), std::string::npos);
}

TEST_F(Leasing, AVendorThatForgotItsRevocationsIsNotBelieved) {
  lease(100, kNow, 3);
  EXPECT_NE(outcome([&] { lease(110, kNow, 2); }).find("has forgotten what it revoked"), std::string::npos);
  lease(120, kNow, 3);
  lease(130, kNow, 4);
}

TEST_F(Leasing, OnlyTheDeviceWritesThem) {
  lease(100);
  const std::string good = read_file(kept);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1 << i % 8);
    world.folder.write(fs::relative(kept, world.folder.path("")).string(), bad);
    EXPECT_TRUE(opens(kNow, at(100)).starts_with("cheat: ")) << i;
  }
  for (const std::string& bad : {std::string(), good.substr(1), good + "x"}) {
    world.folder.write(fs::relative(kept, world.folder.path("")).string(), bad);
    EXPECT_TRUE(opens(kNow, at(100)).starts_with("cheat: "));
  }
  world.folder.write(fs::relative(kept, world.folder.path("")).string(), good);
  EXPECT_EQ(opens(kNow, at(100)), "opened");
}

TEST(BootClock, RunsOn) {
  const BootMoment first = boot_now(), second = boot_now();
  EXPECT_EQ(first.boot, second.boot);
  EXPECT_NE(first.boot, BootMoment().boot);
  EXPECT_GE(second.seconds, first.seconds);
}

}  // namespace
}  // namespace tacit::sealed
