#include "tacit/tpm/esys.h"

#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>

#include <algorithm>
#include <cstring>

namespace tacit::tpm {

Bytes point_of(const TPMS_ECC_POINT& point) {
  Bytes out(kPointSize);
  out[0] = std::byte{4};
  std::size_t at = 1;
  for (const TPM2B_ECC_PARAMETER* c : {&point.x, &point.y}) {
    // Some TPMs leave zeros at the front out.
    if (c->size == 0 || c->size > 32) throw IoError("the TPM gave a point that is none of P-256");
    std::memcpy(out.data() + at + (32 - c->size), c->buffer, c->size);
    at += 32;
  }
  return out;
}

TPM2B_PUBLIC area_of(ByteView bytes) {
  TPM2B_PUBLIC out{};
  std::size_t at = 0;
  ensure(Tss2_MU_TPMT_PUBLIC_Unmarshal(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), &at,
                                       &out.publicArea) == TSS2_RC_SUCCESS &&
             at == bytes.size(),
         "a public area");
  return out;
}

TpmState::TpmState(const std::filesystem::path& path) : at(path), wire(path) {
  check(Esys_Initialize(&esys, wire.tcti(), nullptr), "begin");
  try {
    endorsement = primary(ESYS_TR_RH_ENDORSEMENT, endorsement_area(), &point);
  } catch (...) {
    Esys_Finalize(&esys);
    throw;
  }
}

TpmState::~TpmState() {
  endorsement = Object();  // while there is a context
  Esys_Finalize(&esys);
}

void TpmState::check(TSS2_RC rc, std::string_view what) const {
  if (rc == TSS2_RC_SUCCESS) return;
  if ((rc & TSS2_RC_LAYER_MASK) == 0) {  // the TPM's own
    const TSS2_RC kind = kind_of(rc);
    require(
        rc != TPM2_RC_LOCKOUT,
        "the TPM '{}' is locked, since somebody guessed passwords: wait until it opens again, or unlock it "
        "with tpm2_dictionarylockout",
        at.string());
    require(
        kind != TPM2_RC_BAD_AUTH && kind != TPM2_RC_AUTH_FAIL,
        "the TPM '{}' wants a password to {}: whoever administers this machine has set one, and tacit does "
        "without",
        at.string(), what);
    require(rc != TPM2_RC_INITIALIZE, "the TPM '{}' was not started", at.string());
    require(kind != TPM2_RC_INTEGRITY, "the TPM '{}' is not the one in which this device's key was made",
            at.string());
  }
  throw IoError(fmt::format("the TPM '{}' could not {}: {}", at.string(), what, Tss2_RC_Decode(rc)));
}

Object TpmState::session(TPM2_SE type) {
  TPMT_SYM_DEF cipher{};
  cipher.algorithm = TPM2_ALG_AES;
  cipher.keyBits.aes = 128;
  cipher.mode.aes = TPM2_ALG_CFB;
  ESYS_TR handle = ESYS_TR_NONE;
  check(Esys_StartAuthSession(esys, endorsement.get(), kNobody, kNobody, kNobody, kNobody, nullptr, type,
                              &cipher, TPM2_ALG_SHA256, &handle),
        "begin a session");
  Object out(esys, handle);
  constexpr TPMA_SESSION kAll = TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT;
  check(Esys_TRSess_SetAttributes(esys, handle, kAll, kAll), "begin a session");
  return out;
}

Object TpmState::primary(ESYS_TR hierarchy, ByteView area, Bytes* to) {
  const TPM2B_SENSITIVE_CREATE nothing{};
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION none{};
  const TPM2B_PUBLIC pattern = area_of(area);
  Given<TPM2B_PUBLIC> made;
  Given<TPM2B_CREATION_DATA> data;
  Given<TPM2B_DIGEST> hash;
  Given<TPMT_TK_CREATION> ticket;
  ESYS_TR handle = ESYS_TR_NONE;
  check(Esys_CreatePrimary(esys, hierarchy, ESYS_TR_PASSWORD, kNobody, kNobody, &nothing, &pattern, &outside,
                           &none, &handle, Take(made), Take(data), Take(hash), Take(ticket)),
        "make a primary key of P-256");
  Object out(esys, handle);
  if (to != nullptr) *to = point_of(made->publicArea.unique.ecc);
  return out;
}

Object TpmState::load(const TpmKey& key) {
  ensure(key.sealed.size() <= kLongestSealedKey && key.point.size() == kPointSize, "a key of a TPM");
  TPM2B_PRIVATE sealed{};
  require(key.sealed.size() <= sizeof sealed.buffer, "the device's key has {} bytes, more than one of a TPM",
          key.sealed.size());
  sealed.size = static_cast<UINT16>(key.sealed.size());
  std::memcpy(sealed.buffer, key.sealed.data(), key.sealed.size());
  const TPM2B_PUBLIC area = area_of(device_key_area(key.pcrs, key.state, key.point));
  const Object parent = primary(ESYS_TR_RH_OWNER, storage_area(), nullptr);
  const Object by = session(TPM2_SE_HMAC);
  ESYS_TR handle = ESYS_TR_NONE;
  check(Esys_Load(esys, parent.get(), by.get(), kNobody, kNobody, &sealed, &area, &handle),
        "load the device's key");
  return Object(esys, handle);
}

}  // namespace tacit::tpm
