// Hybrid public key encryption, HPKE (RFC 9180), base mode: texts to whoever holds a private key, from
// anybody. DHKEM(X25519, HKDF-SHA256) or DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, and one of three ciphers,
// composed of OpenSSL's primitives. Who sent a text is not authenticated: whoever needs that signs.
//
// A receiver must open texts in the order in which they were sealed.
#pragma once

#include <optional>

#include "tacit/crypto/kem.h"

namespace tacit {

/// By the RFC's numbers.
enum class HpkeCipher : std::uint16_t { Aes128Gcm = 1, Aes256Gcm = 2, ChaCha20Poly1305 = 3 };
constexpr std::size_t kHpkeTagSize = 16;

/// What both ends have after the key schedule (section 5.1).
class HpkeContext {
 public:
  HpkeContext(Kem kem, HpkeCipher cipher, ByteView shared_secret, ByteView info);
  Bytes seal(ByteView associated, ByteView text);
  std::optional<SecretBytes> open(ByteView associated, ByteView sealed);
  /// Section 5.3: another key for both ends, 1 to 8160 bytes; contexts of at most 512.
  SecretBytes derive(ByteView context, std::size_t size) const;

 private:
  SecretBytes next_nonce() const;

  Bytes suite_;
  HpkeCipher cipher_;
  SecretBytes key_, base_nonce_, exporter_;
  std::uint64_t number_ = 0;
};

class HpkeSender {
 public:
  /// UsageError if `receiver` is no public key.
  HpkeSender(HpkeCipher cipher, const KemPublicKey& receiver, ByteView info);
  /// What the receiver needs, once: a public key of this exchange alone.
  const Bytes& enc() const { return enc_; }
  /// The text's bytes and a tag. `associated` is not sent, and must be the same at the receiver.
  Bytes seal(ByteView associated, ByteView text) { return context_.seal(associated, text); }
  SecretBytes derive(ByteView context, std::size_t size) const { return context_.derive(context, size); }

 private:
  friend struct HpkeKnownAnswers;  // of tests: with the private key of an exchange that the RFC gives
  HpkeSender(HpkeCipher cipher, const KemPublicKey& receiver, ByteView info, const KemPrivateKey& ephemeral);

  Bytes enc_;
  HpkeContext context_;
};

class HpkeReceiver {
 public:
  /// UsageError if `enc` is no public key.
  HpkeReceiver(HpkeCipher cipher, const KemPrivateKey& key, ByteView enc, ByteView info);
  /// With a private key that lies elsewhere: `own` is its public half, and `exchanged` what it makes of `enc`
  /// (KemPrivateKey::exchange).
  HpkeReceiver(HpkeCipher cipher, const KemPublicKey& own, ByteView exchanged, ByteView enc, ByteView info);
  /// Nothing at a wrong tag: another key, order, info or associated data, or damaged bytes.
  std::optional<SecretBytes> open(ByteView associated, ByteView sealed) {
    return context_.open(associated, sealed);
  }
  SecretBytes derive(ByteView context, std::size_t size) const { return context_.derive(context, size); }

 private:
  HpkeContext context_;
};

}  // namespace tacit
