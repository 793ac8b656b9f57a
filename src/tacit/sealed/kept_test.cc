// What a vendor kept it seals anew, without the model; nobody else does, and nothing else is.
#include "tacit/sealed/kept.h"

#include <gtest/gtest.h>

#include "tacit/sealed/rotation.h"
#include "tacit/sealed/testing/kept_1.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

class Kept : public ::testing::Test {
 protected:
  SealRequest kept_request() const {
    SealRequest out = world.request();
    out.to.push_back(keeper_of(by.identity).public_key());
    return out;
  }
  SealRequest to_other() const {
    SealRequest out = world.request();
    out.to = {other.card.key};
    out.expires = kNow + 100 * kDay;
    return out;
  }
  fs::path out() const { return world.folder.path("anew.tacit"); }
  std::string refused(const fs::path& file, const VendorKeys& vendor, const SealRequest& request) const {
    const std::string said = outcome([&] { KeptModel(SealedFile(file), vendor).seal_anew(out(), request); });
    EXPECT_FALSE(fs::exists(out()));
    EXPECT_FALSE(fs::exists(out().string() + ".part"));
    return said;
  }

  SealedWorld world;
  VendorKeys by{world.card, world.vendor};
  DeviceKeys other = [this] {
    DeviceKeys made = DeviceKeys::make(world.folder.path("other"), "another device", kNow);
    made.trust(world.card);
    return made;
  }();
  const Bytes text = some_bytes(5000);
};

TEST_F(Kept, IsSealedAnewToOthers) {
  const fs::path old = world.seal(text, "old.tacit", kept_request());
  EXPECT_EQ(world.open(old), text);
  KeptModel model(SealedFile(old), by);
  const Header h = model.seal_anew(out(), to_other());
  EXPECT_NE(h.id, model.header().id);
  EXPECT_EQ(world.open_as(other, out()), text);
  EXPECT_NE(outcome([&] { world.open(out()); }).find("is not sealed to the device"), std::string::npos);
  EXPECT_NE(outcome([&] { world.open_as(other, old); }).find("is not sealed to the device"),
            std::string::npos);
  // It was not kept this time.
  EXPECT_NE(outcome([&] { KeptModel(SealedFile(out()), by); }).find("was not kept by its vendor"),
            std::string::npos);
  // In the place of the old file, and again after its day.
  SealRequest again = kept_request();
  again.sealed_at = kNow + 2 * kDay;
  again.expires = kNever;
  KeptModel(SealedFile(old), by).seal_anew(old, again);
  EXPECT_EQ(world.open(old, kNow + 3 * kDay), text);
}

TEST_F(Kept, OnlyItsVendorOpensIt) {
  const fs::path old = world.seal(text, "old.tacit", kept_request());
  const Identity stranger = Identity::generate();
  const VendorKeys others{{"Other", stranger.public_key()}, stranger};
  EXPECT_NE(refused(old, others, to_other()).find("is signed by another vendor"), std::string::npos);
  const fs::path plain = world.seal(text, "plain.tacit");
  EXPECT_NE(refused(plain, by, to_other()).find("was not kept by its vendor"), std::string::npos);
  EXPECT_EQ(keeper_of(world.vendor).public_key(), keeper_of(world.vendor).public_key());
  EXPECT_NE(keeper_of(world.vendor).public_key(), keeper_of(stranger).public_key());
}

TEST_F(Kept, StaysOfItsLevelAndItsCustomers) {
  SealRequest request = kept_request();
  request.level = Level::Traceable;
  request.fingerprint = "customer 7";
  const fs::path old = world.seal(text, "old.tacit", request);
  EXPECT_NE(refused(old, by, to_other()).find("is sealed at level 4"), std::string::npos);
  SealRequest anew = to_other();
  anew.level = Level::Traceable;
  anew.fingerprint = "customer 8";
  EXPECT_NE(refused(old, by, anew).find("is the copy of 'customer 7'"), std::string::npos);
  anew.fingerprint = "customer 7";
  EXPECT_EQ(KeptModel(SealedFile(old), by).seal_anew(out(), anew).fingerprint, "customer 7");
  EXPECT_EQ(world.open_as(other, out()), text);
}

TEST_F(Kept, WhatWasChangedIsNotSealedAnew) {
  const fs::path old = world.seal(text, "old.tacit", kept_request());
  std::string bad = read_file(old);
  bad[bad.size() - 1] ^= 1;
  const fs::path changed = world.folder.write("bad.tacit", bad);
  EXPECT_TRUE(refused(changed, by, to_other()).starts_with("cheat: "));
  bad = read_file(old);
  bad[30] ^= 1;  // the file's id
  world.folder.write("bad.tacit", bad);
  EXPECT_TRUE(refused(changed, by, to_other()).starts_with("cheat: "));
}

/// Written by other means.
TEST_F(Kept, Version1OpensForEver) {
  const fs::path pem = world.folder.write("vendor.key", kKept1Key);
  fs::permissions(pem, fs::perms::owner_read);
  const Identity vendor = Identity::load(pem);
  const VendorKeys old_vendor{{"ACME", vendor.public_key()}, vendor};
  const fs::path old = world.folder.write("v1.tacit", text_of(from_hex(kKept1File)));
  KeptModel(SealedFile(old), old_vendor).seal_anew(out(), to_other());
  Bytes want(200);
  for (std::size_t i = 0; i < want.size(); ++i) want[i] = static_cast<std::byte>(11 * i + 5);
  EXPECT_EQ(world.open_as(other, out()), want);
  const Rotation rotation = parse_rotation(kRotation1);
  EXPECT_EQ(to_text(rotation), kRotation1);
  EXPECT_EQ(rotation.before, vendor.public_key());
  EXPECT_EQ(outcome([&] { check_rotation(rotation); }), "opened");
}

TEST_F(Kept, NothingIsInTheClearOnTheDisk) {
  const std::string marked(20000, 'x');
  const fs::path old = world.seal(bytes_of(marked), "old.tacit", kept_request());
  const auto nothing_shows = [&](std::string_view) {
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(world.folder.path("")))
      if (file.is_regular_file()) {
        EXPECT_EQ(read_file(file.path()).find("xxxxxxxx"), std::string::npos) << file.path();
      }
  };
  KeptModel(SealedFile(old), by).seal_anew(out(), to_other(), nothing_shows);
  nothing_shows("");
  EXPECT_EQ(text_of(world.open_as(other, out())), marked);
}

}  // namespace
}  // namespace tacit::sealed
