// Whom a sealed file opens to, and when; and that every change of it is refused.
#include "tacit/sealed/open.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/sealed/keys_of_a_file.h"
#include "tacit/sealed/merkle.h"
#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/sealed/witness.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

class Opening : public ::testing::Test {
 protected:
  SealedWorld world;
  const Bytes text = some_bytes(2500);

  fs::path rewrite(const std::string& content) const { return world.folder.write("changed.tacit", content); }
  /// Where chunk `i` of a file lies.
  static std::size_t place_of(const std::string& file, std::size_t i) {
    const Header h = header_of(file);
    const std::size_t head = kPreludeSize + records_size(bytes_of(file).first(kPreludeSize));
    return layout_of(h, head).chunks + i * (h.chunk + kSealTagSize);
  }
};

TEST_F(Opening, ManyRecipients) {
  std::vector<DeviceKeys> devices;
  for (int i = 0; i < 5; ++i) {
    devices.push_back(DeviceKeys::make(world.folder.path("device-" + std::to_string(i)), "x", kNow));
    devices.back().trust(world.card);
  }
  // One whose key is of the other kind, as a TPM will have it.
  KeyFolder folder = KeyFolder::make(world.folder.path("p256"));
  KemPrivateKey key = KemPrivateKey::generate(Kem::P256);
  fs::create_directory(folder.file("trusted"));
  const DeviceKeys kept{std::move(folder), {"p256", key.public_key()}, std::move(key)};
  begin_witness(kept.folder, kept.key, kNow);
  kept.trust(world.card);
  SealRequest request = world.request();
  request.to = {kept.card.key};
  for (int i = 0; i < 4; ++i) request.to.push_back(devices[static_cast<std::size_t>(i)].card.key);
  const fs::path file = world.seal(text, "m.tacit", request);
  EXPECT_EQ(SealedFile(file).header().wraps.size(), 5u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(world.open_as(devices[static_cast<std::size_t>(i)], file), text) << i;
  EXPECT_EQ(world.open_as(kept, file), text);
  for (const DeviceKeys* other : {&devices[4], &world.device})
    EXPECT_NE(outcome([&] { world.open_as(*other, file); }).find("is not sealed to the device"),
              std::string::npos);
}

TEST_F(Opening, OnlyForTheVendorsThatAreTrusted) {
  const fs::path file = world.seal(text);
  const DeviceKeys naive = DeviceKeys::make(world.folder.path("naive"), "x", kNow);
  EXPECT_NE(outcome([&] { world.open_as(naive, file); }).find("a vendor that this device does not trust"),
            std::string::npos);
  // Another vendor signs what this one made: with its own key in the header, and with the old one.
  const Identity other = Identity::generate();
  const std::string content = read_file(file);
  Header h = header_of(content);
  EXPECT_TRUE(world.refusal(rewrite(world.with_header(content, h, other))).starts_with("cheat: "));
  h.vendor = other.public_key();
  EXPECT_NE(world.refusal(rewrite(world.with_header(content, h, other))).find("does not trust"),
            std::string::npos);
  world.device.trust({"Other", other.public_key()});
  EXPECT_NE(world.refusal(rewrite(world.with_header(content, h, other))).find("names its vendor 'ACME'"),
            std::string::npos);
  // Even trusted it cannot make another's wraps its own.
  h.vendor_name = "Other";
  EXPECT_NE(world.refusal(rewrite(world.with_header(content, h, other))).find("does not open"),
            std::string::npos);
  EXPECT_NE(outcome([&] {
              VerifiedFile(SealedFile(file), {"Other", other.public_key()});
            }).find("signed by another vendor"),
            std::string::npos);
}

TEST_F(Opening, EndsWithItsDay) {
  const fs::path file = world.seal(text);
  EXPECT_EQ(world.open(file, kNow + kDay - 1), text);
  const std::string said = world.refusal(file, kNow + kDay);
  EXPECT_TRUE(said.starts_with("usage: ")) << said;
  EXPECT_NE(said.find("has expired: it was of use until " + moment_text(kNow + kDay)), std::string::npos)
      << said;
  // That it was seen then is remembered: a little earlier by the clock is no earlier.
  EXPECT_NE(world.refusal(file, kNow + kDay - 1).find("has expired"), std::string::npos);
  EXPECT_NE(world.refusal(file, kNow).find("set the clock right"), std::string::npos);
  SealRequest request = world.request();
  request.expires = kNever;
  EXPECT_EQ(world.open(world.seal(text, "never.tacit", request), kNow + 5000 * kDay), text);
}

TEST_F(Opening, NotBeforeItWasSealed) {
  SealRequest request = world.request();
  request.sealed_at = kNow + kDay;
  request.expires = kNow + 2 * kDay;
  const fs::path file = world.seal(text, "m.tacit", request);
  EXPECT_NE(world.refusal(file, kNow).find("set the clock right"), std::string::npos);
  EXPECT_EQ(world.open(file, kNow + kDay - 10), text);  // clocks differ a little
}

TEST_F(Opening, EveryByteCounts) {
  const fs::path file = world.seal(text);
  const std::string good = read_file(file);
  ASSERT_LT(good.size(), 4000u);
  EXPECT_EQ(world.refusal(rewrite(good)), "opened");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1 << i % 8);
    const fs::path changed = rewrite(bad);
    const std::string said = world.refusal(changed);
    EXPECT_TRUE(said.starts_with("usage: ") || said.starts_with("cheat: ")) << i << ": " << said;
    EXPECT_NE(said.find("changed.tacit"), std::string::npos) << i << ": " << said;
    // Whoever has no key sees it, too.
    EXPECT_NE(outcome([&] { VerifiedFile(SealedFile(changed), world.card).check_chunks(); }), "opened") << i;
  }
}

TEST_F(Opening, AFileThatIsNotThereIsAMistake) {
  const fs::path file = world.folder.path("none.tacit");
  EXPECT_EQ(world.refusal(file), fmt::format("usage: there is no file '{}': check the path", file.string()));
}

TEST_F(Opening, EveryCutCounts) {
  const std::string good = read_file(world.seal(text));
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string said = world.refusal(rewrite(good.substr(0, size)));
    EXPECT_TRUE(said.starts_with("usage: ")) << size << ": " << said;
  }
  for (const std::size_t more : {1u, 16u, 1040u})
    EXPECT_TRUE(world.refusal(rewrite(good + std::string(more, '\0'))).starts_with("usage: ")) << more;
}

TEST_F(Opening, ItsTextIsReadInPiecesOfAnySize) {
  std::mt19937 random(1);
  const fs::path file = world.seal(text);
  const std::size_t chunk = SealedFile(file).header().chunk;
  for (int round = 0; round < 200; ++round) {
    OpenedModel model = open_model(file, world.device, kNow);
    const auto reader = OpenForTests::reader(model);
    const auto upto = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(1, n)(random); };
    Bytes got, room(upto(3 * chunk) + kSealTagSize);
    while (got.size() < text.size()) {
      const std::size_t most = std::min({text.size() - got.size(), upto(2 * chunk), room.size()});
      std::size_t now = most;
      if (upto(2) == 1)
        reader->read(ByteSpan(room).first(most));
      else
        now = reader->read_some(room, most);
      ASSERT_GE(now, 1u);
      ASSERT_LE(now, most);
      append_bytes(got, ByteSpan(room).first(now));
    }
    ASSERT_EQ(got, text);
    EXPECT_THROW(reader->read_some(room, 1), UsageError);
  }
}

TEST_F(Opening, OfAChunkThatWasChangedNothingIsGiven) {
  std::string content = read_file(world.seal(text));
  content[place_of(content, 1)] ^= 1;
  const fs::path file = rewrite(content);
  const std::size_t chunk = header_of(content).chunk;
  for (const bool in_place : {false, true}) {
    OpenedModel model = open_model(file, world.device, kNow);
    const auto reader = OpenForTests::reader(model);
    Bytes room(chunk + kSealTagSize);
    const auto next = [&] {
      if (in_place)
        EXPECT_EQ(reader->read_some(room, chunk), chunk);
      else
        reader->read(ByteSpan(room).first(chunk));
    };
    next();
    EXPECT_EQ(Bytes(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(chunk)),
              Bytes(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(chunk)));
    for (int again = 0; again < 2; ++again) EXPECT_THROW(next(), CheatDetected) << in_place;
  }
}

TEST_F(Opening, ChunksStayInTheirPlaces) {
  const std::string good = read_file(world.seal(text)), other = read_file(world.seal(text, "other.tacit"));
  constexpr std::size_t kWhole = kSmallestChunk + kSealTagSize;
  const std::size_t first = place_of(good, 0), second = place_of(good, 1), last = place_of(good, 2);
  std::string swapped = good;
  swapped.replace(first, kWhole, good, second, kWhole).replace(second, kWhole, good, first, kWhole);
  EXPECT_NE(world.refusal(rewrite(swapped)).find("its part 1 of 3"), std::string::npos);
  // With its digests swapped, too.
  const std::size_t digests = first - 3 * sizeof(Digest);
  swapped.replace(digests, 32, good, digests + 32, 32).replace(digests + 32, 32, good, digests, 32);
  EXPECT_NE(world.refusal(rewrite(swapped)).find("the list of its parts"), std::string::npos);
  std::string repeated = good;
  repeated.replace(second, kWhole, good, first, kWhole);
  EXPECT_NE(world.refusal(rewrite(repeated)).find("its part 2 of 3"), std::string::npos);
  std::string foreign = good;
  foreign.replace(last, std::string::npos, other, last, std::string::npos);
  EXPECT_NE(world.refusal(rewrite(foreign)).find("its part 3 of 3"), std::string::npos);
  std::string dropped = good;
  dropped.erase(second, kWhole);
  EXPECT_TRUE(world.refusal(rewrite(dropped)).starts_with("usage: "));
  // What came before the first bad part was right, and nothing of the bad one came.
  OpenedModel model = open_model(rewrite(repeated), world.device, kNow);
  const auto reader = OpenForTests::reader(model);
  Bytes begin(1024), next(1);
  reader->read(begin);
  EXPECT_TRUE(std::equal(begin.begin(), begin.end(), text.begin()));
  EXPECT_TRUE(outcome([&] { reader->read(next); }).starts_with("cheat: "));
}

/// A recipient knows the content key, and can make chunks with right tags; not the vendor's signature.
TEST_F(Opening, ARecipientCannotChangeItForOthers) {
  const std::string good = read_file(world.seal(text));
  const Header h = header_of(good);
  const Digest self = device_id(world.device.card.key);
  HpkeReceiver receiver =
      world.device.key.receiver(kWrapCipher, h.wraps[0].enc, wrap_info(h.id, h.vendor, self));
  const auto content_key = receiver.open(facts_of(h), h.wraps[0].sealed);
  ASSERT_TRUE(content_key);
  ChunkCipher cipher(chunk_key(content_key->bytes(), h.id).bytes(), sha256(facts_of(h)), true);
  Bytes chunk = some_bytes(kSmallestChunk + kSealTagSize, 9);
  cipher.seal(0, false, chunk);
  std::string bad = good;
  bad.replace(place_of(good, 0), chunk.size(), text_of(chunk));
  EXPECT_NE(world.refusal(rewrite(bad)).find("its part 1 of 3"), std::string::npos);
  const Digest leaf = leaf_digest(chunk);
  bad.replace(place_of(good, 0) - 3 * sizeof(Digest), leaf.size(), text_of(leaf));
  EXPECT_NE(world.refusal(rewrite(bad)).find("the list of its parts"), std::string::npos);
  // With the root made right it is another head, which it cannot sign.
  std::vector<Digest> digests(3);
  std::memcpy(digests.data(), bad.data() + place_of(good, 0) - 3 * sizeof(Digest), 3 * sizeof(Digest));
  Header forged = h;
  forged.root = merkle_root(digests);
  EXPECT_NE(
      world.refusal(rewrite(world.with_header(bad, forged, Identity::generate()))).find("the signature"),
      std::string::npos);
}

/// What a vendor's own mistake, or malice, leads to: the signature is right, the keys are not.
TEST_F(Opening, OneFileIsOneModelForAll) {
  const std::string good = read_file(world.seal(text));
  Header h = header_of(good);
  h.commitment[0] ^= std::byte{1};
  EXPECT_NE(world.refusal(rewrite(world.with_header(good, h, world.vendor))).find("does not open"),
            std::string::npos);
  // A wrap of another content key, made for this head.
  h = header_of(good);
  HpkeSender sender(kWrapCipher, world.device.card.key, wrap_info(h.id, h.vendor, h.wraps[0].recipient));
  h.wraps[0].enc = sender.enc();
  h.wraps[0].sealed = sender.seal(facts_of(h), some_bytes(kContentKeySize, 3));
  EXPECT_NE(
      world.refusal(rewrite(world.with_header(good, h, world.vendor))).find("is another than the file's"),
      std::string::npos);
  h.wraps[0].enc = Bytes(32);  // of small order
  EXPECT_NE(world.refusal(rewrite(world.with_header(good, h, world.vendor))).find("does not open"),
            std::string::npos);
}

TEST_F(Opening, ALevelThatIsNotTheFilesIsRefused) {
  const std::string good = read_file(world.seal(text));
  Header h = header_of(good);
  h.level = Level::Split;
  EXPECT_EQ(outcome([&] { world.with_header(good, h, world.vendor); }),
            "usage: a segment that stays at the vendor belongs to level 3, and to no other");
  // Facts that are not those with which it was sealed: the vendor's own mistake, and no less refused.
  h.split = some_split_terms();
  const std::string said = world.refusal(rewrite(world.with_header(good, h, world.vendor)));
  EXPECT_NE(said.find("does not open"), std::string::npos) << said;
}

TEST_F(Opening, ACopyNamesItsCustomer) {
  SealRequest request = world.request();
  request.level = Level::Traceable;
  request.fingerprint = "customer 7";
  const auto file = world.seal(text, "copy.tacit", request);
  EXPECT_EQ(world.open(file), text);
  EXPECT_EQ(SealedFile(file).header().fingerprint, "customer 7");
  EXPECT_EQ(SealedFile(file).header().level, Level::Traceable);
  request.level = Level::Sealed;
  EXPECT_EQ(outcome([&] { world.seal(text, "none.tacit", request); }),
            "usage: a fingerprint belongs to level 4, alone or together with level 2");
}

TEST_F(Opening, HugeClaimsAllocateNothing) {
  const std::string good = read_file(world.seal(text));
  Header h = header_of(good);
  h.text_size = kMaxChunks * kSmallestChunk;  // 4 GiB, and 128 MiB of digests
  const std::string said = world.refusal(rewrite(world.with_header(good, h, world.vendor)));
  EXPECT_NE(said.find("bytes where its head claims"), std::string::npos) << said;
  std::string claims = good;
  const std::uint32_t all = ~0u;
  claims.replace(16, 4, text_of(std::as_bytes(std::span(&all, 1))));
  EXPECT_NE(world.refusal(rewrite(claims)).find("its head claims"), std::string::npos);
}

}  // namespace
}  // namespace tacit::sealed
