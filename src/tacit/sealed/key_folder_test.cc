// Folders of keys, and the vendors that a device trusts.
#include "tacit/sealed/key_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

unsigned mode_of(const fs::path& file) {
  struct stat info {};
  EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
  return info.st_mode & 0777;
}

TEST(KeyFolders, AreTheirOwnersAlone) {
  const ScratchFolder folder;
  const fs::path vendor = folder.path("vendor"), device = folder.path("device");
  const VendorKeys made = VendorKeys::make(vendor, "ACME");
  EXPECT_EQ(VendorKeys::open(vendor).card, made.card);
  const DeviceKeys own = DeviceKeys::make(device, "a laptop", kNow);
  EXPECT_EQ(DeviceKeys::open(device).card, own.card);
  EXPECT_EQ(own.card.key, own.key.public_key());
  EXPECT_EQ(mode_of(vendor), 0700u);
  EXPECT_EQ(mode_of(device), 0700u);
  for (const auto& file : {vendor / "vendor.key", device / "device.key", device / "time.witness"})
    EXPECT_EQ(mode_of(file), 0600u);
  EXPECT_TRUE(VendorKeys::make(folder.path("unnamed-vendor"), "").card.name.starts_with("vendor "));
  EXPECT_TRUE(DeviceKeys::make(folder.path("unnamed-device"), "", kNow).card.name.starts_with("device "));
  const fs::path slashed = folder.path("slashed") / "";
  DeviceKeys::make(slashed, "x", kNow);
  EXPECT_EQ(DeviceKeys::open(slashed).card, DeviceKeys::open(folder.path("slashed")).card);
  // Keys are never overwritten.
  EXPECT_NE(outcome([&] { VendorKeys::make(vendor, "ACME"); }).find("is there already"), std::string::npos);
  EXPECT_NE(outcome([&] { DeviceKeys::make(device, "x", kNow); }).find("is there already"),
            std::string::npos);
  EXPECT_TRUE(outcome([&] { DeviceKeys::make(folder.path("other"), "a\n", kNow); }).starts_with("usage: "));
  EXPECT_FALSE(fs::exists(folder.path("other")));
  fs::permissions(device, fs::perms::group_read, fs::perm_options::add);
  EXPECT_NE(outcome([&] { DeviceKeys::open(device); }).find("run 'chmod 700"), std::string::npos);
  EXPECT_NE(outcome([&] { DeviceKeys::open(folder.path("none")); }).find("'tacit device init'"),
            std::string::npos);
  EXPECT_NE(outcome([&] { VendorKeys::open(folder.path("none")); }).find("'tacit vendor init'"),
            std::string::npos);
}

TEST(KeyFolders, HalvesBelongTogether) {
  const ScratchFolder folder;
  for (const char* name : {"a", "b"}) {
    VendorKeys::make(folder.path(std::string("vendor-") + name), "ACME");
    DeviceKeys::make(folder.path(std::string("device-") + name), "x", kNow);
  }
  fs::rename(folder.path("vendor-a") / "vendor.pub", folder.path("vendor-b") / "vendor.pub");
  fs::rename(folder.path("device-a") / "device.pub", folder.path("device-b") / "device.pub");
  EXPECT_NE(outcome([&] { VendorKeys::open(folder.path("vendor-b")); }).find("of different keys"),
            std::string::npos);
  EXPECT_NE(outcome([&] { DeviceKeys::open(folder.path("device-b")); }).find("of different keys"),
            std::string::npos);
}

TEST(Trust, IsGivenAndNeverAssumed) {
  const ScratchFolder folder;
  const DeviceKeys device = DeviceKeys::make(folder.path("device"), "x", kNow);
  const VendorCard acme{"ACME", Identity::generate().public_key()};
  EXPECT_TRUE(device.trusted().empty());
  EXPECT_FALSE(device.trusted(acme.key));
  device.trust(acme);
  device.trust(acme);
  EXPECT_EQ(device.trusted(acme.key), acme);
  const VendorCard other{"Other", Identity::generate().public_key()};
  EXPECT_FALSE(device.trusted(other.key));
  device.trust(other);
  EXPECT_EQ(device.trusted().size(), 2u);
  // Another key under a name that is known, and a known key under another name.
  EXPECT_NE(outcome([&] {
              device.trust({"ACME", Identity::generate().public_key()});
            }).find("with another key"),
            std::string::npos);
  EXPECT_NE(outcome([&] { device.trust({"Acme", acme.key}); }).find("with this very key"), std::string::npos);
  // A card under another's name.
  const fs::path trusted = folder.path("device") / "trusted";
  fs::rename(trusted / (to_hex(fingerprint(acme)) + ".pub"), trusted / (std::string(64, '0') + ".pub"));
  EXPECT_NE(outcome([&] { device.trusted(acme.key); }).find("another vendor's card"), std::string::npos);
}

}  // namespace
}  // namespace tacit::sealed
