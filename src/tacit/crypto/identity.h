// Ed25519 identities (RFC 8032): the long-term key of a compute party or a data owner. The public key stands
// in the job file; the private key in a PEM file that only its owner may read. Nothing expires: a key is
// trusted because the job file names it, and for as long as it does.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include "tacit/base/bytes.h"
#include "tacit/base/secret_bytes.h"

struct evp_pkey_st;

namespace tacit {

struct PublicKey {
  std::array<std::byte, 32> raw{};
  bool operator==(const PublicKey&) const = default;
};
/// "ed25519:" and 64 hexadecimal digits.
std::string to_string(const PublicKey& key);
/// The reverse; UsageError for anything else.
PublicKey parse_public_key(std::string_view text);

using Signature = std::array<std::byte, 64>;

class Identity {
 public:
  static Identity generate();
  /// From the 32 bytes of a private key, which are as random as one.
  static Identity from_raw(ByteView bytes);
  /// UsageError if the file is not a private Ed25519 key, or if others may read it.
  static Identity load(const std::filesystem::path& file);
  /// Writes a new file with mode 0600; UsageError if it exists already.
  void save(const std::filesystem::path& file) const;

  PublicKey public_key() const;
  Signature sign(ByteView message) const;
  /// A key that only the private key's holder can derive: HKDF of it (kdf.h). Signing hashes the same private
  /// key by SHA-512 alone, so that neither use tells anything of the other.
  SecretBytes derive(ByteView salt, std::string_view context, std::size_t size) const;
  evp_pkey_st* native() const { return key_.get(); }  ///< for TLS

 private:
  explicit Identity(evp_pkey_st* key);
  std::shared_ptr<evp_pkey_st> key_;
};

/// False also for keys under which anything would pass, and for any form of a signature but the one.
bool verify(const PublicKey& key, ByteView message, const Signature& signature);

}  // namespace tacit
