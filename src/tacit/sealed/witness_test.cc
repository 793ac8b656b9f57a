// The time that a device has witnessed never goes back, as far as a file can promise that.
#include "tacit/sealed/witness.h"

#include <gtest/gtest.h>

#include <thread>

#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

struct Clock : ::testing::Test {
  ScratchFolder folder;
  DeviceKeys device = DeviceKeys::make(folder.path("device"), "x", kNow);
  fs::path file = folder.path("device") / "time.witness";

  Seconds at(Seconds clock, Seconds is_signed = 0) {
    return witness(device.folder, device.key, clock, is_signed);
  }
  std::string refusal(Seconds clock, Seconds is_signed = 0) {
    return outcome([&] { at(clock, is_signed); });
  }
};

TEST_F(Clock, NeverGoesBack) {
  EXPECT_EQ(at(kNow), kNow);
  EXPECT_EQ(at(kNow + 100), kNow + 100);
  // Corrected a little: the later time counts on.
  EXPECT_EQ(at(kNow + 50), kNow + 100);
  EXPECT_EQ(at(kNow + 100 - kClockTolerance), kNow + 100);
  EXPECT_EQ(refusal(kNow + 99 - kClockTolerance),
            "usage: this machine's clock says " + moment_text(kNow + 99 - kClockTolerance) + ", and it was " +
                moment_text(kNow + 100) + " already: set the clock right");
  EXPECT_TRUE(refusal(0).starts_with("usage: "));
  EXPECT_TRUE(refusal(-1).starts_with("usage: this machine's clock tells no time"));
  EXPECT_TRUE(refusal(kLastMoment + 1).starts_with("usage: this machine's clock tells no time"));
  // A refused time was not witnessed.
  EXPECT_EQ(at(kNow + 101), kNow + 101);
}

TEST_F(Clock, WhatWasSignedWasWitnessed) {
  EXPECT_EQ(at(kNow, kNow + 10), kNow + 10);
  EXPECT_EQ(at(kNow), kNow + 10);
  EXPECT_TRUE(refusal(kNow, kNow + 11 + kClockTolerance).starts_with("usage: this machine's clock says"));
  EXPECT_EQ(at(kNow), kNow + 10);
}

TEST_F(Clock, OnlyTheDeviceWritesIt) {
  at(kNow + kDay);
  const std::string good = read_file(file);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1 << i % 8);
    folder.write("device/time.witness", bad);
    EXPECT_TRUE(refusal(kNow + kDay).starts_with("cheat: ")) << i;
  }
  for (const std::string& bad : {std::string(), good.substr(1), good + "x"}) {
    folder.write("device/time.witness", bad);
    EXPECT_TRUE(refusal(kNow + kDay).starts_with("cheat: "));
  }
  // Another device's.
  DeviceKeys::make(folder.path("other"), "x", kNow);
  folder.write("device/time.witness", read_file(folder.path("other") / "time.witness"));
  EXPECT_TRUE(refusal(kNow + kDay).starts_with("cheat: "));
  fs::remove(file);
  EXPECT_TRUE(refusal(kNow + kDay).starts_with("usage: the device's witnessed time"));
  folder.write("device/time.witness", good);
  EXPECT_EQ(at(kNow + kDay), kNow + kDay);
}

TEST_F(Clock, AnOldCopyOfTheFolderPutsItBack) {
  // What the documents admit: nothing outside of the folder remembers.
  fs::copy(folder.path("device"), folder.path("copy"), fs::copy_options::recursive);
  at(kNow + 100 * kDay);
  EXPECT_TRUE(refusal(kNow).starts_with("usage: "));
  fs::remove_all(folder.path("device"));
  fs::rename(folder.path("copy"), folder.path("device"));
  EXPECT_EQ(at(kNow), kNow);
}

TEST_F(Clock, ManyAtOnce) {
  std::vector<std::thread> threads;
  for (Seconds t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (Seconds i = 0; i < 20; ++i) EXPECT_GE(at(kNow + 10 * t + i % 10), kNow + 10 * t + i % 10);
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(at(kNow), kNow + 79);
}

}  // namespace
}  // namespace tacit::sealed
