// Keys that others encrypt to: those of DHKEM(X25519, HKDF-SHA256) and DHKEM(P-256, HKDF-SHA256) of HPKE
// (RFC 9180, section 4.1), by OpenSSL. hpke.h uses them. Nothing expires.
#pragma once

#include <cstdint>
#include <filesystem>

#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/key_file.h"

namespace tacit {

/// By the RFC's numbers.
enum class Kem : std::uint16_t { P256 = 0x0010, X25519 = 0x0020 };
/// "p256", "x25519"
std::string_view name_of(Kem kem);
/// The reverse; UsageError for anything else.
Kem kem_named(std::string_view name);
/// Bytes of a public key, and of an encapsulated one: a point, uncompressed, or a coordinate.
constexpr std::size_t public_key_size(Kem kem) { return kem == Kem::P256 ? 65 : 32; }

struct KemPublicKey {
  Kem kem = Kem::X25519;
  Bytes raw;
  bool operator==(const KemPublicKey&) const = default;
};

/// Whether it is a point of the curve, or a coordinate: bytes of the right size, for X25519.
bool is_public_key(const KemPublicKey& key);

class KemPrivateKey {
 public:
  static KemPrivateKey generate(Kem kem);
  /// From 32 bytes: a coordinate's scalar, or a number of the curve's order, the highest byte first.
  /// UsageError if it is none.
  static KemPrivateKey from_raw(Kem kem, ByteView raw);
  /// DeriveKeyPair (section 7.1.3) of at least 32 bytes that are as random as a key.
  static KemPrivateKey from_seed(Kem kem, ByteView seed);
  /// UsageError if the file is not such a private key, or if others may read it.
  static KemPrivateKey load(const std::filesystem::path& file);
  /// Writes a new file with mode 0600; UsageError if it exists already; IoError.
  void save(const std::filesystem::path& file) const;

  Kem kem() const { return kem_; }
  KemPublicKey public_key() const;
  /// The point that both ends of an exchange share, 32 bytes: not yet a key. UsageError for a key of another
  /// kind, for no point of the curve, and for one that would give nothing but zeros.
  SecretBytes exchange(const KemPublicKey& other) const;
  /// A key that only the private key's holder can derive: HKDF of it (kdf.h).
  SecretBytes derive(ByteView salt, std::string_view context, std::size_t size) const;

 private:
  KemPrivateKey(Kem kem, NativeKey key) : kem_(kem), key_(std::move(key)) {}
  Kem kem_;
  NativeKey key_;
};

}  // namespace tacit
