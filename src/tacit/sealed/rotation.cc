#include "tacit/sealed/rotation.h"

#include <algorithm>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/sealed/lines.h"
#include "tacit/sealed/name.h"
#include "tacit/sealed/witness.h"

namespace tacit::sealed {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kRotationHead = "tacit vendor rotation 1";
constexpr std::string_view kRotationFile = "vendor.rotation", kAdmitted = "devices";
constexpr std::uint64_t kLongestRotation = 1024;
constexpr std::size_t kProbe = 32;

std::string lines_of(const Rotation& r) {
  check_name(r.name, "name for a vendor");
  return fmt::format("{}\nname = {}\nbefore = {}\nafter = {}\ntime = {}\n", kRotationHead, r.name,
                     to_string(r.before), to_string(r.after), r.time);
}

/// What both keys sign.
Bytes rotation_text(const Rotation& r) {
  Bytes out;
  append_bytes(out, bytes_of("tacit vendor rotation 1: signature\n"));
  append_bytes(out, bytes_of(lines_of(r)));
  return out;
}

Signature signature_in(std::string_view hex) {
  const Bytes bytes = from_hex(hex);
  Signature out{};
  require(bytes.size() == out.size(), "its signature has not 128 digits");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Seconds seconds_in(const std::string& text) {
  Seconds out = 0;
  bool good = !text.empty() && text.size() <= 12 && (text.size() == 1 || text[0] != '0');
  for (const char c : text) {
    good = good && c >= '0' && c <= '9';
    if (good) out = 10 * out + (c - '0');
  }
  require(good && out <= kLastMoment, "its time is no time that there is");
  return out;
}

/// One that a TPM keeps is so in the state alone to which it is bound.
bool is_of_use(const DeviceKey& key) {
  try {
    key.derive({}, "tacit device 1: whether it is of use", kProbe);
    return true;
  } catch (const UsageError&) { return false; }
}

/// The cards of devices that proved where their keys lie: public, and as true as before.
void carry_admitted(const KeyFolder& from, const KeyFolder& to) {
  std::error_code error;
  for (fs::directory_iterator at(from.file(kAdmitted), error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() != ".admitted") continue;
    make_folder(to.file(kAdmitted), 0700);
    to.replace((fs::path(kAdmitted) / at->path().filename()).string(), to_text(read_device_card(at->path())));
  }
}

}  // namespace

std::string to_text(const Rotation& r) {
  return fmt::format("{}by-before = {}\nby-after = {}\n", lines_of(r), to_hex(ByteView(r.by_before)),
                     to_hex(ByteView(r.by_after)));
}

Rotation parse_rotation(std::string_view text) {
  const auto [name, before, after, time, by_before, by_after] =
      values_of<6>(text, kRotationHead, {"name", "before", "after", "time", "by-before", "by-after"});
  check_name(name, "name for a vendor");
  return {name,
          parse_public_key(before),
          parse_public_key(after),
          seconds_in(time),
          signature_in(by_before),
          signature_in(by_after)};
}

Rotation read_rotation(const fs::path& file) {
  return read_lines(file, kLongestRotation, "vendor's rotation", parse_rotation);
}

void check_rotation(const Rotation& r) {
  const Bytes text = rotation_text(r);
  if (!verify(r.before, text, r.by_before) || !verify(r.after, text, r.by_after))
    throw CheatDetected(fmt::format(
        "the rotation of '{}' is not what this vendor made: a signature is wrong; it was changed, or damaged "
        "on the way: get it anew",
        r.name));
  require(r.before != r.after, "the rotation of '{}' names one key twice", r.name);
}

VendorKeys rotate_vendor(const fs::path& old_folder, const fs::path& new_folder, Seconds now) {
  const VendorKeys old_keys = VendorKeys::open(old_folder);
  const KeyFolder from = KeyFolder::open(old_folder, "tacit vendor init");
  VendorKeys out = VendorKeys::make(new_folder, old_keys.card.name);
  try {
    Rotation r{old_keys.card.name, old_keys.card.key, out.card.key, now, {}, {}};
    const Bytes text = rotation_text(r);
    r.by_before = old_keys.identity.sign(text);
    r.by_after = out.identity.sign(text);
    const KeyFolder to = KeyFolder::open(new_folder, "tacit vendor rotate");
    carry_admitted(from, to);
    to.replace(kRotationFile, to_text(r));
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(new_folder, ignored);
    throw;
  }
  return out;
}

void follow(const DeviceKeys& device, const Rotation& r, bool ends_old) {
  check_rotation(r);
  const FileDescriptor held = device.folder.lock();
  const VendorCard before{r.name, r.before}, after{r.name, r.after};
  const std::vector<VendorCard> pinned = device.trusted();
  const auto is_pinned = [&](const VendorCard& card) {
    return std::find(pinned.begin(), pinned.end(), card) != pinned.end();
  };
  require(is_pinned(before) || is_pinned(after),
          "this device does not trust the key of '{}' that was replaced ({}): take its rotations in their "
          "order, or pin its new vendor.pub with 'tacit device trust'",
          r.name, in_groups(fingerprint(before)));
  for (const VendorCard& other : pinned)
    require(other.key != after.key || other.name == after.name,
            "'{}' is trusted already, with this very key: remove {} first if that is no longer to be",
            other.name, device.pin_of(other).string());
  if (!is_pinned(after)) device.pin(after);
  if (ends_old) remove_file(device.pin_of(before));
}

Bequest bequest_of(const DeviceKeys& old_device, const Now& now) {
  Bequest out{old_device.trusted(), std::nullopt};
  if (is_of_use(old_device.key)) out.time = witness(old_device.folder, old_device.key, now, 0);
  return out;
}

void take_over(const Bequest& bequest, const DeviceKeys& new_device, const Now& now) {
  {
    const FileDescriptor held = new_device.folder.lock();
    for (const VendorCard& vendor : bequest.trusted) new_device.pin(vendor);
  }
  if (bequest.time) witness(new_device.folder, new_device.key, now, *bequest.time);
}

}  // namespace tacit::sealed
