// New keys for old ones: what both keys signed is followed, nothing else is, and no device gains time by it.
#include "tacit/sealed/rotation.h"

#include <gtest/gtest.h>

#include "tacit/sealed/kept.h"
#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/sealed/witness.h"
#include "tacit/tpm/testing/swtpm.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

class Rotating : public ::testing::Test {
 protected:
  fs::path sealed_by(const VendorKeys& by, std::string_view name) const {
    SealRequest request{by.identity, by.card.name, "a model", {world.device.card.key}};
    request.sealed_at = kNow;
    request.to.push_back(keeper_of(by.identity).public_key());
    return world.seal(text, name, request);
  }
  Rotation rotation() const { return read_rotation(world.folder.path("new/vendor.rotation")); }

  SealedWorld world;
  const Bytes text = some_bytes(2500);
  VendorKeys old_keys = VendorKeys::make(world.folder.path("old"), "Rotor");
  VendorKeys new_keys = rotate_vendor(world.folder.path("old"), world.folder.path("new"), kNow);
};

TEST_F(Rotating, DevicesTakeTheNewKeyBesideTheOld) {
  const fs::path before = sealed_by(old_keys, "before.tacit"), after = sealed_by(new_keys, "after.tacit");
  EXPECT_EQ(new_keys.card.name, "Rotor");
  EXPECT_NE(new_keys.card.key, old_keys.card.key);
  // Whoever does not trust the old key has no reason to trust the new one.
  EXPECT_NE(
      outcome([&] { follow(world.device, rotation(), false); }).find("does not trust the key of 'Rotor'"),
      std::string::npos);
  EXPECT_NE(world.refusal(after).find("does not trust"), std::string::npos);
  world.device.trust(old_keys.card);
  follow(world.device, rotation(), false);
  EXPECT_EQ(world.open(before), text);
  EXPECT_EQ(world.open(after), text);
  follow(world.device, rotation(), false);  // once more is no harm
  world.device.trust(new_keys.card);
  world.device.trust(old_keys.card);
  EXPECT_EQ(world.device.trusted().size(), 3u);
  // A third key under that name is as little trusted as ever.
  EXPECT_NE(outcome([&] { world.device.trust({"Rotor", Identity::generate().public_key()}); }), "opened");
  follow(world.device, rotation(), true);
  EXPECT_NE(world.refusal(before).find("does not trust"), std::string::npos);
  EXPECT_EQ(world.open(after), text);
  follow(world.device, rotation(), true);
}

TEST_F(Rotating, WhatWasKeptIsSealedAnewUnderTheNewKey) {
  const fs::path before = sealed_by(old_keys, "before.tacit");
  EXPECT_NE(outcome([&] { KeptModel(SealedFile(before), new_keys); }).find("another vendor"),
            std::string::npos);
  SealRequest request{new_keys.identity, new_keys.card.name, "a model", {world.device.card.key}};
  request.sealed_at = kNow;
  const fs::path anew = world.folder.path("anew.tacit");
  KeptModel(SealedFile(before), old_keys).seal_anew(anew, request);
  world.device.trust(new_keys.card);
  EXPECT_EQ(world.open(anew), text);
}

TEST_F(Rotating, OnlyWhatBothKeysSignedCounts) {
  world.device.trust(old_keys.card);
  const Rotation good = rotation();
  EXPECT_EQ(parse_rotation(to_text(good)), good);
  const auto refused = [&](auto change) {
    Rotation bad = good;
    change(bad);
    const std::string said = outcome([&] { follow(world.device, bad, true); });
    EXPECT_EQ(world.device.trusted().size(), 2u);
    return said;
  };
  const Identity thief = Identity::generate();
  EXPECT_TRUE(refused([&](Rotation& r) { r.after = thief.public_key(); }).starts_with("cheat: "));
  EXPECT_TRUE(refused([&](Rotation& r) { r.by_after = thief.sign(bytes_of("x")); }).starts_with("cheat: "));
  EXPECT_TRUE(refused([](Rotation& r) { ++r.time; }).starts_with("cheat: "));
  EXPECT_TRUE(refused([](Rotation& r) { r.name = "ACME"; }).starts_with("cheat: "));
  EXPECT_TRUE(refused([](Rotation& r) { r.by_before = r.by_after; }).starts_with("cheat: "));
  // The new key alone, which anybody has who makes one.
  EXPECT_TRUE(refused([](Rotation& r) { std::swap(r.before, r.after); }).starts_with("cheat: "));
  const std::string text_of_it = to_text(good);
  for (std::size_t size = 0; size < text_of_it.size(); size += 5)
    EXPECT_TRUE(outcome([&] { parse_rotation(text_of_it.substr(0, size)); }).starts_with("usage: ")) << size;
  EXPECT_TRUE(outcome([&] { parse_rotation(text_of_it + "\n"); }).starts_with("usage: "));
}

TEST_F(Rotating, KeysAreNeverOverwritten) {
  EXPECT_NE(outcome([&] {
              rotate_vendor(world.folder.path("old"), world.folder.path("new"), kNow);
            }).find("is there already"),
            std::string::npos);
  EXPECT_EQ(VendorKeys::open(world.folder.path("new")).card, new_keys.card);
  EXPECT_EQ(VendorKeys::open(world.folder.path("old")).card, old_keys.card);
}

TEST_F(Rotating, ADevicesNewKeyGainsNoTime) {
  world.device.trust(old_keys.card);
  witness(world.device.folder, world.device.key, kNow + 10 * kDay, 0);
  const fs::path at = world.folder.path("device-2");
  // The clock was set back, within what is no mistake of it.
  const Seconds back = kNow + 10 * kDay - kClockTolerance;
  const DeviceKeys anew = DeviceKeys::make(at, "x", back);
  const Bequest left = bequest_of(world.device, back);
  EXPECT_EQ(left.time, kNow + 10 * kDay);
  take_over(left, anew, back);
  EXPECT_EQ(anew.trusted(), world.device.trusted());
  EXPECT_EQ(witness(anew.folder, anew.key, back, 0), kNow + 10 * kDay);
  EXPECT_NE(anew.card.key, world.device.card.key);
  // Further back it is refused, as with the old key.
  EXPECT_NE(outcome([&] { bequest_of(world.device, kNow); }).find("set the clock right"), std::string::npos);
}

TEST_F(Rotating, AfterAChangeOfTheFirmwareTheNewDeviceTrustsAsTheOldDid) {
  const SoftwareTpm chip;
  const BootMoment boot{{std::byte{1}}, 100};
  const Now now(kNow, boot);
  const fs::path at = world.folder.path("bound");
  DeviceKeys::make(at, "x", now, TpmChoice{chip.at(), {7}}).trust(new_keys.card);
  EXPECT_TRUE(bequest_of(DeviceKeys::open(at), now).time);
  chip.extend(7);
  const Bequest left = bequest_of(DeviceKeys::open(at), now);
  EXPECT_FALSE(left.time);
  const DeviceKeys anew = DeviceKeys::make(world.folder.path("anew"), "x", now, TpmChoice{chip.at(), {7}});
  take_over(left, anew, now);
  EXPECT_EQ(anew.trusted(), std::vector{new_keys.card});
  SealRequest request{new_keys.identity, new_keys.card.name, "a model", {anew.card.key}};
  request.sealed_at = kNow;
  OpenedModel model = open_model(world.seal(text, "m.tacit", request), anew, now);
  EXPECT_EQ(OpenForTests::text(model), text);
}

}  // namespace
}  // namespace tacit::sealed
