#include "tacit/sealed/lease_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"

namespace tacit::sealed {

namespace {

// head: "tacit lease log 1\n" | the vendor's key (32 bytes); then entries
constexpr std::string_view kLogFile = "leases.log", kLogHead = "tacit lease log 1\n";
constexpr std::string_view kSignedEntry = "tacit lease log 1: entry\n";
constexpr std::size_t kHeadSize = kLogHead.size() + 32;

Bytes head_of(const PublicKey& vendor) {
  Bytes out;
  append_bytes(out, bytes_of(kLogHead));
  append_bytes(out, vendor.raw);
  return out;
}

Bytes body(const LogEntry& e) {
  Bytes out;
  append(out, e.number);
  append(out, e.time);
  append(out, static_cast<std::uint8_t>(e.kind));
  for (const ByteView part : {ByteView(e.device), ByteView(e.file), ByteView(e.nonce)})
    append_bytes(out, part);
  append(out, e.seconds);
  append(out, e.revocations);
  append_bytes(out, e.before);
  return out;
}

Bytes signed_text(const LogEntry& e, const PublicKey& vendor) {
  Bytes out;
  append_bytes(out, bytes_of(kSignedEntry));
  append_bytes(out, vendor.raw);
  append_bytes(out, body(e));
  return out;
}

[[noreturn]] void fail_log(const std::filesystem::path& file, std::string_view happens) {
  const int error = errno;
  throw IoError(fmt::format("the log '{}' cannot be {}: {}", file.string(), happens, std::strerror(error)));
}

Bytes read_part(int fd, const std::filesystem::path& file, std::uint64_t at, std::size_t size) {
  Bytes out(size);
  std::size_t got = 0;
  while (got < size) {
    const ssize_t more = ::pread(fd, out.data() + got, size - got, static_cast<off_t>(at + got));
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) fail_log(file, "read");
    got += static_cast<std::size_t>(more);
  }
  return out;
}

void write_part(int fd, const std::filesystem::path& file, std::uint64_t at, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) fail_log(file, "written");
    at += static_cast<std::uint64_t>(wrote);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) fail_log(file, "synced");
}

std::uint64_t log_size(int fd, const std::filesystem::path& file) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) fail_log(file, "read");
  return static_cast<std::uint64_t>(info.st_size);
}

bool is_revocation(LogKind kind) { return kind == LogKind::RevokedFile || kind == LogKind::RevokedDevice; }

/// Whether an entry says what one that follows may say.
bool follows(const LogEntry& e, const PublicKey& vendor, std::uint64_t number, std::uint64_t revocations,
             const Digest& before) {
  return e.number == number && e.before == before && e.revocations == revocations + is_revocation(e.kind) &&
         verify(vendor, signed_text(e, vendor), e.signature);
}

}  // namespace

std::string_view name_of(LogKind kind) {
  switch (kind) {
    case LogKind::Sealed:
      return "sealed";
    case LogKind::Granted:
      return "granted";
    case LogKind::Refused:
      return "refused";
    case LogKind::RevokedFile:
      return "file revoked";
    case LogKind::RevokedDevice:
      return "device revoked";
  }
  return "unknown";
}

Bytes to_bytes(const LogEntry& entry) {
  Bytes out = body(entry);
  append_bytes(out, entry.signature);
  return out;
}

LogEntry parse_log_entry(ByteView bytes) {
  require(bytes.size() == kLogEntrySize, "an entry of a log has {} bytes", kLogEntrySize);
  LogEntry e;
  e.number = read_at<std::uint64_t>(bytes, 0);
  e.time = read_at<Seconds>(bytes, 8);
  const auto kind = read_at<std::uint8_t>(bytes, 16);
  require(kind >= 1 && kind <= 5, "an entry of a log is of the kind {}, which is not known here", kind);
  e.kind = LogKind{kind};
  e.device = read_at<Digest>(bytes, 17);
  e.file = read_at<FileId>(bytes, 49);
  e.nonce = read_at<Nonce>(bytes, 81);
  e.seconds = read_at<std::uint32_t>(bytes, 113);
  e.revocations = read_at<std::uint64_t>(bytes, 117);
  e.before = read_at<Digest>(bytes, 125);
  e.signature = read_at<Signature>(bytes, 157);
  require(e.time >= 0 && e.time <= kLastMoment, "an entry of a log is of no time that there is");
  const bool runs = e.kind == LogKind::Sealed || e.kind == LogKind::Granted;
  require(runs ? e.seconds >= kShortestLease && e.seconds <= kLongestLease : e.seconds == 0,
          "an entry of a log has leases of {} seconds", e.seconds);
  return e;
}

LeaseLog::LeaseLog(KeyFolder folder, const VendorKeys& vendor)
    : folder_(std::move(folder)), vendor_(vendor.identity) {
  const auto path = folder_.file(kLogFile);
  const FileDescriptor held = folder_.lock();
  file_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) fail_log(path, "opened");
  const Bytes head = head_of(vendor_.public_key());
  if (log_size(file_.get(), path) < kHeadSize) {
    // New, or what a crash left of one: nothing was answered before its head was there.
    if (::ftruncate(file_.get(), 0) != 0) fail_log(path, "written");
    write_part(file_.get(), path, 0, head);
    sync_folder(path.parent_path());
  } else if (read_part(file_.get(), path, 0, kHeadSize) != head) {
    throw CheatDetected(fmt::format("the log '{}' is not this vendor's", path.string()));
  }
  last_ = sha256(head);
  catch_up();
}

void LeaseLog::take(const LogEntry& e) {
  switch (e.kind) {
    case LogKind::Sealed:
      sealed_[{e.file, e.device}] = e.seconds;
      break;
    case LogKind::RevokedFile:
      revoked_files_.insert(e.file);
      break;
    case LogKind::RevokedDevice:
      revoked_devices_.insert(e.device);
      break;
    default:
      break;
  }
  last_ = sha256(to_bytes(e));
  next_ = e.number + 1;
  revocations_ = e.revocations;
  latest_ = std::max(latest_, e.time);
}

/// Reads what other processes have put since; whoever calls it holds the folder's lock.
void LeaseLog::catch_up() {
  const auto path = folder_.file(kLogFile);
  struct stat open, there;
  if (::fstat(file_.get(), &open) != 0 || ::stat(path.c_str(), &there) != 0 || open.st_ino != there.st_ino ||
      open.st_dev != there.st_dev)
    throw CheatDetected(
        fmt::format("the log '{}' was taken away, or another put in its place", path.string()));
  const std::uint64_t size = log_size(file_.get(), path);
  const std::uint64_t known = kHeadSize + next_ * kLogEntrySize;
  if (size < known)
    throw CheatDetected(fmt::format("the log '{}' was cut: {} of its entries are gone", path.string(),
                                    (known - size + kLogEntrySize - 1) / kLogEntrySize));
  const std::uint64_t entries = (size - kHeadSize) / kLogEntrySize;
  while (next_ < entries) {
    const std::uint64_t number = next_;
    const auto wrong = [&] {
      return CheatDetected(
          fmt::format("entry {} of the log '{}' was changed, or does not follow the one before it", number,
                      path.string()));
    };
    const Bytes bytes = read_part(file_.get(), path, kHeadSize + next_ * kLogEntrySize, kLogEntrySize);
    LogEntry e;
    try {
      e = parse_log_entry(bytes);
    } catch (const UsageError&) { throw wrong(); }
    if (!follows(e, vendor_.public_key(), next_, revocations_, last_)) throw wrong();
    take(e);
  }
  // What a crash left of an entry was never answered.
  const std::uint64_t whole = kHeadSize + next_ * kLogEntrySize;
  if (size > whole && ::ftruncate(file_.get(), static_cast<off_t>(whole)) != 0) fail_log(path, "written");
}

void LeaseLog::put(LogEntry e, Seconds now) {
  e.number = next_;
  e.time = now;
  e.revocations = revocations_ + is_revocation(e.kind);
  e.before = last_;
  e.signature = vendor_.sign(signed_text(e, vendor_.public_key()));
  write_part(file_.get(), folder_.file(kLogFile), kHeadSize + next_ * kLogEntrySize, to_bytes(e));
  take(e);
}

namespace {

/// The vendor's clock may be corrected a little, and never behind what it has signed.
Seconds checked_time(Seconds now, Seconds latest) {
  require(now >= 0 && now <= kLastMoment, "this machine's clock tells no time: set it right");
  require(now >= latest - 300,
          "this machine's clock says {}, and the log knows {} already: set the clock right", moment_text(now),
          moment_text(latest));
  return std::max(now, latest);
}

}  // namespace

void LeaseLog::sealed(const FileId& file, const std::vector<Digest>& devices, std::uint32_t seconds,
                      Seconds now) {
  const FileDescriptor held = folder_.lock();
  catch_up();
  for (const Digest& device : devices) {
    LogEntry e;
    e.kind = LogKind::Sealed;
    e.device = device;
    e.file = file;
    e.seconds = seconds;
    put(e, checked_time(now, latest_));
  }
}

void LeaseLog::revoke_device(const Digest& device, Seconds now) {
  const FileDescriptor held = folder_.lock();
  catch_up();
  require(
      std::any_of(sealed_.begin(), sealed_.end(), [&](const auto& s) { return s.first.second == device; }),
      "no model that runs under leases was sealed to the device {}", in_groups(device));
  require(!revoked_devices_.contains(device), "the device {} is revoked already", in_groups(device));
  LogEntry e;
  e.kind = LogKind::RevokedDevice;
  e.device = device;
  put(e, checked_time(now, latest_));
}

void LeaseLog::revoke_file(const FileId& file, Seconds now) {
  const FileDescriptor held = folder_.lock();
  catch_up();
  require(std::any_of(sealed_.begin(), sealed_.end(), [&](const auto& s) { return s.first.first == file; }),
          "no such model that runs under leases was sealed here");
  require(!revoked_files_.contains(file), "the model is revoked already");
  LogEntry e;
  e.kind = LogKind::RevokedFile;
  e.file = file;
  put(e, checked_time(now, latest_));
}

Lease LeaseLog::answer(const LeaseRequest& request, Seconds now) {
  require(request.vendor == vendor_.public_key(), "the lease that was asked for is another vendor's");
  const FileDescriptor held = folder_.lock();
  catch_up();
  const auto sealed = sealed_.find({request.file, request.device});
  require(sealed != sealed_.end(), "nothing that runs under leases was sealed to that device");
  const bool revoked = revoked_files_.contains(request.file) || revoked_devices_.contains(request.device);
  LogEntry e;
  e.kind = revoked ? LogKind::Refused : LogKind::Granted;
  e.device = request.device;
  e.file = request.file;
  e.nonce = request.nonce;
  e.seconds = revoked ? 0 : sealed->second;
  const Seconds time = checked_time(now, latest_);
  put(e, time);
  return signed_by(
      vendor_,
      {request, revoked ? LeaseAnswer::Revoked : LeaseAnswer::Granted, time, e.seconds, revocations_, {}});
}

std::vector<LogEntry> LeaseLog::entries() const {
  const auto path = folder_.file(kLogFile);
  const FileDescriptor held = folder_.lock();
  const std::uint64_t count = (log_size(file_.get(), path) - kHeadSize) / kLogEntrySize;
  std::vector<LogEntry> out;
  Digest before = sha256(head_of(vendor_.public_key()));
  std::uint64_t revocations = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Bytes bytes = read_part(file_.get(), path, kHeadSize + i * kLogEntrySize, kLogEntrySize);
    out.push_back(parse_log_entry(bytes));
    if (!follows(out.back(), vendor_.public_key(), i, revocations, before))
      throw CheatDetected(fmt::format(
          "entry {} of the log '{}' was changed, or does not follow the one before it", i, path.string()));
    before = sha256(bytes);
    revocations = out.back().revocations;
  }
  return out;
}

}  // namespace tacit::sealed
