#include "tacit/sealed/key_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/sealed/name.h"
#include "tacit/sealed/tpm_device.h"
#include "tacit/sealed/witness.h"

namespace tacit::sealed {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kVendorKey = "vendor.key", kVendorCard = "vendor.pub";
constexpr std::string_view kDeviceKey = "device.key", kDeviceCard = "device.pub", kTrusted = "trusted";
constexpr std::string_view kDeviceTpm = "device.tpm";
constexpr std::size_t kMostVendors = 10000;

/// Enough to tell keys without a name apart, for people.
std::string begin_of(ByteView bytes) { return to_hex(bytes.first(4)); }

/// A new folder goes if it is not finished: nothing half-made is left that could not be made again.
class Unfinished {
 public:
  explicit Unfinished(fs::path folder) : folder_(std::move(folder)) {}
  Unfinished(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ignored;
    if (!finished_) fs::remove_all(folder_, ignored);
  }
  void finish() { finished_ = true; }

 private:
  fs::path folder_;
  bool finished_ = false;
};

/// Without a slash at its end, behind which there would be another folder.
fs::path folder_named(const fs::path& given) { return given.has_filename() ? given : given.parent_path(); }

std::string trusted_file(const VendorCard& vendor) { return to_hex(fingerprint(vendor)) + ".pub"; }

}  // namespace

KeyFolder KeyFolder::make(const fs::path& given) {
  const fs::path folder = folder_named(given);
  std::error_code ignored;
  require(!fs::exists(fs::symlink_status(folder, ignored)),
          "'{}' is there already, and keys are never overwritten: choose another folder with --keys",
          folder.string());
  make_folder(folder, 0700);
  return open(folder, "");
}

KeyFolder KeyFolder::open(const fs::path& given, std::string_view made_by) {
  const fs::path folder = folder_named(given);
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  require(fd && ::fstat(fd.get(), &info) == 0,
          "there is no key folder '{}': make one with '{}', or name it with --keys", folder.string(),
          made_by);
  require(info.st_uid == ::geteuid(), "the folder '{}' belongs to somebody else", folder.string());
  require((info.st_mode & 077) == 0, "others may use the folder '{0}': run 'chmod 700 {0}'", folder.string());
  return KeyFolder(folder);
}

FileDescriptor KeyFolder::lock() const {
  FileDescriptor fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  int locked = -1;
  while (fd && (locked = ::flock(fd.get(), LOCK_EX)) != 0 && errno == EINTR) {}
  if (locked != 0)
    throw IoError(fmt::format("the folder '{}' cannot be locked: {}", path_.string(), std::strerror(errno)));
  return fd;
}

void KeyFolder::replace(std::string_view name, std::string_view text) const {
  const fs::path to = file(name), part = to.string() + ".part";
  remove_file(part);
  try {
    NewFile out(part);
    out.write(bytes_of(text));
    out.sync();
  } catch (const IoError&) {
    remove_file(part);
    throw;
  }
  std::error_code error;
  fs::rename(part, to, error);
  if (error) throw IoError(fmt::format("the file '{}' cannot be written: {}", to.string(), error.message()));
  sync_folder(to.parent_path());
}

// ---- a vendor's

VendorKeys VendorKeys::make(const fs::path& folder, const std::string& name) {
  if (!name.empty()) check_name(name, "name for a vendor");
  const KeyFolder keys = KeyFolder::make(folder);
  Unfinished unfinished(folder);
  Identity identity = Identity::generate();
  identity.save(keys.file(kVendorKey));
  const PublicKey key = identity.public_key();
  VendorKeys out{{name.empty() ? "vendor " + begin_of(key.raw) : name, key}, std::move(identity)};
  keys.replace(kVendorCard, to_text(out.card));
  unfinished.finish();
  return out;
}

VendorKeys VendorKeys::open(const fs::path& folder) {
  const KeyFolder keys = KeyFolder::open(folder, "tacit vendor init");
  VendorKeys out{read_vendor_card(keys.file(kVendorCard)), Identity::load(keys.file(kVendorKey))};
  require(out.card.key == out.identity.public_key(), "the two files of the folder '{}' are of different keys",
          folder.string());
  return out;
}

// ---- a device's

namespace {

DeviceKeys made(KeyFolder keys, const std::string& name, const Now& now, DeviceKey key,
                std::optional<TpmEvidence> tpm) {
  const KemPublicKey half = key.public_key();
  DeviceCard card{name.empty() ? "device " + begin_of(device_id(half)) : name, half, std::move(tpm)};
  make_folder(keys.file(kTrusted), 0700);
  begin_witness(keys, key, now);
  keys.replace(kDeviceCard, to_text(card));
  return {std::move(keys), std::move(card), std::move(key)};
}

}  // namespace

DeviceKeys DeviceKeys::make(const fs::path& folder, const std::string& name, const Now& now) {
  if (!name.empty()) check_name(name, "name for a device");
  KeyFolder keys = KeyFolder::make(folder);
  Unfinished unfinished(folder);
  KemPrivateKey key = KemPrivateKey::generate(Kem::X25519);
  key.save(keys.file(kDeviceKey));
  DeviceKeys out = made(std::move(keys), name, now, std::move(key), std::nullopt);
  unfinished.finish();
  return out;
}

DeviceKeys DeviceKeys::make(const fs::path& folder, const std::string& name, const Now& now,
                            const TpmChoice& choice) {
  if (!name.empty()) check_name(name, "name for a device");
  // The TPM before the folder: a machine without one is left as it was.
  tpm::Tpm tpm(choice.at);
  tpm::TpmKey key = tpm.make_key(choice.pcrs);
  TpmEvidence evidence{key.pcrs, key.state, tpm.endorsement(), tpm.certificate()};
  KeyFolder keys = KeyFolder::make(folder);
  Unfinished unfinished(folder);
  const std::uint32_t counter = tpm.make_counter();
  TpmDeviceFile file{fs::absolute(choice.at), tpm.endorsement(), std::move(key), counter};
  keys.replace(kDeviceTpm, to_text(file));
  DeviceKeys out = made(std::move(keys), name, now, DeviceKey(keep_in_tpm(std::move(tpm), std::move(file))),
                        std::move(evidence));
  unfinished.finish();
  return out;
}

DeviceKeys DeviceKeys::open(const fs::path& folder) {
  KeyFolder keys = KeyFolder::open(folder, "tacit device init");
  DeviceCard card = read_device_card(keys.file(kDeviceCard));
  std::error_code ignored;
  const bool in_tpm = fs::exists(keys.file(kDeviceTpm), ignored);
  DeviceKey key = in_tpm ? DeviceKey(open_in_tpm(read_tpm_device(keys.file(kDeviceTpm))))
                         : DeviceKey(KemPrivateKey::load(keys.file(kDeviceKey)));
  require(card.key == key.public_key() && card.tpm.has_value() == in_tpm,
          "the two files of the folder '{}' are of different keys", folder.string());
  return {std::move(keys), std::move(card), std::move(key)};
}

void DeviceKeys::trust(const VendorCard& vendor) const {
  const FileDescriptor held = folder.lock();
  const std::vector<VendorCard> all = trusted();
  // After a rotation there are two keys of one name.
  if (std::find(all.begin(), all.end(), vendor) != all.end()) return;
  for (const VendorCard& other : all)
    require((other.name == vendor.name) == (other.key == vendor.key),
            "'{}' is trusted already, with {}: remove {} first if that is no longer to be", other.name,
            other.name == vendor.name ? "another key" : "this very key", pin_of(other).string());
  pin(vendor);
}

void DeviceKeys::pin(const VendorCard& vendor) const {
  folder.replace((fs::path(kTrusted) / trusted_file(vendor)).string(), to_text(vendor));
}

fs::path DeviceKeys::pin_of(const VendorCard& vendor) const {
  return folder.file(kTrusted) / trusted_file(vendor);
}

std::vector<VendorCard> DeviceKeys::trusted() const {
  std::vector<VendorCard> out;
  std::error_code error;
  for (fs::directory_iterator at(folder.file(kTrusted), error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() != ".pub") continue;  // what a crash left of one
    require(out.size() < kMostVendors, "'{}' holds more vendors than there can be",
            folder.file(kTrusted).string());
    const VendorCard vendor = read_vendor_card(at->path());
    require(at->path().filename() == trusted_file(vendor), "'{}' is another vendor's card than its name says",
            at->path().string());
    out.push_back(vendor);
  }
  if (error)
    throw IoError(
        fmt::format("the folder '{}' cannot be read: {}", folder.file(kTrusted).string(), error.message()));
  std::sort(out.begin(), out.end(), [](const VendorCard& a, const VendorCard& b) { return a.name < b.name; });
  return out;
}

std::optional<VendorCard> DeviceKeys::trusted(const PublicKey& vendors) const {
  for (VendorCard& vendor : trusted())
    if (vendor.key == vendors) return std::move(vendor);
  return std::nullopt;
}

}  // namespace tacit::sealed
