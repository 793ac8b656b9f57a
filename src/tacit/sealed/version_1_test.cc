// Files of version 1 open for ever: one that was written by other means than this library's.
#include "tacit/sealed/testing/version_1.h"

#include <gtest/gtest.h>

#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/sealed/witness.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

VendorCard vendor() {
  const Bytes raw = from_hex(kVersion1Vendor);
  VendorCard out{kVersion1VendorName, {}};
  std::copy(raw.begin(), raw.end(), out.key.raw.begin());
  return out;
}

/// The device with this key, as a vendor's recipient finds itself long after.
DeviceKeys device_with(const ScratchFolder& folder, Kem kem, const char* raw) {
  KeyFolder keys = KeyFolder::make(folder.path(name_of(kem)));
  std::filesystem::create_directory(keys.file("trusted"));
  KemPrivateKey key = KemPrivateKey::from_raw(kem, from_hex(raw));
  const KemPublicKey half = key.public_key();
  DeviceKeys out{std::move(keys), {"a device", half}, std::move(key)};
  begin_witness(out.folder, out.key, kVersion1SealedAt);
  return out;
}

Bytes version_1_text() {
  Bytes out(1100);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(7 * i + 3);
  return out;
}

TEST(Version1, OpensForEver) {
  const ScratchFolder folder;
  const Bytes bytes = from_hex(kVersion1File);
  const auto file = folder.write("v1.tacit", text_of(bytes));
  const Header h = SealedFile(file).header();
  EXPECT_EQ(h.model_name, "speech");
  EXPECT_EQ(h.sealed_at, kVersion1SealedAt);
  EXPECT_EQ(h.expires, kVersion1Expires);
  EXPECT_EQ(h.chunk, 1024u);
  EXPECT_EQ(h.wraps.size(), 2u);
  VerifiedFile(SealedFile(file), vendor()).check_chunks();
  for (const auto& [kem, raw] :
       {std::pair{Kem::X25519, kVersion1X25519}, std::pair{Kem::P256, kVersion1P256}}) {
    const DeviceKeys device = device_with(folder, kem, raw);
    device.trust(vendor());
    OpenedModel model = open_model(file, device, kVersion1SealedAt + kDay);
    EXPECT_EQ(OpenForTests::text(model), version_1_text()) << name_of(kem);
    EXPECT_NE(outcome([&] { open_model(file, device, kVersion1Expires); }).find("has expired"),
              std::string::npos);
  }
}

/// What this version writes is what the other means wrote, as far as it is not random.
TEST(Version1, IsWhatIsWritten) {
  const Bytes file = from_hex(kVersion1File);
  const Header h = header_of(std::string(text_of(file)));
  const Bytes head = to_bytes(h);
  constexpr std::size_t kLater = 6 + 5;  // the record that a later revision added
  const std::size_t size = records_size(ByteView(file).first(kPreludeSize));
  ASSERT_EQ(head.size() + kLater, kPreludeSize + size);
  EXPECT_TRUE(std::equal(head.begin() + kPreludeSize, head.end(), file.begin() + kPreludeSize));
  EXPECT_EQ(layout_of(h, kPreludeSize + size).end, file.size());
}

}  // namespace
}  // namespace tacit::sealed
