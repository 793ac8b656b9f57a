#include "tacit/tpm/tpm.h"

#include <tss2/tss2_mu.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "tacit/crypto/hash.h"
#include "tacit/tpm/esys.h"

namespace tacit::tpm {

namespace {

TPML_PCR_SELECTION selected(const Pcrs& pcrs) {
  TPML_PCR_SELECTION out{};
  const Bytes bytes = selection_of(pcrs);
  std::size_t at = 0;
  ensure(Tss2_MU_TPML_PCR_SELECTION_Unmarshal(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                              bytes.size(), &at, &out) == TSS2_RC_SUCCESS,
         "a selection of registers");
  return out;
}

/// The digest of the registers' values. A TPM tells some of them at a time.
Digest state_of(TpmState& s, const Pcrs& pcrs) {
  std::map<unsigned, Bytes> values;
  while (values.size() < pcrs.size()) {
    Pcrs left;
    for (const unsigned p : pcrs)
      if (!values.contains(p)) left.push_back(p);
    const TPML_PCR_SELECTION asked = selected(left);
    Given<TPML_PCR_SELECTION> told;
    Given<TPML_DIGEST> digests;
    UINT32 changes = 0;
    s.check(Esys_PCR_Read(s.esys, kNobody, kNobody, kNobody, &asked, &changes, Take(told), Take(digests)),
            "read its registers");
    std::size_t next = 0;
    if (told->count == 1)
      for (unsigned p = 0; p < kPcrCount && next < digests->count; ++p)
        if ((told->pcrSelections[0].pcrSelect[p / 8] >> p % 8 & 1) != 0) {
          const TPM2B_DIGEST& d = digests->digests[next++];
          const auto* bytes = reinterpret_cast<const std::byte*>(d.buffer);
          if (d.size == 32) values[p].assign(bytes, bytes + 32);
        }
    require(next > 0, "the TPM '{}' keeps no registers of SHA-256: bind the key to none, with --pcrs none",
            s.at.string());
  }
  Bytes all;
  for (const unsigned p : pcrs) append_bytes(all, values[p]);
  return sha256(all);
}

/// A session in which the key may be used.
Object authorised(TpmState& s, const TpmKey& key) {
  if (key.pcrs.empty()) return s.session(TPM2_SE_HMAC);
  Object out = s.session(TPM2_SE_POLICY);
  const TPML_PCR_SELECTION pcrs = selected(key.pcrs);
  TPM2B_DIGEST state{};
  state.size = static_cast<UINT16>(key.state.size());
  std::memcpy(state.buffer, key.state.data(), key.state.size());
  const TSS2_RC rc = Esys_PolicyPCR(s.esys, out.get(), kNobody, kNobody, kNobody, &state, &pcrs);
  require(
      (rc & TSS2_RC_LAYER_MASK) != 0 || kind_of(rc) != TPM2_RC_VALUE,
      "the device's key is bound to register {} of the TPM, which stands otherwise than when it was made: "
      "after a change of the firmware or of its settings make a new device in another folder ('tacit "
      "device rotate --new-keys ...'), and have the vendor seal to it",
      pcrs_text(key.pcrs));
  s.check(rc, "compare its registers");
  return out;
}

}  // namespace

Tpm::Tpm(const std::filesystem::path& at) : state_(std::make_unique<TpmState>(at)) {}
Tpm::~Tpm() = default;
Tpm::Tpm(Tpm&&) noexcept = default;

const std::filesystem::path& Tpm::at() const { return state_->at; }
const Bytes& Tpm::endorsement() const { return state_->point; }

TpmKey Tpm::make_key(const Pcrs& pcrs) {
  check_pcrs(pcrs);
  TpmState& s = *state_;
  TpmKey out{pcrs, pcrs.empty() ? Digest{} : state_of(s, pcrs), {}, {}};
  const TPM2B_PUBLIC pattern = area_of(device_key_area(out.pcrs, out.state));
  const TPM2B_SENSITIVE_CREATE nothing{};
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION none{};
  const Object parent = s.primary(ESYS_TR_RH_OWNER, storage_area(), nullptr);
  const Object by = s.session(TPM2_SE_HMAC);
  Given<TPM2B_PRIVATE> sealed;
  Given<TPM2B_PUBLIC> made;
  Given<TPM2B_CREATION_DATA> data;
  Given<TPM2B_DIGEST> hash;
  Given<TPMT_TK_CREATION> ticket;
  s.check(Esys_Create(s.esys, parent.get(), by.get(), kNobody, kNobody, &nothing, &pattern, &outside, &none,
                      Take(sealed), Take(made), Take(data), Take(hash), Take(ticket)),
          "make a key");
  out.point = point_of(made->publicArea.unique.ecc);
  const auto* bytes = reinterpret_cast<const std::byte*>(sealed->buffer);
  out.sealed.assign(bytes, bytes + sealed->size);
  // Vendors compute the key's name from what they know of it.
  std::uint8_t area[sizeof(TPMT_PUBLIC)];
  std::size_t size = 0;
  s.check(Tss2_MU_TPMT_PUBLIC_Marshal(&made->publicArea, area, sizeof area, &size), "tell of its key");
  const Bytes expected = device_key_area(out.pcrs, out.state, out.point);
  if (size != expected.size() || std::memcmp(area, expected.data(), size) != 0)
    throw IoError(fmt::format("the TPM '{}' made another key than it was asked for", s.at.string()));
  return out;
}

SecretBytes Tpm::exchange(const TpmKey& key, ByteView point) {
  ensure(point.size() == kPointSize, "a point has 65 bytes");
  TpmState& s = *state_;
  const Object loaded = s.load(key);
  const Object by = authorised(s, key);
  TPM2B_ECC_POINT in{};
  in.point.x.size = in.point.y.size = 32;
  std::memcpy(in.point.x.buffer, point.data() + 1, 32);
  std::memcpy(in.point.y.buffer, point.data() + 33, 32);
  Given<TPM2B_ECC_POINT> shared;
  const TSS2_RC rc = Esys_ECDH_ZGen(s.esys, loaded.get(), by.get(), kNobody, kNobody, &in, Take(shared));
  require((rc & TSS2_RC_LAYER_MASK) != 0 || (kind_of(rc) != TPM2_RC_POLICY_FAIL && rc != TPM2_RC_PCR_CHANGED),
          "the TPM '{}' does not let the device's key be used: its register {} changed", s.at.string(),
          pcrs_text(key.pcrs));
  require((rc & TSS2_RC_LAYER_MASK) != 0 || kind_of(rc) != TPM2_RC_ECC_POINT,
          "these bytes are no public key of p256");
  s.check(rc, "use the device's key");
  TPM2B_ECC_PARAMETER& x = shared->point.x;
  if (x.size == 0 || x.size > 32) throw IoError("the TPM gave a point that is none of P-256");
  SecretBytes out(32);
  std::memcpy(out.bytes().data() + (32 - x.size), x.buffer, x.size);
  const SecretBytes zeros(32);
  std::memcpy(x.buffer, zeros.bytes().data(), 32);
  return out;
}

SecretBytes Tpm::activate(const TpmKey& key, const Credential& credential) {
  TpmState& s = *state_;
  TPM2B_ID_OBJECT blob{};
  TPM2B_ENCRYPTED_SECRET secret{};
  require(
      credential.blob.size() <= sizeof blob.credential && credential.secret.size() <= sizeof secret.secret,
      "the challenge is longer than any for a TPM");
  blob.size = static_cast<UINT16>(credential.blob.size());
  std::memcpy(blob.credential, credential.blob.data(), credential.blob.size());
  secret.size = static_cast<UINT16>(credential.secret.size());
  std::memcpy(secret.secret, credential.secret.data(), credential.secret.size());

  const Object loaded = s.load(key);
  const Object by = s.session(TPM2_SE_HMAC), endorsed = s.session(TPM2_SE_POLICY);
  // One session of a command encrypts.
  s.check(Esys_TRSess_SetAttributes(s.esys, endorsed.get(), 0, TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT),
          "begin a session");
  Given<TPM2B_TIMEOUT> timeout;
  Given<TPMT_TK_AUTH> ticket;
  s.check(Esys_PolicySecret(s.esys, ESYS_TR_RH_ENDORSEMENT, endorsed.get(), ESYS_TR_PASSWORD, kNobody,
                            kNobody, nullptr, nullptr, nullptr, 0, Take(timeout), Take(ticket)),
          "use its endorsement key");
  Given<TPM2B_DIGEST> text;
  const TSS2_RC rc = Esys_ActivateCredential(s.esys, loaded.get(), s.endorsement.get(), by.get(),
                                             endorsed.get(), kNobody, &blob, &secret, Take(text));
  require(
      (rc & TSS2_RC_LAYER_MASK) != 0 || (kind_of(rc) != TPM2_RC_INTEGRITY && kind_of(rc) != TPM2_RC_VALUE &&
                                         kind_of(rc) != TPM2_RC_ECC_POINT && kind_of(rc) != TPM2_RC_SIZE),
      "the challenge is not for this device's key in this TPM");
  s.check(rc, "answer the challenge");
  SecretBytes out(ByteView(reinterpret_cast<const std::byte*>(text->buffer), text->size));
  const SecretBytes zeros(text->size);
  std::memcpy(text->buffer, zeros.bytes().data(), text->size);
  return out;
}

}  // namespace tacit::tpm
