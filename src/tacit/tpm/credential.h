// A secret that only one TPM can give back, and only while a key of a certain name lies in it: MakeCredential
// (Part 1 of the specification, "Credential Protection"), computed without a TPM. Who gets the secret back
// knows that the key was made in the TPM of that endorsement key, as its name says how it was made.
#pragma once

#include "tacit/base/secret_bytes.h"

namespace tacit::tpm {

constexpr std::size_t kLongestCredential = 32;

struct Credential {
  Bytes blob;    ///< what TPM2B_ID_OBJECT holds
  Bytes secret;  ///< what TPM2B_ENCRYPTED_SECRET holds
};
/// For the endorsement key at `endorsement` (a point of P-256) and an object's name: `text`, at most 32
/// bytes. UsageError if that is no point.
Credential make_credential(ByteView endorsement, ByteView name, ByteView text);

}  // namespace tacit::tpm
