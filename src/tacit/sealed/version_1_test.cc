// Files of version 1 open for ever: some that were written by other means than this library's. That of level
// 3 has a test of its own.
#include "tacit/sealed/testing/version_1.h"

#include <gtest/gtest.h>

#include <iterator>

#include "tacit/sealed/guarded_runtime.h"
#include "tacit/sealed/testing/hardened.h"
#include "tacit/sealed/testing/levels_1.h"
#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/sealed/testing/split_1.h"
#include "tacit/sealed/testing/tiles_1.h"
#include "tacit/sealed/testing/version_1_keys.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

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
  VerifiedFile(SealedFile(file), version_1_vendor()).check_chunks();
  for (const Kem kem : {Kem::X25519, Kem::P256}) {
    const DeviceKeys device = version_1_device(folder, kem);
    OpenedModel model = open_model(file, device, kVersion1SealedAt + kDay);
    EXPECT_EQ(OpenForTests::text(model), version_1_text()) << name_of(kem);
    EXPECT_NE(outcome([&] { open_model(file, device, kVersion1Expires); }).find("has expired"),
              std::string::npos);
  }
}

TEST(Version1, OfLevel2OpensForEver) {
  const ScratchFolder folder;
  const HardenForTests hardened;
  TileSpace space{hardened.process};
  Workers workers(1);
  const struct {
    const char *file, *customer;
  } files[] = {{kGuarded1File, ""}, {kGuardedCopy1File, kLevels1Customer}};
  for (const Kem kem : {Kem::X25519, Kem::P256}) {
    const DeviceKeys device = version_1_device(folder, kem);
    for (const auto& [bytes, customer] : files) {
      const auto file = folder.write("guarded.tacit", text_of(from_hex(bytes)));
      GuardedRuntime runtime(open_model(file, device, kVersion1SealedAt + kDay), space, workers);
      EXPECT_EQ(runtime.header().level, Level::Guarded);
      EXPECT_EQ(runtime.header().fingerprint, customer);
      const PublicTensor y = runtime.run({{1, 2}, {std::begin(kTiles1Example), std::end(kTiles1Example)}});
      ASSERT_EQ(y.shape, (Shape{1, 3}));
      for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(y.values[i], kTiles1Answer[i], 1e-5);
    }
  }
}

TEST(Version1, OfLevel4OpensForEver) {
  const ScratchFolder folder;
  const auto file = folder.write("copy.tacit", text_of(from_hex(kTraceable1File)));
  const auto leased = folder.write("leased.tacit", text_of(from_hex(kLeased1File)));
  for (const Kem kem : {Kem::X25519, Kem::P256}) {
    const DeviceKeys device = version_1_device(folder, kem);
    OpenedModel model = open_model(file, device, kVersion1SealedAt + kDay);
    EXPECT_EQ(model.header().level, Level::Traceable);
    EXPECT_EQ(model.header().fingerprint, kLevels1Customer);
    EXPECT_EQ(OpenForTests::text(model), version_1_text()) << name_of(kem);
    // Nobody has a lease of it any more.
    EXPECT_NE(
        outcome([&] { open_model(leased, device, kVersion1SealedAt + kDay); }).find("under leases alone"),
        std::string::npos);
  }
  const Header h = SealedFile(leased).header();
  ASSERT_TRUE(h.lease);
  EXPECT_EQ(h.lease->seconds, kLevels1Lease);
  EXPECT_EQ(h.lease->from, kLevels1LeaseFrom);
  VerifiedFile(SealedFile(leased), version_1_vendor()).check_chunks();
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

TEST(Version1, OfLevels2And4IsWhatIsWritten) {
  for (const char* bytes : {kGuarded1File, kGuardedCopy1File, kTraceable1File, kLeased1File}) {
    const Bytes file = from_hex(bytes);
    const Bytes head = to_bytes(header_of(std::string(text_of(file))));
    ASSERT_LE(head.size(), file.size());
    EXPECT_TRUE(std::equal(head.begin(), head.end(), file.begin()));
  }
}

/// Seen without a key, too; open_test.cc has the same of level 1, also of who opens it.
TEST(Version1, EveryByteOfLevels2And3Counts) {
  const ScratchFolder folder;
  for (const char* golden : {kGuarded1File, kSplit1File}) {
    Bytes bytes = from_hex(golden);
    const auto looked_at = [&] {
      return outcome([&] {
        VerifiedFile(SealedFile(folder.write("changed.tacit", text_of(bytes))), version_1_vendor())
            .check_chunks();
      });
    };
    EXPECT_EQ(looked_at(), "opened");
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto bit = static_cast<std::byte>(1 << i % 8);
      bytes[i] ^= bit;
      const std::string said = looked_at();
      EXPECT_TRUE(said.starts_with("usage: ") || said.starts_with("cheat: ")) << i << ": " << said;
      bytes[i] ^= bit;
    }
  }
}

}  // namespace
}  // namespace tacit::sealed
