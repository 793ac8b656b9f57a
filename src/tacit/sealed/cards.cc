#include "tacit/sealed/cards.h"

#include <algorithm>
#include <tuple>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/sealed/lines.h"
#include "tacit/sealed/name.h"

namespace tacit::sealed {

namespace {

constexpr std::string_view kVendorHead = "tacit vendor 1", kDeviceHead = "tacit device 1";
constexpr std::string_view kSoftware = "software";
constexpr std::string_view kTpm = "tpm", kNone = "none";
constexpr std::size_t kLongestCertificate = 4096;
constexpr std::uint64_t kLongestCard = 1024, kLongestDeviceCard = 10240;

/// The same bytes in one form: none, or digits in lower case. UsageError for anything else.
Bytes bytes_or_none(std::string_view text, std::size_t longest, std::string_view what) {
  if (text == kNone) return {};
  Bytes out = from_hex(text);
  require(!out.empty() && out.size() <= longest, "its {} has not the digits of one", what);
  return out;
}

Digest digest_of(std::string_view text, std::string_view what) {
  const Bytes bytes = from_hex(text);
  Digest out{};
  require(bytes.size() == out.size(), "its {} has not 64 digits", what);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

TpmEvidence evidence_of(const KemPublicKey& key, std::string_view pcrs, std::string_view state,
                        std::string_view endorsement, std::string_view certificate) {
  require(key.kem == Kem::P256, "its key is of {}, which no TPM keeps", name_of(key.kem));
  TpmEvidence out{tpm::parse_pcrs(pcrs), digest_of(state, "state"), from_hex(endorsement),
                  bytes_or_none(certificate, kLongestCertificate, "certificate")};
  require(out.endorsement.size() == tpm::kPointSize && out.endorsement[0] == std::byte{4},
          "its endorsement has not the digits of a point");
  require(!out.pcrs.empty() || out.state == Digest{}, "its state is that of no registers");
  return out;
}

}  // namespace

std::string to_text(const VendorCard& card) {
  check_name(card.name, "name for a vendor");
  return fmt::format("{}\nname = {}\nkey = {}\n", kVendorHead, card.name, to_string(card.key));
}

VendorCard parse_vendor_card(std::string_view text) {
  const auto [name, key] = values_of<2>(text, kVendorHead, {"name", "key"});
  check_name(name, "name for a vendor");
  return {name, parse_public_key(key)};
}

VendorCard read_vendor_card(const std::filesystem::path& file) {
  return read_lines(file, kLongestCard, "vendor's card", parse_vendor_card);
}

Digest fingerprint(const VendorCard& card) { return sha256(bytes_of(to_text(card))); }

std::string to_text(const DeviceCard& card) {
  check_name(card.name, "name for a device");
  std::string out = fmt::format("{}\nname = {}\nkey = {}:{}\nkept = {}\n", kDeviceHead, card.name,
                                name_of(card.key.kem), to_hex(card.key.raw), card.tpm ? kTpm : kSoftware);
  if (card.tpm)
    out += fmt::format("pcrs = {}\nstate = {}\nendorsement = {}\ncertificate = {}\n",
                       tpm::pcrs_text(card.tpm->pcrs), to_hex(card.tpm->state), to_hex(card.tpm->endorsement),
                       card.tpm->certificate.empty() ? std::string(kNone) : to_hex(card.tpm->certificate));
  return out;
}

DeviceCard parse_device_card(std::string_view text) {
  std::string name, key, kept, pcrs, state, endorsement, certificate;
  if (text.find("\nkept = tpm\n") != std::string_view::npos) {
    std::tie(name, key, kept, pcrs, state, endorsement, certificate) = std::tuple_cat(values_of<7>(
        text, kDeviceHead, {"name", "key", "kept", "pcrs", "state", "endorsement", "certificate"}));
  } else {
    std::tie(name, key, kept) = std::tuple_cat(values_of<3>(text, kDeviceHead, {"name", "key", "kept"}));
  }
  check_name(name, "name for a device");
  const std::size_t colon = key.find(':');
  require(colon != std::string::npos, "its key names no kind");
  DeviceCard out{name, {kem_named(key.substr(0, colon)), from_hex(key.substr(colon + 1))}};
  require(out.key.raw.size() == public_key_size(out.key.kem), "its key has not the digits of one of {}",
          name_of(out.key.kem));
  require(kept == kSoftware || kept == kTpm,
          "its key is kept by '{}', which is not known here: use a newer tacit", one_line(kept));
  if (kept == kTpm) out.tpm = evidence_of(out.key, pcrs, state, endorsement, certificate);
  return out;
}

DeviceCard read_device_card(const std::filesystem::path& file) {
  return read_lines(file, kLongestDeviceCard, "device's card", parse_device_card);
}

Bytes name_in_tpm(const DeviceCard& card) {
  ensure(card.tpm.has_value(), "a key that a TPM keeps");
  return tpm::object_name(tpm::device_key_area(card.tpm->pcrs, card.tpm->state, card.key.raw));
}

Digest endorsement_id(ByteView endorsement) {
  Hasher hasher;
  return hasher.update(bytes_of("tacit endorsement 1\n")).update(endorsement).finish();
}

Digest device_id(const KemPublicKey& key) {
  Hasher hasher;
  hasher.update(bytes_of("tacit device 1: id\n")).update(bytes_of(name_of(key.kem))).update(key.raw);
  return hasher.finish();
}

std::string in_groups(const Digest& digest) {
  const std::string hex = to_hex(digest);
  std::string out;
  for (std::size_t at = 0; at < hex.size(); at += 4) out += (at > 0 ? " " : "") + hex.substr(at, 4);
  return out;
}

Digest parse_groups(std::string_view text) {
  std::string hex = lowered(text);
  std::erase_if(hex, [](char c) { return c == ' '; });
  const Bytes bytes = from_hex(hex);
  Digest out{};
  require(bytes.size() == out.size(), "'{}' is no fingerprint: it has 64 hexadecimal digits", one_line(text));
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

}  // namespace tacit::sealed
