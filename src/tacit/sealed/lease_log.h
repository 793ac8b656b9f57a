// What a vendor keeps of leases, in leases.log of its folder: to whom it sealed models that run under leases,
// each lease that it gave or refused, and what it revoked. An entry is signed, and holds the digest of the
// one before it, so that none can be changed, left out or put in between; new ones go to the end. The log is
// all that there is: what is revoked follows from it.
//
// Several processes may use it at once. docs/leases.md has the bytes.
#pragma once

#include <map>
#include <set>

#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/lease.h"

namespace tacit::sealed {

enum class LogKind : std::uint8_t {
  Sealed = 1,         ///< a file that runs under leases, to one device
  Granted = 2,        ///< a lease
  Refused = 3,        ///< an answer that the model or the device was revoked
  RevokedFile = 4,    ///< for all devices; the device is zeros
  RevokedDevice = 5,  ///< for all files; the file is zeros
};
std::string_view name_of(LogKind kind);

struct LogEntry {
  std::uint64_t number = 0;  ///< from 0
  Seconds time = 0;
  LogKind kind = LogKind::Sealed;
  Digest device{};
  FileId file{};
  Nonce nonce{};                  ///< of a lease; else zeros
  std::uint32_t seconds = 0;      ///< of a lease, or of those of a file; else 0
  std::uint64_t revocations = 0;  ///< up to this entry, and with it
  Digest before{};                ///< of the entry before, or of the log's head
  Signature signature{};
  bool operator==(const LogEntry&) const = default;
};
constexpr std::size_t kLogEntrySize = 8 + 8 + 1 + 3 * 32 + 4 + 8 + 32 + 64;
Bytes to_bytes(const LogEntry& entry);
/// Of kLogEntrySize bytes. UsageError for what no entry may hold; the signature is not verified.
LogEntry parse_log_entry(ByteView bytes);

class LeaseLog {
 public:
  /// Of the vendor whose folder it is; the log is begun if there is none. CheatDetected if an entry was
  /// changed, or does not follow the one before it; what a crash left of a last one is cut off. IoError.
  LeaseLog(KeyFolder folder, const VendorKeys& vendor);

  /// A file was sealed to these devices, to run under leases of so many seconds.
  void sealed(const FileId& file, const std::vector<Digest>& devices, std::uint32_t seconds, Seconds now);
  /// UsageError if nothing was sealed to it, or if it was revoked already.
  void revoke_device(const Digest& device, Seconds now);
  void revoke_file(const FileId& file, Seconds now);
  /// The answer, which lies in the log when this returns. UsageError if the request is for another vendor, or
  /// for what was never sealed to the device.
  Lease answer(const LeaseRequest& request, Seconds now);

  /// Every entry, verified anew.
  std::vector<LogEntry> entries() const;
  std::uint64_t revocations() const { return revocations_; }

 private:
  void catch_up();
  void take(const LogEntry& entry);
  void put(LogEntry entry, Seconds now);

  KeyFolder folder_;
  Identity vendor_;
  FileDescriptor file_;
  std::uint64_t next_ = 0, revocations_ = 0;
  Seconds latest_ = 0;
  Digest last_{};
  std::map<std::pair<FileId, Digest>, std::uint32_t> sealed_;  ///< to the seconds of its leases
  std::set<FileId> revoked_files_;
  std::set<Digest> revoked_devices_;
};

}  // namespace tacit::sealed
