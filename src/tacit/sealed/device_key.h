// A device's private key, wherever it lies: in a file, or in a TPM that never gives it away. What has one can
// make exchanges with it, and keys that nobody else can derive; only one in a TPM has a counter beside it
// that never falls.
#pragma once

#include <memory>
#include <optional>

#include "tacit/base/error.h"
#include "tacit/crypto/hpke.h"
#include "tacit/tpm/credential.h"

namespace tacit::sealed {

/// Outside of a device's folder, so that an old copy of the folder is found out.
class FirmCounter {
 public:
  virtual ~FirmCounter() = default;
  /// Which of all counters it is.
  virtual std::uint32_t number() const = 0;
  /// Never less than before. What TPMs throw (tpm.h).
  virtual std::uint64_t read() = 0;
  /// By one.
  virtual void advance() = 0;
};

/// A private key that lies elsewhere.
class KeptKey {
 public:
  virtual ~KeptKey() = default;
  virtual KemPublicKey public_key() const = 0;
  /// As KemPrivateKey::exchange. What TPMs throw.
  virtual SecretBytes exchange(const KemPublicKey& other) const = 0;
  /// As KemPrivateKey::derive.
  virtual SecretBytes derive(ByteView salt, std::string_view context, std::size_t size) const = 0;
  virtual FirmCounter* counter() const = 0;
  /// What was sealed by tpm::make_credential for this key in this TPM. UsageError if it was not.
  virtual SecretBytes activate(const tpm::Credential& credential) const = 0;
};

class DeviceKey {
 public:
  DeviceKey(KemPrivateKey key) : software_(std::move(key)) {}  // NOLINT: a key in a file is one
  explicit DeviceKey(std::unique_ptr<KeptKey> kept) : kept_(std::move(kept)) {}

  Kem kem() const { return public_key().kem; }
  KemPublicKey public_key() const { return kept_ ? kept_->public_key() : software_->public_key(); }
  SecretBytes exchange(const KemPublicKey& other) const {
    return kept_ ? kept_->exchange(other) : software_->exchange(other);
  }
  SecretBytes derive(ByteView salt, std::string_view context, std::size_t size) const {
    return kept_ ? kept_->derive(salt, context, size) : software_->derive(salt, context, size);
  }
  /// Whether it lies in a TPM.
  bool is_kept() const { return kept_ != nullptr; }
  /// None beside a key in a file.
  FirmCounter* counter() const { return kept_ ? kept_->counter() : nullptr; }
  /// UsageError if the key lies in a file, too.
  SecretBytes activate(const tpm::Credential& credential) const {
    require(kept_ != nullptr, "this device keeps its key in a file: it has no TPM that could answer");
    return kept_->activate(credential);
  }
  /// UsageError if `enc` is no public key.
  HpkeReceiver receiver(HpkeCipher cipher, ByteView enc, ByteView info) const {
    const KemPublicKey own = public_key();
    return {cipher, own, exchange({own.kem, Bytes(enc.begin(), enc.end())}).bytes(), enc, info};
  }

 private:
  std::optional<KemPrivateKey> software_;
  std::unique_ptr<KeptKey> kept_;
};

}  // namespace tacit::sealed
