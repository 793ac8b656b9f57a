#include "tacit/crypto/aead.h"

#include <openssl/evp.h>
#include <string.h>

#include <algorithm>
#include <array>

#include "tacit/crypto/raw.h"

namespace tacit {

namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

Context context(const EVP_CIPHER* kind, ByteView key, bool sealing) {
  ensure(key.size() == kSealKeySize, "a key of 256 bits");
  Context out(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  ensure(out && EVP_CipherInit_ex2(out.get(), kind, raw(key.data()), nullptr, sealing ? 1 : 0, nullptr) == 1,
         "AES-256-GCM");
  return out;
}

/// Number (64 bits) | 1 for the last (8 bits) | zeros.
std::array<std::byte, 12> nonce_of(std::uint64_t number, bool last) {
  std::array<std::byte, 12> nonce{};
  std::memcpy(nonce.data(), &number, sizeof number);
  nonce[8] = std::byte{last};
  return nonce;
}

void in_place(EVP_CIPHER_CTX* cipher, ByteSpan text) {
  int done = 0;
  ensure(EVP_CipherUpdate(cipher, raw(text.data()), &done, raw(text.data()), static_cast<int>(text.size())) ==
                 1 &&
             done == static_cast<int>(text.size()),
         "AES-256-GCM: a chunk");
}

constexpr const char* kDamaged = "the sealed bytes are damaged, or were sealed by another key";

}  // namespace

ChunkCipher::ChunkCipher(ByteView key, ByteView associated, bool sealing)
    : cipher_(context(EVP_aes_256_gcm(), key, sealing)),
      counter_(sealing ? Context(nullptr, EVP_CIPHER_CTX_free) : context(EVP_aes_256_ctr(), key, false)),
      associated_(associated.begin(), associated.end()) {}

void ChunkCipher::begin(std::uint64_t number, bool last) {
  const auto nonce = nonce_of(number, last);
  int taken = 0;
  ensure(EVP_CipherInit_ex2(cipher_.get(), nullptr, nullptr, raw(nonce.data()), -1, nullptr) == 1 &&
             EVP_CipherUpdate(cipher_.get(), nullptr, &taken, raw(associated_.data()),
                              static_cast<int>(associated_.size())) == 1,
         "AES-256-GCM: a chunk begins");
}

void ChunkCipher::seal(std::uint64_t number, bool last, ByteSpan chunk) {
  ensure(chunk.size() >= kSealTagSize, "a chunk has room for its tag");
  begin(number, last);
  const ByteSpan text = chunk.first(chunk.size() - kSealTagSize);
  in_place(cipher_.get(), text);
  int none = 0;
  unsigned char* tag = raw(chunk.data() + text.size());
  ensure(EVP_CipherFinal_ex(cipher_.get(), tag, &none) == 1 &&
             EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_GET_TAG, kSealTagSize, tag) == 1,
         "AES-256-GCM: a tag");
}

bool ChunkCipher::open(std::uint64_t number, bool last, ByteSpan chunk) {
  ensure(chunk.size() >= kSealTagSize, "a chunk has a tag");
  begin(number, last);
  const ByteSpan text = chunk.first(chunk.size() - kSealTagSize);
  in_place(cipher_.get(), text);
  int none = 0;
  unsigned char* tag = raw(chunk.data() + text.size());
  return EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_SET_TAG, kSealTagSize, tag) == 1 &&
         EVP_CipherFinal_ex(cipher_.get(), tag, &none) == 1;
}

void ChunkCipher::reopen(std::uint64_t number, bool last, std::size_t at, ByteView sealed, ByteSpan out) {
  constexpr std::size_t kBlock = 16;
  ensure(counter_ && out.size() == sealed.size(), "as many bytes as they were sealed to");
  // GCM's first block of text is that of counter 2 (SP 800-38D, sections 7.1 and 6.5), big-endian.
  const auto nonce = nonce_of(number, last);
  const auto block = static_cast<std::uint32_t>(2 + at / kBlock);
  std::array<std::byte, kBlock> counter{};
  std::copy(nonce.begin(), nonce.end(), counter.begin());
  for (unsigned i = 0; i < 4; ++i) counter[12 + i] = static_cast<std::byte>(block >> (24 - 8 * i));
  std::array<std::byte, kBlock> skipped{};
  int done = 0;
  ensure(EVP_CipherInit_ex2(counter_.get(), nullptr, nullptr, raw(counter.data()), -1, nullptr) == 1 &&
             EVP_CipherUpdate(counter_.get(), raw(skipped.data()), &done, raw(skipped.data()),
                              static_cast<int>(at % kBlock)) == 1 &&
             EVP_CipherUpdate(counter_.get(), raw(out.data()), &done, raw(sealed.data()),
                              static_cast<int>(sealed.size())) == 1 &&
             done == static_cast<int>(sealed.size()),
         "AES-256-CTR: a part of a chunk");
  explicit_bzero(skipped.data(), skipped.size());
}

Sealer::Sealer(ByteView key, ByteView associated, ByteWriter& to)
    : cipher_(key, associated, true), to_(to), chunk_(kSealChunk + kSealTagSize) {}
Sealer::~Sealer() = default;

void Sealer::write(ByteView plain) {
  while (!plain.empty()) {
    // A full chunk waits until it is known not to be the last.
    if (filled_ == kSealChunk) seal(false);
    const std::size_t now = std::min(plain.size(), kSealChunk - filled_);
    std::memcpy(chunk_.bytes().data() + filled_, plain.data(), now);
    filled_ += now;
    plain = plain.subspan(now);
  }
}

void Sealer::finish() { seal(true); }

void Sealer::seal(bool last) {
  const ByteSpan chunk = chunk_.bytes().first(filled_ + kSealTagSize);
  cipher_.seal(count_++, last, chunk);
  to_.write(chunk);
  filled_ = 0;
}

Opener::Opener(ByteView key, ByteView associated, ByteReader& from, std::uint64_t sealed)
    : cipher_(key, associated, false), from_(from), left_(sealed), chunk_(kSealChunk + kSealTagSize) {
  const std::uint64_t rest = sealed % (kSealChunk + kSealTagSize);
  // Behind other chunks the last has a byte at least.
  require(sealed >= kSealTagSize && (rest == 0 || rest > kSealTagSize || sealed == kSealTagSize), kDamaged);
}
Opener::~Opener() = default;

void Opener::read(ByteSpan plain) {
  while (!plain.empty()) {
    if (at_ == filled_) open();
    const std::size_t now = std::min(plain.size(), filled_ - at_);
    std::memcpy(plain.data(), chunk_.bytes().data() + at_, now);
    at_ += now;
    plain = plain.subspan(now);
  }
}

void Opener::finish() {
  if (count_ == 0) open();
  require(left_ == 0 && at_ == filled_, "the sealed bytes are more than are due");
}

void Opener::open() {
  require(left_ > 0, "the sealed bytes are fewer than are due");
  const std::size_t now = std::min<std::uint64_t>(left_, chunk_.size());
  const ByteSpan sealed = chunk_.bytes().first(now);
  from_.read(sealed);
  left_ -= now;
  at_ = filled_ = 0;
  require(cipher_.open(count_++, left_ == 0, sealed), kDamaged);
  filled_ = now - kSealTagSize;
  // The only chunk may be empty: then there is nothing to read.
  require(filled_ > 0 || left_ == 0, kDamaged);
}

}  // namespace tacit
