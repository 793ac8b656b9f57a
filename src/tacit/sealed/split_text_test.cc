// The text of level 3: there and back, every cut and claim refused, and each device's key for its own alone.
#include "tacit/sealed/split_text.h"

#include <gtest/gtest.h>

#include "tacit/sealed/cards.h"
#include "tacit/sealed/segment.h"
#include "tacit/sealed/split_runtime.h"
#include "tacit/sealed/testing/plain_run.h"
#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/sealed/tiles.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

SplitText some_split(const std::vector<KemPublicKey>& devices, const SplitTerms& terms) {
  const CutModel cut = cut_segment(layered_graph(), {2, 4});
  SplitText out{{}, cut.before, cut.after, some_bytes(50)};
  for (const KemPublicKey& key : devices) out.access.push_back(make_access(terms, key).access);
  std::sort(out.access.begin(), out.access.end(),
            [](const auto& a, const auto& b) { return a.device < b.device; });
  return out;
}
SplitText read_back(ByteView text) {
  MemoryReader from(text);
  return read_split_text(from, text.size());
}
std::string refused_text(ByteView text) {
  return outcome([&] { read_back(text); });
}
/// A segment of layered_graph's in the middle.
SplitTerms middle_terms() {
  SplitTerms t = some_split_terms();
  t.input = {8};
  t.output = {5};
  t.low = -4 * 1024;
  t.high = 4 * 1024;
  return t;
}

TEST(SplitText, ThereAndBack) {
  const KemPrivateKey a = KemPrivateKey::generate(Kem::X25519), b = KemPrivateKey::generate(Kem::P256);
  const SplitTerms terms = some_split_terms();
  const SplitText split = some_split({a.public_key(), b.public_key()}, terms);
  const Bytes text = to_text(split);
  const SplitText back = read_back(text);
  EXPECT_EQ(back.access, split.access);
  EXPECT_EQ(back.part, split.part);
  EXPECT_EQ(to_text(back), text);
  const PublicTensor x = random_tensor({2, 6}, 1, 3);
  EXPECT_EQ(plain_run(*back.before, x).values.size(), 16u);
  // A model may begin or end with its segment.
  SplitText bare = split;
  bare.before.reset(), bare.after.reset();
  EXPECT_FALSE(read_back(to_text(bare)).before || read_back(to_text(bare)).after);
}

TEST(SplitText, WithOtherDevicesKeysItIsTheSame) {
  const KemPrivateKey a = KemPrivateKey::generate(Kem::X25519), b = KemPrivateKey::generate(Kem::P256);
  const SplitTerms terms = some_split_terms();
  const SplitText split = some_split({a.public_key()}, terms);
  SplitText anew = split;
  anew.access = some_split({b.public_key(), a.public_key()}, terms).access;
  const SecretBytes got = with_access(to_text(split), anew.access);
  EXPECT_EQ(Bytes(got.bytes().begin(), got.bytes().end()), to_text(anew));
  Bytes longer = to_text(split);
  longer.push_back(std::byte{0});
  EXPECT_EQ(outcome([&] { with_access(longer, anew.access); }), "usage: what is sealed is too long");
  EXPECT_EQ(outcome([&] { with_access(some_bytes(500), anew.access); }),
            "usage: it holds no model without its segment");
}

TEST(SplitText, IsTheDocumentedOne) {
  const KemPublicKey device = KemPrivateKey::generate(Kem::P256).public_key();
  SplitText split = some_split({device}, some_split_terms());
  split.after.reset();
  const Bytes before = tiled_text(in_tiles(*split.before));
  Bytes want;
  append_bytes(want, bytes_of("tacit split "));
  for (const int number : {1, 0, 1, 0})
    append(want, static_cast<std::uint16_t>(number));  // version, zeros, one device
  for (const std::uint64_t size : {before.size(), std::size_t{0}, split.part.size()}) append(want, size);
  append_bytes(want, device_id(device));
  append(want, std::uint16_t{65});
  append_bytes(want, split.access[0].enc);
  append_bytes(want, split.access[0].sealed);
  append_bytes(want, before);
  append_bytes(want, split.part);
  EXPECT_EQ(to_text(split), want);
}

TEST(SplitText, EveryCutIsRefused) {
  const SplitTerms terms = some_split_terms();
  const Bytes text = to_text(some_split({KemPrivateKey::generate(Kem::X25519).public_key()}, terms));
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_EQ(refused_text(ByteView(text).first(size)).substr(0, 6), "usage:") << size;
  Bytes longer = text;
  longer.push_back(std::byte{0});
  EXPECT_EQ(refused_text(longer), "usage: what is sealed is too long");
}

TEST(SplitText, ClaimsAreRefused) {
  const SplitTerms terms = some_split_terms();
  const Bytes text = to_text(some_split(
      {KemPrivateKey::generate(Kem::X25519).public_key(), KemPrivateKey::generate(Kem::X25519).public_key()},
      terms));
  const auto put = [&](std::size_t at, auto value) {
    Bytes changed = text;
    std::memcpy(changed.data() + at, &value, sizeof value);
    return refused_text(changed);
  };
  EXPECT_EQ(put(0, 'T'), "usage: it holds no model without its segment");
  EXPECT_NE(put(12, std::uint16_t{2}).find("of version 2"), std::string::npos);
  EXPECT_EQ(put(14, std::uint16_t{1}).substr(0, 6), "usage:");
  for (const std::uint32_t devices : {0u, 1u, 3u, 1025u, ~0u})
    EXPECT_EQ(put(16, devices).substr(0, 6), "usage:") << devices;
  for (const std::size_t piece : {20u, 28u, 36u})
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}})
      EXPECT_EQ(put(piece, size).substr(0, 6), "usage:") << piece;
  EXPECT_NE(put(44 + 32, std::uint16_t{33}).find("which there is not"), std::string::npos);
  EXPECT_NE(put(44, ~std::uint64_t{0}).find("not in order"), std::string::npos);
}

TEST(SegmentAccess, IsForOneDeviceAndOneSegment) {
  const DeviceKey own(KemPrivateKey::generate(Kem::P256)), other(KemPrivateKey::generate(Kem::P256));
  const SplitTerms terms = some_split_terms();
  const NewAccess made = make_access(terms, own.public_key());
  EXPECT_EQ(made.access.device, device_id(own.public_key()));
  const auto open = [&](const SplitTerms& t, const SegmentAccess& access, const DeviceKey& key) {
    return outcome([&] { EXPECT_EQ(open_access(t, access, key).public_key(), made.key); });
  };
  EXPECT_EQ(open(terms, made.access, own), "opened");
  const std::string cheat =
      "cheat: the key for the vendor's server that is sealed to this device does not open";
  EXPECT_EQ(open(terms, made.access, other), cheat);
  EXPECT_EQ(open(terms, made.access, KemPrivateKey::generate(Kem::X25519)), cheat);
  SplitTerms another = terms;
  another.segment[0] ^= std::byte{1};
  EXPECT_EQ(open(another, made.access, own), cheat);
  another = terms;
  another.server.raw[0] ^= std::byte{1};
  EXPECT_EQ(open(another, made.access, own), cheat);
  SegmentAccess changed = made.access;
  changed.sealed[5] ^= std::byte{1};
  EXPECT_EQ(open(terms, changed, own), cheat);
}

class SplitRunning : public ::testing::Test {
 protected:
  SplitRuntime runtime(const SplitTerms& terms) {
    const Bytes text = to_text(some_split({world.device.card.key}, terms));
    SealRequest request = world.request();
    request.level = Level::Split;
    request.split = terms;
    return {open_model(world.seal(text, "s.tacit", request), world.device, kNow), world.device, 1};
  }
  SealedWorld world;
};

TEST_F(SplitRunning, AsksForTheSegmentAndForNothingElse) {
  SplitRuntime r = runtime(middle_terms());
  EXPECT_EQ(r.example(), (Shape{6}));
  EXPECT_EQ(r.terms(), middle_terms());
  const nn::Graph g = layered_graph();
  const CutModel cut = cut_segment(g, {2, 4});
  const PublicTensor x = random_tensor({3, 6}, 0.5, 7), before = plain_run(*cut.before, x),
                     want = plain_run(g, x);
  const PublicTensor got = r.run(x, [&](std::span<const std::vector<Word>> inputs) {
    std::vector<std::vector<double>> out;
    for (std::size_t row = 0; row < inputs.size(); ++row) {
      PublicTensor in{{1, 8}, {}};
      for (std::size_t i = 0; i < 8; ++i) {
        in.values.push_back(static_cast<double>(static_cast<std::int64_t>(inputs[row][i])) / 1024);
        EXPECT_NEAR(in.values[i], before.values[row * 8 + i], 0.5 / 1024);
      }
      out.push_back(plain_run(cut.segment, in).values);
    }
    return out;
  });
  ASSERT_EQ(got.shape, (Shape{3, 4}));
  for (std::size_t i = 0; i < want.values.size(); ++i) EXPECT_NEAR(got.values[i], want.values[i], 0.02);
}

TEST_F(SplitRunning, WhatIsOutOfRangeIsNotAsked) {
  SplitTerms terms = middle_terms();
  SplitRuntime r = runtime(terms);
  bool asked = false;
  const auto said = [&](PublicTensor x) {
    return outcome([&] {
      r.run(x, [&](std::span<const std::vector<Word>> inputs) {
        asked = true;
        return std::vector<std::vector<double>>(inputs.size(), std::vector<double>(5, 0));
      });
    });
  };
  PublicTensor x = random_tensor({2, 6}, 0.5, 7);
  EXPECT_EQ(said(x), "opened");
  EXPECT_TRUE(asked);
  asked = false;
  for (std::size_t i = 6; i < 12; ++i) x.values[i] = 1e6;
  const std::string far = said(x);
  EXPECT_EQ(far.substr(0, 29), "usage: example 2: its number ") << far;
  EXPECT_NE(far.find("take numbers from -4 to 4"), std::string::npos) << far;
  x.values[7] = std::nan("");
  EXPECT_EQ(said(x).substr(0, 6), "usage:");
  EXPECT_EQ(said({{2, 5}, std::vector<double>(10, 0)}).substr(0, 30), "usage: the examples have shape");
  EXPECT_FALSE(asked);
}

TEST_F(SplitRunning, LayersMustFitTheSegment) {
  SplitTerms terms = middle_terms();
  terms.input = {9};
  EXPECT_NE(outcome([&] { runtime(terms); }).find("do not fit its segment"), std::string::npos);
}

}  // namespace
}  // namespace tacit::sealed
