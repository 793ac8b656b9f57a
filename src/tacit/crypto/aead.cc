#include "tacit/crypto/aead.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "tacit/crypto/raw.h"

namespace tacit {

namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

Context context(ByteView key, bool sealing) {
  ensure(key.size() == kSealKeySize, "a key of 256 bits");
  Context out(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  ensure(out && EVP_CipherInit_ex2(out.get(), EVP_aes_256_gcm(), raw(key.data()), nullptr, sealing ? 1 : 0,
                                   nullptr) == 1,
         "AES-256-GCM");
  return out;
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
    : cipher_(context(key, sealing)), associated_(associated.begin(), associated.end()) {}

/// Number (64 bits) | 1 for the last (8 bits) | zeros, and the associated data.
void ChunkCipher::begin(std::uint64_t number, bool last) {
  std::array<std::byte, 12> nonce{};
  std::memcpy(nonce.data(), &number, sizeof number);
  nonce[8] = std::byte{last};
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
