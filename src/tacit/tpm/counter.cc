// Counters in a TPM's own memory (NV, type counter).
#include <array>

#include "tacit/tpm/esys.h"

namespace tacit::tpm {

namespace {

/// Of those that an owner may define, some that no other program is known to use.
constexpr TPM2_HANDLE kFirst = 0x01a7ac00, kTries = 256;
constexpr TPM2_HANDLE kCertificate = 0x01c0000a;  // of the endorsement key of P-256, by the TCG
constexpr UINT16 kCounterSize = 8, kMostAtOnce = 512, kLongestCertificate = 4096;

constexpr TPMA_NV kAttributes =
    TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA | TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT;

/// The TSS's knowledge of something in the TPM's memory: nothing in the TPM is flushed with it.
class Place {
 public:
  Place(ESYS_CONTEXT* esys, ESYS_TR handle) : esys_(esys), handle_(handle) {}
  Place(const Place&) = delete;
  ~Place() {
    if (handle_ != ESYS_TR_NONE) Esys_TR_Close(esys_, &handle_);
  }
  ESYS_TR get() const { return handle_; }
  void removed() { handle_ = ESYS_TR_NONE; }

 private:
  ESYS_CONTEXT* esys_;
  ESYS_TR handle_;
};

ESYS_TR place_of(TpmState& s, std::uint32_t number) {
  ESYS_TR handle = ESYS_TR_NONE;
  const TSS2_RC rc = Esys_TR_FromTPMPublic(s.esys, number, kNobody, kNobody, kNobody, &handle);
  require(
      (rc & TSS2_RC_LAYER_MASK) != 0 || kind_of(rc) != TPM2_RC_HANDLE,
      "the TPM '{}' has no counter {:#x} any more, which this device's time needs: somebody removed it, so "
      "make a new device with 'tacit device init'",
      s.at.string(), number);
  s.check(rc, "find its counter");
  return handle;
}

/// What somebody defined anew as something else could be set back.
void check_is_counter(TpmState& s, ESYS_TR place, std::uint32_t number) {
  Given<TPM2B_NV_PUBLIC> area;
  Given<TPM2B_NAME> name;
  s.check(Esys_NV_ReadPublic(s.esys, place, kNobody, kNobody, kNobody, Take(area), Take(name)),
          "tell of its counter");
  const TPMS_NV_PUBLIC& p = area->nvPublic;
  if (p.nvIndex != number || p.nameAlg != TPM2_ALG_SHA256 ||
      p.attributes != (kAttributes | TPMA_NV_WRITTEN) || p.authPolicy.size != 0 || p.dataSize != kCounterSize)
    throw CheatDetected(
        fmt::format("the TPM '{}' has something else in the place of this device's counter {:#x}",
                    s.at.string(), number));
}

/// Commands whose parameters are not sized ones cannot be encrypted; both ends still authenticate them.
Object plain_session(TpmState& s, TPMA_SESSION without) {
  Object out = s.session(TPM2_SE_HMAC);
  s.check(Esys_TRSess_SetAttributes(s.esys, out.get(), 0, without), "begin a session");
  return out;
}

/// The certificate at the front of its place, which may be larger: DER says how long it is.
Bytes certificate_in(const Bytes& place) {
  if (place.size() < 4 || place[0] != std::byte{0x30} || place[1] != std::byte{0x82}) return {};
  const std::size_t size = 4 + (static_cast<std::size_t>(place[2]) << 8 | static_cast<std::size_t>(place[3]));
  if (size > place.size()) return {};
  return Bytes(place.begin(), place.begin() + static_cast<std::ptrdiff_t>(size));
}

}  // namespace

std::uint32_t Tpm::make_counter() {
  TpmState& s = *state_;
  const TPM2B_AUTH nothing{};
  TPM2B_NV_PUBLIC area{};
  area.nvPublic.nameAlg = TPM2_ALG_SHA256;
  area.nvPublic.attributes = kAttributes;
  area.nvPublic.dataSize = kCounterSize;
  for (TPM2_HANDLE i = 0; i < kTries; ++i) {
    area.nvPublic.nvIndex = kFirst + i;
    ESYS_TR handle = ESYS_TR_NONE;
    const TSS2_RC rc = Esys_NV_DefineSpace(s.esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, kNobody, kNobody,
                                           &nothing, &area, &handle);
    if (rc == TPM2_RC_NV_DEFINED) continue;
    s.check(rc, "make a counter");
    const Place place(s.esys, handle);
    advance(kFirst + i);
    return kFirst + i;
  }
  throw UsageError(
      fmt::format("the TPM '{}' has {} counters of tacit's already: remove some, of devices that "
                  "are gone, with tpm2_nvundefine",
                  s.at.string(), kTries));
}

std::uint64_t Tpm::counter(std::uint32_t number) {
  TpmState& s = *state_;
  const Place place(s.esys, place_of(s, number));
  check_is_counter(s, place.get(), number);
  const Object by = plain_session(s, TPMA_SESSION_DECRYPT);
  Given<TPM2B_MAX_NV_BUFFER> value;
  s.check(Esys_NV_Read(s.esys, place.get(), place.get(), by.get(), kNobody, kNobody, kCounterSize, 0,
                       Take(value)),
          "read its counter");
  if (value->size != kCounterSize) throw IoError("the TPM gave a counter of another size");
  std::uint64_t out = 0;
  for (UINT16 i = 0; i < kCounterSize; ++i) out = out << 8 | value->buffer[i];
  return out;
}

void Tpm::advance(std::uint32_t number) {
  TpmState& s = *state_;
  const Place place(s.esys, place_of(s, number));
  const Object by = plain_session(s, TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT);
  s.check(Esys_NV_Increment(s.esys, place.get(), place.get(), by.get(), kNobody, kNobody),
          "advance its counter");
}

void Tpm::remove_counter(std::uint32_t number) {
  TpmState& s = *state_;
  Place place(s.esys, place_of(s, number));
  s.check(Esys_NV_UndefineSpace(s.esys, ESYS_TR_RH_OWNER, place.get(), ESYS_TR_PASSWORD, kNobody, kNobody),
          "remove its counter");
  place.removed();
}

Bytes Tpm::certificate() {
  TpmState& s = *state_;
  ESYS_TR handle = ESYS_TR_NONE;
  const TSS2_RC rc = Esys_TR_FromTPMPublic(s.esys, kCertificate, kNobody, kNobody, kNobody, &handle);
  if ((rc & TSS2_RC_LAYER_MASK) == 0 && kind_of(rc) == TPM2_RC_HANDLE) return {};
  s.check(rc, "find its certificate");
  const Place place(s.esys, handle);
  Given<TPM2B_NV_PUBLIC> area;
  Given<TPM2B_NAME> name;
  s.check(Esys_NV_ReadPublic(s.esys, handle, kNobody, kNobody, kNobody, Take(area), Take(name)),
          "tell of its certificate");
  if (area->nvPublic.dataSize > kLongestCertificate) return {};
  Bytes out;
  while (out.size() < area->nvPublic.dataSize) {
    const std::size_t left = area->nvPublic.dataSize - out.size();
    Given<TPM2B_MAX_NV_BUFFER> part;
    s.check(Esys_NV_Read(s.esys, handle, handle, ESYS_TR_PASSWORD, kNobody, kNobody,
                         static_cast<UINT16>(std::min<std::size_t>(left, kMostAtOnce)),
                         static_cast<UINT16>(out.size()), Take(part)),
            "read its certificate");
    if (part->size == 0 || part->size > left) throw IoError("the TPM gave a certificate of another size");
    append_bytes(out, ByteView(reinterpret_cast<const std::byte*>(part->buffer), part->size));
  }
  return certificate_in(out);
}

}  // namespace tacit::tpm
