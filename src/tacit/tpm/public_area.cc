#include "tacit/tpm/public_area.h"

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::tpm {

namespace {

// Numbers of the specification, Part 2.
constexpr std::uint16_t kEcc = 0x0023, kSha256 = 0x000b, kAes = 0x0006, kCfb = 0x0043, kNone = 0x0010;
constexpr std::uint16_t kP256 = 0x0003;
constexpr std::uint32_t kFixedTpm = 1u << 1, kFixedParent = 1u << 4, kMadeInside = 1u << 5;
constexpr std::uint32_t kUserWithAuth = 1u << 6, kAdminWithPolicy = 1u << 7, kNoLockout = 1u << 10;
constexpr std::uint32_t kRestricted = 1u << 16, kDecrypt = 1u << 17;
constexpr std::uint32_t kPolicyPcr = 0x0000017f;

/// PolicySecret of the endorsement hierarchy, as the profile gives it.
constexpr std::string_view kEndorsementPolicy =
    "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa";

Bytes area(std::uint32_t attributes, ByteView policy, bool stores, ByteView point, std::size_t empty) {
  Bytes out;
  append_big(out, kEcc, 2);
  append_big(out, kSha256, 2);
  append_big(out, attributes, 4);
  append_sized(out, policy);
  if (stores) {
    append_big(out, kAes, 2);
    append_big(out, 128, 2);
    append_big(out, kCfb, 2);
  } else {
    append_big(out, kNone, 2);
  }
  append_big(out, kNone, 2);  // any scheme
  append_big(out, kP256, 2);
  append_big(out, kNone, 2);  // no derivation of keys
  const Bytes zeros(empty);
  ensure(point.empty() || point.size() == kPointSize, "a point has 65 bytes");
  append_sized(out, point.empty() ? ByteView(zeros) : point.subspan(1, 32));
  append_sized(out, point.empty() ? ByteView(zeros) : point.subspan(33, 32));
  return out;
}

}  // namespace

void check_pcrs(const Pcrs& pcrs) {
  for (std::size_t i = 0; i < pcrs.size(); ++i)
    require(pcrs[i] < kPcrCount && (i == 0 || pcrs[i - 1] < pcrs[i]),
            "registers of a TPM are named upwards, each once, 0 to {}: as 7, or 0+7", kPcrCount - 1);
}

std::string pcrs_text(const Pcrs& pcrs) {
  std::string out;
  for (const unsigned p : pcrs) out += (out.empty() ? "" : "+") + std::to_string(p);
  return out.empty() ? "none" : out;
}

Pcrs parse_pcrs(std::string_view text) {
  Pcrs out;
  if (text == "none") return out;
  const std::string given = one_line(text);
  for (bool more = true; more;) {
    const std::size_t plus = text.find('+');
    const std::string_view number = text.substr(0, plus);
    unsigned value = 0;
    bool good = !number.empty() && number.size() <= 2 && (number.size() == 1 || number[0] != '0');
    for (const char c : number) {
      good = good && c >= '0' && c <= '9';
      value = 10 * value + static_cast<unsigned>(c - '0');
    }
    require(good, "'{}' names no registers of a TPM: write them as 7, as 0+7, or none", given);
    out.push_back(value);
    more = plus != std::string_view::npos;
    if (more) text.remove_prefix(plus + 1);
  }
  check_pcrs(out);
  return out;
}

void append_big(Bytes& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) out.push_back(static_cast<std::byte>(value >> 8 * i & 0xff));
}

void append_sized(Bytes& out, ByteView bytes) {
  append_big(out, bytes.size(), 2);
  append_bytes(out, bytes);
}

Bytes selection_of(const Pcrs& pcrs) {
  std::uint32_t bits = 0;
  for (const unsigned p : pcrs) bits |= 1u << p;
  Bytes out;
  append_big(out, 1, 4);
  append_big(out, kSha256, 2);
  append_big(out, 3, 1);
  for (unsigned i = 0; i < 3; ++i) out.push_back(static_cast<std::byte>(bits >> 8 * i & 0xff));
  return out;
}

Bytes endorsement_area(ByteView point) {
  return area(kFixedTpm | kFixedParent | kMadeInside | kAdminWithPolicy | kRestricted | kDecrypt,
              from_hex(kEndorsementPolicy), true, point, 32);
}

Bytes storage_area() {
  return area(kFixedTpm | kFixedParent | kMadeInside | kUserWithAuth | kNoLockout | kRestricted | kDecrypt,
              {}, true, {}, 32);
}

Digest pcr_policy(const Pcrs& pcrs, const Digest& state) {
  Bytes from(32);
  append_big(from, kPolicyPcr, 4);
  append_bytes(from, selection_of(pcrs));
  append_bytes(from, state);
  return sha256(from);
}

Bytes device_key_area(const Pcrs& pcrs, const Digest& state, ByteView point) {
  // Without kUserWithAuth the key is of use by its policy alone. There is no password to guess, so that
  // whoever guesses elsewhere and locks the TPM does not lock this key.
  constexpr std::uint32_t kAlways = kFixedTpm | kFixedParent | kMadeInside | kNoLockout | kDecrypt;
  if (pcrs.empty()) return area(kAlways | kUserWithAuth, {}, false, point, 0);
  return area(kAlways, pcr_policy(pcrs, state), false, point, 0);
}

Bytes object_name(ByteView bytes) {
  Bytes out;
  append_big(out, kSha256, 2);
  append_bytes(out, sha256(bytes));
  return out;
}

}  // namespace tacit::tpm
