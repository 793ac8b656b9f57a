// A TPM 2.0, by the TSS's ESAPI: keys of P-256 that are made in it and never leave it, exchanges with them,
// proofs of where they lie, and counters that never fall.
//
// Whatever is secret or decides something goes through sessions that are salted under the TPM's endorsement
// key and encrypt the first parameter: who taps or changes the wire between processor and TPM learns nothing
// and can pass for the TPM only with that key, which callers must compare with the one that they know.
//
// UsageError where the user has to do something: no TPM, another one, a state to which a key is not bound, a
// password on the TPM; IoError where the TPM fails otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "tacit/base/secret_bytes.h"
#include "tacit/tpm/credential.h"
#include "tacit/tpm/public_area.h"

namespace tacit::tpm {

/// A key as it lies on the disk: encrypted by the TPM, which alone can use it.
struct TpmKey {
  Pcrs pcrs;
  Digest state{};  ///< of the registers, in which alone it is of use; zeros without registers
  Bytes point;     ///< its public half, 65 bytes
  Bytes sealed;    ///< at most 1024 bytes
};
constexpr std::size_t kLongestSealedKey = 1024;

struct TpmState;  // esys.h

class Tpm {
 public:
  /// At the kernel's device of it, or a Unix socket.
  explicit Tpm(const std::filesystem::path& at);
  ~Tpm();
  Tpm(Tpm&&) noexcept;
  Tpm& operator=(Tpm&&) = delete;

  const std::filesystem::path& at() const;
  /// Its endorsement key's point: the same for as long as its owner does not replace it.
  const Bytes& endorsement() const;
  /// The manufacturer's certificate of that key (DER), at most 4096 bytes; empty if there is none of P-256.
  Bytes certificate();

  /// A new key, of use while the registers stand as they do now.
  TpmKey make_key(const Pcrs& pcrs);
  /// The number that both ends of an exchange share, 32 bytes: TPM2_ECDH_ZGen.
  SecretBytes exchange(const TpmKey& key, ByteView point);
  /// What was sealed by make_credential for this TPM and this key; the registers may stand as they will.
  SecretBytes activate(const TpmKey& key, const Credential& credential);

  /// A new counter that never falls, at any value; its number. Whoever may use this TPM can remove it or
  /// advance it, and nobody can set it back, not even by making it anew.
  std::uint32_t make_counter();
  std::uint64_t counter(std::uint32_t number);
  void advance(std::uint32_t number);
  void remove_counter(std::uint32_t number);

 private:
  std::unique_ptr<TpmState> state_;
};

}  // namespace tacit::tpm
