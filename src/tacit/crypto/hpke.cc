#include "tacit/crypto/hpke.h"

#include <openssl/evp.h>

#include <array>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/raw.h"

namespace tacit {

namespace {

constexpr std::size_t kNonceSize = 12, kSecretSize = 32;

/// I2OSP of 16 bits: the RFC writes the highest byte first.
void append_big(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::byte>(value >> 8 & 0xff));
  out.push_back(static_cast<std::byte>(value & 0xff));
}

Bytes kem_suite(Kem kem) {
  Bytes out;
  append_bytes(out, bytes_of("KEM"));
  append_big(out, static_cast<std::uint16_t>(kem));
  return out;
}

Bytes hpke_suite(Kem kem, HpkeCipher cipher) {
  Bytes out;
  append_bytes(out, bytes_of("HPKE"));
  append_big(out, static_cast<std::uint16_t>(kem));
  append_big(out, 1);  // HKDF-SHA256
  append_big(out, static_cast<std::uint16_t>(cipher));
  return out;
}

// LabeledExtract and LabeledExpand, section 4.

SecretBytes labelled_extract(ByteView suite, ByteView salt, std::string_view label, ByteView from) {
  constexpr std::string_view kVersion = "HPKE-v1";
  SecretBytes labelled(kVersion.size() + suite.size() + label.size() + from.size());
  ByteSpan left = labelled.bytes();
  for (const ByteView part : {bytes_of(kVersion), suite, bytes_of(label), from}) {
    if (!part.empty()) std::memcpy(left.data(), part.data(), part.size());
    left = left.subspan(part.size());
  }
  return hkdf_extract(salt, labelled.bytes());
}

SecretBytes labelled_expand(ByteView suite, ByteView key, std::string_view label, ByteView info,
                            std::size_t size) {
  Bytes labelled;
  append_big(labelled, size);
  for (const ByteView part : {bytes_of("HPKE-v1"), suite, bytes_of(label), info})
    append_bytes(labelled, part);
  return hkdf_expand(key, labelled, size);
}

/// Of Encap and Decap, section 4.1: what the exchange gave becomes a key.
SecretBytes shared_secret(Kem kem, ByteView exchanged, ByteView enc, ByteView receiver) {
  const Bytes suite = kem_suite(kem);
  Bytes context(enc.begin(), enc.end());
  append_bytes(context, receiver);
  const SecretBytes key = labelled_extract(suite, {}, "eae_prk", exchanged);
  return labelled_expand(suite, key.bytes(), "shared_secret", context, kSecretSize);
}

SecretBytes exchanged_with(const KemPrivateKey& key, ByteView enc) {
  return key.exchange({key.kem(), Bytes(enc.begin(), enc.end())});
}

const EVP_CIPHER* native(HpkeCipher cipher) {
  switch (cipher) {
    case HpkeCipher::Aes128Gcm:
      return EVP_aes_128_gcm();
    case HpkeCipher::Aes256Gcm:
      return EVP_aes_256_gcm();
    case HpkeCipher::ChaCha20Poly1305:
      return EVP_chacha20_poly1305();
  }
  throw UsageError(fmt::format("HPKE has no cipher {} here", static_cast<unsigned>(cipher)));
}

std::size_t key_size(HpkeCipher cipher) { return cipher == HpkeCipher::Aes128Gcm ? 16 : 32; }

/// Of `text` into `out`, as many bytes; the tag is written or, when opening, compared.
bool crypt(HpkeCipher cipher, ByteView key, ByteView nonce, ByteView associated, ByteView text, ByteSpan out,
           std::byte* tag, bool sealing) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype([](EVP_CIPHER_CTX* c) { EVP_CIPHER_CTX_free(c); })> context(
      EVP_CIPHER_CTX_new());
  int done = 0;
  ensure(context && EVP_CipherInit_ex2(context.get(), native(cipher), raw(key.data()), raw(nonce.data()),
                                       sealing ? 1 : 0, nullptr) == 1,
         "HPKE: a cipher");
  if (!associated.empty())
    ensure(EVP_CipherUpdate(context.get(), nullptr, &done, raw(associated.data()),
                            static_cast<int>(associated.size())) == 1,
           "HPKE: associated data");
  if (!text.empty())
    ensure(EVP_CipherUpdate(context.get(), raw(out.data()), &done, raw(text.data()),
                            static_cast<int>(text.size())) == 1 &&
               done == static_cast<int>(text.size()),
           "HPKE: a text");
  constexpr int kTag = static_cast<int>(kHpkeTagSize);
  unsigned char rest[EVP_MAX_BLOCK_LENGTH];
  if (!sealing && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag) != 1) return false;
  const bool good = EVP_CipherFinal_ex(context.get(), rest, &done) == 1;
  if (sealing)
    ensure(good && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTag, tag) == 1, "HPKE: a tag");
  return good;
}

/// Lengths are ints at OpenSSL.
constexpr std::size_t kLongest = std::size_t{1} << 30;

}  // namespace

// ---- the key schedule and the texts

HpkeContext::HpkeContext(Kem kem, HpkeCipher cipher, ByteView shared, ByteView info)
    : suite_(hpke_suite(kem, cipher)), cipher_(cipher) {
  native(cipher);
  Bytes context{std::byte{0}};  // base mode: no key beforehand
  append_bytes(context, labelled_extract(suite_, {}, "psk_id_hash", {}).bytes());
  append_bytes(context, labelled_extract(suite_, {}, "info_hash", info).bytes());
  const SecretBytes secret = labelled_extract(suite_, shared, "secret", {});
  key_ = labelled_expand(suite_, secret.bytes(), "key", context, key_size(cipher));
  base_nonce_ = labelled_expand(suite_, secret.bytes(), "base_nonce", context, kNonceSize);
  exporter_ = labelled_expand(suite_, secret.bytes(), "exp", context, kSecretSize);
}

SecretBytes HpkeContext::next_nonce() const {
  SecretBytes out(base_nonce_.bytes());
  for (std::size_t i = 0; i < sizeof number_; ++i)
    out.bytes()[kNonceSize - 1 - i] ^= static_cast<std::byte>(number_ >> 8 * i & 0xff);
  return out;
}

Bytes HpkeContext::seal(ByteView associated, ByteView text) {
  ensure(text.size() <= kLongest && associated.size() <= kLongest && number_ < UINT64_MAX, "HPKE: a length");
  Bytes out(text.size() + kHpkeTagSize);
  crypt(cipher_, key_.bytes(), next_nonce().bytes(), associated, text, ByteSpan(out).first(text.size()),
        out.data() + text.size(), true);
  ++number_;
  return out;
}

std::optional<SecretBytes> HpkeContext::open(ByteView associated, ByteView sealed) {
  if (sealed.size() < kHpkeTagSize || sealed.size() > kLongest || associated.size() > kLongest)
    return std::nullopt;
  const ByteView text = sealed.first(sealed.size() - kHpkeTagSize);
  std::array<std::byte, kHpkeTagSize> tag;
  std::memcpy(tag.data(), sealed.data() + text.size(), tag.size());
  SecretBytes out(text.size());
  if (!crypt(cipher_, key_.bytes(), next_nonce().bytes(), associated, text, out.bytes(), tag.data(), false))
    return std::nullopt;
  ++number_;
  return out;
}

SecretBytes HpkeContext::derive(ByteView context, std::size_t size) const {
  ensure(size > 0 && size <= 255 * 32 && context.size() <= 512, "HPKE: a length to derive");
  return labelled_expand(suite_, exporter_.bytes(), "sec", context, size);
}

// ---- both ends

HpkeSender::HpkeSender(HpkeCipher cipher, const KemPublicKey& receiver, ByteView info)
    : HpkeSender(cipher, receiver, info, KemPrivateKey::generate(receiver.kem)) {}

HpkeSender::HpkeSender(HpkeCipher cipher, const KemPublicKey& receiver, ByteView info,
                       const KemPrivateKey& ephemeral)
    : enc_(ephemeral.public_key().raw),
      context_(receiver.kem, cipher,
               shared_secret(receiver.kem, ephemeral.exchange(receiver).bytes(), enc_, receiver.raw).bytes(),
               info) {}

HpkeReceiver::HpkeReceiver(HpkeCipher cipher, const KemPrivateKey& key, ByteView enc, ByteView info)
    : HpkeReceiver(cipher, key.public_key(), exchanged_with(key, enc).bytes(), enc, info) {}

HpkeReceiver::HpkeReceiver(HpkeCipher cipher, const KemPublicKey& own, ByteView exchanged, ByteView enc,
                           ByteView info)
    : context_(own.kem, cipher, shared_secret(own.kem, exchanged, enc, own.raw).bytes(), info) {}

// ---- keys from seeds

KemPrivateKey KemPrivateKey::from_seed(Kem kem, ByteView seed) {
  require(seed.size() >= 32, "a key needs a seed of 32 bytes, and this one has {}", seed.size());
  const Bytes suite = kem_suite(kem);
  const SecretBytes key = labelled_extract(suite, {}, "dkp_prk", seed);
  if (kem == Kem::X25519) return from_raw(kem, labelled_expand(suite, key.bytes(), "sk", {}, 32).bytes());
  // The first that lies within the curve's order does; another than number 0 comes once in 2^32 seeds.
  for (unsigned counter = 0;; ++counter) {
    ensure(counter < 256, "one of 256 numbers lies within the order of P-256");
    const std::byte number[] = {static_cast<std::byte>(counter)};
    const SecretBytes candidate = labelled_expand(suite, key.bytes(), "candidate", number, 32);
    try {
      return from_raw(kem, candidate.bytes());
    } catch (const UsageError&) {}
  }
}

}  // namespace tacit
