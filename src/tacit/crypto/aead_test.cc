#include "tacit/crypto/aead.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/crypto/os_entropy.h"

namespace tacit {
namespace {

Bytes pattern(std::size_t size, unsigned seed = 1) {
  std::mt19937 rng(seed);
  Bytes out(size);
  for (std::byte& b : out) b = static_cast<std::byte>(rng());
  return out;
}

/// `piece`: the bytes of one write.
Bytes sealed(ByteView key, ByteView associated, ByteView plain, std::size_t piece = 1 << 20) {
  MemoryWriter to;
  Sealer sealer(key, associated, to);
  for (std::size_t at = 0; at < plain.size(); at += piece)
    sealer.write(plain.subspan(at, std::min(piece, plain.size() - at)));
  sealer.finish();
  return to.bytes;
}

Bytes opened(ByteView key, ByteView associated, ByteView bytes, std::size_t plain,
             std::size_t piece = 1 << 20) {
  MemoryReader from(bytes);
  Opener opener(key, associated, from, bytes.size());
  Bytes out(plain);
  for (std::size_t at = 0; at < plain; at += piece)
    opener.read(ByteSpan(out).subspan(at, std::min(piece, plain - at)));
  opener.finish();
  return out;
}

const std::size_t kSizes[] = {0, 1, 1000, kSealChunk - 1, kSealChunk, kSealChunk + 1, 3 * kSealChunk + 7};

TEST(Aead, WhatWasSealedIsOpened) {
  const SecretBytes key = os_entropy(kSealKeySize);
  for (const std::size_t size : kSizes) {
    const Bytes plain = pattern(size), bytes = sealed(key.bytes(), bytes_of("name"), plain);
    const std::size_t chunks = std::max<std::size_t>(1, (size + kSealChunk - 1) / kSealChunk);
    EXPECT_EQ(bytes.size(), size + chunks * kSealTagSize);
    EXPECT_EQ(opened(key.bytes(), bytes_of("name"), bytes, size), plain) << size;
    // In pieces of any size it is the same stream.
    EXPECT_EQ(sealed(key.bytes(), bytes_of("name"), plain, 997), bytes);
    EXPECT_EQ(opened(key.bytes(), bytes_of("name"), bytes, size, 1009), plain);
  }
}

TEST(Aead, AKnownAnswer) {
  // McGrew and Viega, "The Galois/Counter Mode of operation", test case 14: key, nonce and block of zeros.
  // The nonce is that of a stream's first chunk, if it is not the last.
  const Bytes zeros(kSealKeySize), plain(kSealChunk + 1);
  EXPECT_EQ(to_hex(ByteView(sealed(zeros, {}, plain)).first(16)), "cea7403d4d606b6e074ec5d3baf39d18");
}

TEST(Aead, PartsOfAChunkThatWasOpenedAreReopened) {
  const SecretBytes key = os_entropy(kSealKeySize);
  ChunkCipher seals(key.bytes(), bytes_of("name"), true), opens(key.bytes(), bytes_of("name"), false);
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{5}, ~std::uint64_t{0}})
    for (const bool last : {false, true}) {
      const Bytes plain = pattern(5000, static_cast<unsigned>(number) + last);
      Bytes chunk = plain;
      chunk.resize(plain.size() + kSealTagSize);
      seals.seal(number, last, chunk);
      for (const std::size_t at : {0u, 1u, 15u, 16u, 17u, 4095u, 4999u, 5000u})
        for (const std::size_t size : {0u, 1u, 16u, 33u, 5000u}) {
          const std::size_t now = std::min(size, plain.size() - at);
          Bytes out(now);
          opens.reopen(number, last, at, ByteView(chunk).subspan(at, now), out);
          ASSERT_EQ(out, Bytes(plain.begin() + at, plain.begin() + at + now))
              << number << " " << at << " " << size;
        }
      // In between whole chunks are still opened.
      ASSERT_TRUE(opens.open(number, last, chunk));
    }
}

TEST(Aead, NothingElseIsOpened) {
  const SecretBytes key = os_entropy(kSealKeySize), other = os_entropy(kSealKeySize);
  const std::size_t size = 2 * kSealChunk + 100, chunk = kSealChunk + kSealTagSize;
  const Bytes plain = pattern(size), good = sealed(key.bytes(), bytes_of("name"), plain);
  auto refused = [&](ByteView bytes, std::size_t due, const char* what) {
    EXPECT_THROW(opened(key.bytes(), bytes_of("name"), bytes, due), UsageError) << what;
  };
  EXPECT_THROW(opened(other.bytes(), bytes_of("name"), good, size), UsageError);
  EXPECT_THROW(opened(key.bytes(), bytes_of("nome"), good, size), UsageError);
  for (std::size_t at = 0; at < good.size(); at += 4999) {
    Bytes bad = good;
    bad[at] ^= std::byte{4};
    refused(bad, size, "a bit");
  }
  for (std::size_t cut : {std::size_t{0}, std::size_t{15}, std::size_t{16}, chunk - 1, chunk, chunk + 1,
                          2 * chunk, 2 * chunk + 16, good.size() - 1})
    refused(ByteView(good).first(cut), std::min(size, cut), "cut");
  refused(ByteView(good).subspan(chunk), size - kSealChunk, "the first left out");
  Bytes swapped = good;
  std::swap_ranges(swapped.begin(), swapped.begin() + static_cast<long>(chunk),
                   swapped.begin() + static_cast<long>(chunk));
  refused(swapped, size, "swapped");
  Bytes longer = good;
  append_bytes(longer, ByteView(good).last(116));
  refused(longer, size, "the last twice");
  refused(good, size - 1, "a byte too many");
  refused(good, size + 1, "a byte too few");
}

}  // namespace
}  // namespace tacit
