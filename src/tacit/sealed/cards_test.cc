// Cards have one form, and everything else is refused.
#include "tacit/sealed/cards.h"

#include <gtest/gtest.h>

#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

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
  EXPECT_EQ(outcome([&] { parse_device_card(with("software", "magic")); }),
            "usage: its key is kept by 'magic', which is not known here: use a newer tacit");
  EXPECT_TRUE(refused(with("software", "tpm")));
  EXPECT_TRUE(outcome([&] { parse_vendor_card(good); }).starts_with("usage: it does not begin with"));
  const ScratchFolder folder;
  EXPECT_NE(outcome([&] {
              read_device_card(folder.write("d.pub", "nonsense"));
            }).find("d.pub' is no device's card"),
            std::string::npos);
  EXPECT_NE(
      outcome([&] { read_device_card(folder.write("d.pub", std::string(20000, 'x'))); }).find("20000 bytes"),
      std::string::npos);
  EXPECT_TRUE(outcome([] { parse_groups("12 34"); }).starts_with("usage: "));
}

TEST(Cards, OfKeysInATpm) {
  const Bytes point(65, std::byte{4});
  DeviceCard card{"a laptop", {Kem::P256, point}, TpmEvidence{{0, 7}, {std::byte{9}}, point, {}}};
  for (const Bytes& certificate : {Bytes(), Bytes(700, std::byte{1})}) {
    card.tpm->certificate = certificate;
    EXPECT_EQ(parse_device_card(to_text(card)), card);
  }
  EXPECT_EQ(name_in_tpm(card).size(), 34u);
  const std::string good = to_text(card);
  const auto refused = [](const std::string& text) {
    return outcome([&] { parse_device_card(text); }).starts_with("usage: ");
  };
  EXPECT_FALSE(refused(good));
  for (std::size_t size = 0; size < good.size(); size += 5)
    EXPECT_TRUE(refused(good.substr(0, size))) << size;
  EXPECT_TRUE(refused(good + "more = 1\n"));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_TRUE(refused(with("kept = tpm", "kept = software")));
  EXPECT_TRUE(refused(with("0+7", "7+0")));
  EXPECT_TRUE(refused(with("0+7", "none")));  // and yet a state
  EXPECT_TRUE(refused(with("endorsement = 04", "endorsement = 02")));
  EXPECT_TRUE(refused(with("state = 09", "state = 0")));
  card.tpm->certificate.resize(4097);
  EXPECT_TRUE(refused(to_text(card)));
  card.tpm->certificate.clear();
  card.key = KemPrivateKey::generate(Kem::X25519).public_key();
  EXPECT_TRUE(refused(to_text(card)));
}

}  // namespace
}  // namespace tacit::sealed
