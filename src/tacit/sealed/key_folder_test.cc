// Cards, folders of keys, the vendors that a device trusts, and the time that it has witnessed.
#include "tacit/sealed/key_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/sealed/witness.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

TEST(Cards, ThereAndBack) {
  const VendorCard vendor{"Müller & Söhne", Identity::generate().public_key()};
  EXPECT_EQ(parse_vendor_card(to_text(vendor)), vendor);
  for (const Kem kem : {Kem::X25519, Kem::P256}) {
    const DeviceCard device{"a laptop", KemPrivateKey::generate(kem).public_key()};
    EXPECT_EQ(parse_device_card(to_text(device)), device);
  }
  EXPECT_EQ(parse_groups(in_groups(fingerprint(vendor))), fingerprint(vendor));
  EXPECT_EQ(parse_groups(to_hex(fingerprint(vendor))), fingerprint(vendor));
  EXPECT_EQ(in_groups(Digest{}).size(), 64u + 15u);
  VendorCard renamed = vendor;
  renamed.name = "ACME";
  EXPECT_NE(fingerprint(renamed), fingerprint(vendor));
}

TEST(Cards, OneFormAlone) {
  const DeviceCard device{"a laptop", KemPrivateKey::generate(Kem::X25519).public_key()};
  const std::string good = to_text(device);
  const auto refused = [](const std::string& text) {
    return outcome([&] { parse_device_card(text); }).starts_with("usage: ");
  };
  EXPECT_FALSE(refused(good));
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_TRUE(refused(good.substr(0, size))) << size;
  EXPECT_TRUE(refused(good + "\n"));
  EXPECT_TRUE(refused(good + "more = 1\n"));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_TRUE(refused(with("tacit device 1", "tacit device 2")));
  EXPECT_TRUE(refused(with("name", "Name")));
  EXPECT_TRUE(refused(with("a laptop", "a\x1b[2J")));
  EXPECT_TRUE(refused(with("x25519", "p256")));
  EXPECT_TRUE(refused(with("x25519:", "x25519")));
  EXPECT_TRUE(refused(with("x25519:", "x25519:00")));
  EXPECT_EQ(outcome([&] { parse_device_card(with("software", "tpm")); }),
            "usage: its key is kept by 'tpm', which is not known here: use a newer tacit");
  EXPECT_TRUE(outcome([&] { parse_vendor_card(good); }).starts_with("usage: it does not begin with"));
  const ScratchFolder folder;
  EXPECT_NE(outcome([&] {
              read_device_card(folder.write("d.pub", "nonsense"));
            }).find("d.pub' is no device's card"),
            std::string::npos);
  EXPECT_NE(
      outcome([&] { read_device_card(folder.write("d.pub", std::string(5000, 'x'))); }).find("5000 bytes"),
      std::string::npos);
  EXPECT_TRUE(outcome([] { parse_groups("12 34"); }).starts_with("usage: "));
}

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

// ---- time

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
