#include "tacit/sealed/cards.h"

#include <algorithm>
#include <array>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/sealed/name.h"

namespace tacit::sealed {

namespace {

constexpr std::string_view kVendorHead = "tacit vendor 1", kDeviceHead = "tacit device 1";
constexpr std::string_view kSoftware = "software";
constexpr std::uint64_t kLongestCard = 1024;

/// Of lines "head", "key = value" for each of the keys, and nothing else: the values.
template <std::size_t n>
std::array<std::string, n> values_of(std::string_view text, std::string_view head,
                                     const std::array<std::string_view, n>& keys) {
  const auto line = [&] {
    const std::size_t end = text.find('\n');
    require(end != std::string_view::npos, "its lines are not those of a card");
    const std::string_view out = text.substr(0, end);
    text.remove_prefix(end + 1);
    return out;
  };
  require(text.starts_with(head) && line() == head, "it does not begin with '{}'", head);
  std::array<std::string, n> out;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view found = line();
    const std::string begin = std::string(keys[i]) + " = ";
    require(found.starts_with(begin), "its line {} is not '{}…'", i + 2, begin);
    out[i] = found.substr(begin.size());
  }
  require(text.empty(), "it has more lines than it may have");
  return out;
}

std::string read_text(const std::filesystem::path& file) {
  PlainFile in(file);
  require(in.size() <= kLongestCard, "'{}' is no card: it has {} bytes", file.string(), in.size());
  std::string out(in.size(), '\0');
  in.read(std::as_writable_bytes(std::span(out)));
  return out;
}

template <class Parse>
auto read_card(const std::filesystem::path& file, std::string_view kind, Parse parse) {
  const std::string text = read_text(file);
  try {
    return parse(text);
  } catch (const UsageError& e) {
    throw UsageError(fmt::format("'{}' is no {}: {}", file.string(), kind, e.what()));
  }
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
  return read_card(file, "vendor's card", parse_vendor_card);
}

Digest fingerprint(const VendorCard& card) { return sha256(bytes_of(to_text(card))); }

std::string to_text(const DeviceCard& card) {
  check_name(card.name, "name for a device");
  return fmt::format("{}\nname = {}\nkey = {}:{}\nkept = {}\n", kDeviceHead, card.name, name_of(card.key.kem),
                     to_hex(card.key.raw), kSoftware);
}

DeviceCard parse_device_card(std::string_view text) {
  const auto [name, key, kept] = values_of<3>(text, kDeviceHead, {"name", "key", "kept"});
  check_name(name, "name for a device");
  const std::size_t colon = key.find(':');
  require(colon != std::string::npos, "its key names no kind");
  DeviceCard out{name, {kem_named(key.substr(0, colon)), from_hex(key.substr(colon + 1))}};
  require(out.key.raw.size() == public_key_size(out.key.kem), "its key has not the digits of one of {}",
          name_of(out.key.kem));
  require(kept == kSoftware, "its key is kept by '{}', which is not known here: use a newer tacit",
          one_line(kept));
  return out;
}

DeviceCard read_device_card(const std::filesystem::path& file) {
  return read_card(file, "device's card", parse_device_card);
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
