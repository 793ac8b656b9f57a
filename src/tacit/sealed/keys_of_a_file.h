// What follows from a file's content key, at whoever seals it and at its recipients. Internal to sealed/.
#pragma once

#include "tacit/crypto/hpke.h"
#include "tacit/crypto/kdf.h"
#include "tacit/sealed/header.h"

namespace tacit::sealed {

constexpr HpkeCipher kWrapCipher = HpkeCipher::Aes256Gcm;

/// A wrap is of use for this file, this vendor and this recipient alone.
inline Bytes wrap_info(const FileId& id, const PublicKey& vendor, const Digest& recipient) {
  Bytes out;
  append_bytes(out, bytes_of("tacit sealed model 1: content key\n"));
  for (const ByteView part : {ByteView(id), ByteView(vendor.raw), ByteView(recipient)})
    append_bytes(out, part);
  return out;
}

inline SecretBytes chunk_key(ByteView content_key, const FileId& id) {
  return derive_key(content_key, id, "tacit sealed model 1: chunks", 32);
}

/// Two content keys never have the same, so that no file opens to different models for different recipients.
inline Digest commitment_to(ByteView content_key, const FileId& id) {
  const SecretBytes derived = derive_key(content_key, id, "tacit sealed model 1: commitment", 32);
  Digest out;
  std::memcpy(out.data(), derived.bytes().data(), out.size());
  return out;
}

}  // namespace tacit::sealed
