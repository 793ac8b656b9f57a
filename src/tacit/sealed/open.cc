#include "tacit/sealed/open.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tacit/base/error.h"
#include "tacit/base/secret_bytes.h"
#include "tacit/sealed/keys_of_a_file.h"
#include "tacit/sealed/lease_folder.h"
#include "tacit/sealed/merkle.h"
#include "tacit/sealed/witness.h"

namespace tacit::sealed {

namespace fs = std::filesystem;

namespace {

/// Reads what the file's size says is there.
void read_from(const OpenFile& file, std::uint64_t at, ByteSpan out) {
  while (!out.empty()) {
    const ssize_t got = ::pread(file.file.get(), out.data(), out.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw IoError(
          fmt::format("the file '{}' cannot be read: {}", file.name.string(), std::strerror(errno)));
    require(got > 0, "'{}' was cut short while it was read", file.name.string());
    at += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

/// Has the disk at work on what follows while signatures and keys are: a read that does not wait begins one
/// ahead. A hint, and nothing more: where the system does not know such reads nothing happens.
void read_ahead(const OpenFile& file, std::uint64_t at) {
  Bytes nowhere(kSealChunk);
  const iovec to{nowhere.data(), nowhere.size()};
  (void)::preadv2(file.file.get(), &to, 1, static_cast<off_t>(at), RWF_NOWAIT);
}

OpenFile there(const fs::path& file) {
  std::error_code ignored;
  require(fs::symlink_status(file, ignored).type() != fs::file_type::not_found,
          "there is no file '{}': check the path", file.string());
  return open_file(file);
}

std::uint64_t size_of(const OpenFile& file) {
  struct stat info {};
  if (::fstat(file.file.get(), &info) != 0)
    throw IoError(fmt::format("the file '{}' cannot be read: {}", file.name.string(), std::strerror(errno)));
  return static_cast<std::uint64_t>(info.st_size);
}

const Wrap* wrap_for(const Header& h, const Digest& recipient) {
  const auto own =
      std::find_if(h.wraps.begin(), h.wraps.end(), [&](const Wrap& w) { return w.recipient == recipient; });
  return own == h.wraps.end() ? nullptr : &*own;
}

[[noreturn]] void cheated(const fs::path& file, std::string_view what) {
  throw CheatDetected(
      fmt::format("'{}' is not what its vendor made: {}; it was changed, or damaged on the way: get "
                  "it anew",
                  file.string(), what));
}

}  // namespace

// ---- what anybody may read

SealedFile::SealedFile(const fs::path& file) : SealedFile(there(file)) {}

SealedFile::SealedFile(OpenFile file) : file_(std::move(file)) {
  try {
    const std::uint64_t size = size_of(file_);
    require(size >= kPreludeSize, "it is no sealed model");
    head_.resize(kPreludeSize);
    read_from(file_, 0, head_);
    const std::size_t records = records_size(head_);
    require(records <= size - kPreludeSize, "its head claims {} bytes, and {} are there: it was cut short",
            records, size - kPreludeSize);
    head_.resize(kPreludeSize + records);
    read_from(file_, kPreludeSize, ByteSpan(head_).subspan(kPreludeSize));
    header_ = parse_header(head_);
    layout_ = layout_of(header_, head_.size());
    require(layout_.end == size,
            "it has {} bytes where its head claims {}: it was cut short, or damaged: get it anew", size,
            layout_.end);
    read_ahead(file_, head_.size());
  } catch (const UsageError& e) {
    throw UsageError(fmt::format("'{}' cannot be used: {}", name().string(), e.what()));
  }
}

// ---- what its vendor signed

VerifiedFile::VerifiedFile(SealedFile file, const VendorCard& vendor) : file_(std::move(file)) {
  const Header& h = header();
  require(h.vendor == vendor.key, "'{}' is signed by another vendor than '{}'", name().string(), vendor.name);
  Signature signature;
  read_from(file_.file_, file_.head_.size(), signature);
  if (!verify(vendor.key, signed_text(file_.head_), signature))
    cheated(name(), "the signature over its head is wrong");
  require(h.vendor_name == vendor.name, "'{}' names its vendor '{}', and its key is that of '{}'",
          name().string(), h.vendor_name, vendor.name);
  // As many as the file was found to have room for.
  digests_.resize(h.chunks());
  read_from(file_.file_, file_.layout_.digests, std::as_writable_bytes(std::span(digests_)));
  if (merkle_root(digests_) != h.root)
    cheated(name(), "the list of its parts is not the one that was signed");
}

std::size_t VerifiedFile::chunk_size(std::uint64_t number) const {
  const Header& h = header();
  const std::uint64_t left = h.text_size - number * h.chunk;
  return static_cast<std::size_t>(std::min<std::uint64_t>(left, h.chunk)) + kSealTagSize;
}

std::uint64_t VerifiedFile::place_of(std::uint64_t number, std::size_t skip) const {
  return file_.layout_.chunks + number * (header().chunk + kSealTagSize) + skip;
}

void VerifiedFile::read(std::uint64_t number, ByteSpan out) const {
  read_from(file_.file_, place_of(number, 0), out);
  if (leaf_digest(out) != digests_[number])
    cheated(name(),
            fmt::format("its part {} of {} is not the one that was signed", number + 1, digests_.size()));
}

void VerifiedFile::check_chunks() const {
  Bytes chunk(header().chunk + kSealTagSize);
  for (std::uint64_t i = 0; i < digests_.size(); ++i) read(i, ByteSpan(chunk).first(chunk_size(i)));
}

// ---- what a device opens

OpenedModel::OpenedModel(VerifiedFile file, const DeviceKeys& keys, const Now& now) : file_(std::move(file)) {
  const Header& h = header();
  const Digest self = device_id(keys.card.key);
  const Wrap* own = wrap_for(h, self);
  require(own != nullptr, "'{}' is not sealed to the device '{}' ({})", name().string(), keys.card.name,
          in_groups(self));
  // A lease tells a time that nobody at the device has set.
  const Seconds told = h.lease ? running_lease(keys, h, now.boot).time : h.sealed_at;
  const Seconds time = witness(keys.folder, keys.key, now, std::max(h.sealed_at, told));
  require(time < h.expires, "'{}' has expired: it was of use until {}, and it is {}", name().string(),
          moment_text(h.expires), moment_text(time));
  unwrap(keys.key, *own);
}

OpenedModel::OpenedModel(VerifiedFile file, const DeviceKey& keeper) : file_(std::move(file)) {
  const Wrap* own = wrap_for(header(), device_id(keeper.public_key()));
  require(own != nullptr,
          "'{}' was not kept by its vendor ('tacit seal --keep'), so that only its recipients can open it: "
          "seal the model itself once more",
          name().string());
  unwrap(keeper, *own);
}

void OpenedModel::unwrap(const DeviceKey& key, const Wrap& own) {
  const Header& h = header();
  std::optional<SecretBytes> content_key;
  if (own.kem == key.kem() && is_public_key({own.kem, own.enc})) {
    try {
      HpkeReceiver receiver = key.receiver(kWrapCipher, own.enc, wrap_info(h.id, h.vendor, own.recipient));
      content_key = receiver.open(facts_of(h), own.sealed);
    } catch (const UsageError&) {  // enc is a key with which nothing can be exchanged,
      if (key.is_kept()) throw;    // or the TPM refuses
    }
  }
  if (!content_key || content_key->size() != kContentKeySize)
    cheated(name(), "the key that is sealed to this device does not open");
  if (!equal_in_constant_time(commitment_to(content_key->bytes(), h.id), h.commitment))
    cheated(name(), "the key that is sealed to this device is another than the file's");
  cipher_.emplace(chunk_key(content_key->bytes(), h.id).bytes(), sha256(facts_of(h)), false);
  found_right_.assign(h.chunks(), false);
  if (file_.file().unchangeable) mapped_ = std::make_unique<MappedFile>(file_.file(), file_.size());
}

class OpenedModel::Text final : public ByteReader {
 public:
  explicit Text(OpenedModel& model) : model_(model) {}
  void read(ByteSpan out) override {
    while (!out.empty()) {
      if (at_ == filled_) {
        if (chunk_.size() == 0) chunk_ = SecretBytes(model_.header().chunk + kSealTagSize);
        filled_ = at_ = 0;
        filled_ = open_next(chunk_.bytes());
      }
      const std::size_t now = std::min(out.size(), filled_ - at_);
      std::memcpy(out.data(), chunk_.bytes().data() + at_, now);
      at_ += now;
      out = out.subspan(now);
    }
  }
  /// A chunk where it is wanted, if it fits there while it is opened.
  std::size_t read_some(ByteSpan room, std::size_t most) override {
    const bool whole = at_ == filled_ && next_ < chunks() && model_.file_.chunk_size(next_) <= room.size() &&
                       model_.file_.chunk_size(next_) - kSealTagSize <= most;
    return whole ? open_next(room) : ByteReader::read_some(room, most);
  }

 private:
  std::uint64_t chunks() const { return model_.header().chunks(); }
  /// The bytes of its text, which `room` begins with.
  std::size_t open_next(ByteSpan room) {
    require(next_ < chunks(), "'{}' has no more of its model", model_.name().string());
    const ByteSpan sealed = room.first(model_.file_.chunk_size(next_));
    model_.file_.read(next_, sealed);
    if (!model_.cipher_->open(next_, next_ + 1 == chunks(), sealed))
      cheated(model_.name(), fmt::format("its part {} of {} does not open", next_ + 1, chunks()));
    ++next_;
    return sealed.size() - kSealTagSize;
  }

  OpenedModel& model_;
  SecretBytes chunk_;
  std::uint64_t next_ = 0;
  std::size_t at_ = 0, filled_ = 0;
};

std::unique_ptr<ByteReader> OpenedModel::text(RuntimeKey) { return std::make_unique<Text>(*this); }

void OpenedModel::read(RuntimeKey, std::uint64_t at, ByteSpan scratch, ByteSpan out) {
  const Header& h = header();
  require(at <= h.text_size && out.size() <= h.text_size - at, "'{}' has no more of its model",
          name().string());
  ensure(scratch.size() >= h.chunk + kSealTagSize, "a chunk fits its scratch");
  if (out.empty()) return;
  const std::uint64_t last = h.chunks() - 1;
  const auto found = found_right_.begin();
  const auto in_file = [](std::uint64_t number) { return static_cast<std::ptrdiff_t>(number); };
  if (mapped_ &&
      std::all_of(found + in_file(at / h.chunk), found + in_file((at + out.size() - 1) / h.chunk + 1),
                  [](bool right) { return right; }))
    return reopen(at, scratch, out);
  while (!out.empty()) {
    const std::uint64_t number = at / h.chunk;
    const std::size_t skip = static_cast<std::size_t>(at % h.chunk);
    const ByteSpan sealed = scratch.first(file_.chunk_size(number));
    file_.read(number, sealed);
    if (!cipher_->open(number, number == last, sealed))
      cheated(name(), fmt::format("its part {} of {} does not open", number + 1, h.chunks()));
    found_right_[number] = true;
    const std::size_t now = std::min(out.size(), sealed.size() - kSealTagSize - skip);
    std::memcpy(out.data(), sealed.data() + skip, now);
    explicit_bzero(sealed.data(), sealed.size());
    at += now;
    out = out.subspan(now);
  }
}

void OpenedModel::reopen(std::uint64_t at, ByteSpan scratch, ByteSpan out) {
  const Header& h = header();
  while (!out.empty()) {
    const std::uint64_t number = at / h.chunk;
    const std::size_t skip = static_cast<std::size_t>(at % h.chunk);
    const std::size_t now = std::min(out.size(), h.chunk - skip);
    const std::uint64_t place = file_.place_of(number, skip);
    ByteView sealed = scratch.first(now);
    if (mapped_->bytes().empty())
      read_from(file_.file(), place, scratch.first(now));
    else
      sealed = mapped_->bytes().subspan(static_cast<std::size_t>(place), now);
    cipher_->reopen(number, number + 1 == h.chunks(), skip, sealed, out.first(now));
    at += now;
    out = out.subspan(now);
  }
}

OpenedModel open_model(const fs::path& file, const DeviceKeys& keys, const Now& now) {
  return open_model(SealedFile(file), keys, now);
}

OpenedModel open_model(SealedFile sealed, const DeviceKeys& keys, const Now& now) {
  const auto vendor = keys.trusted(sealed.header().vendor);
  require(
      vendor.has_value(),
      "'{}' is signed by a vendor that this device does not trust: it calls itself '{}'; if it is yours, run "
      "'tacit device trust' with its vendor.pub",
      sealed.name().string(), sealed.header().vendor_name);
  return OpenedModel(VerifiedFile(std::move(sealed), *vendor), keys, now);
}

}  // namespace tacit::sealed
