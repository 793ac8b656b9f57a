// Files that outlive a crash, or that must not: written and synced piece by piece, and destroyed.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "tacit/base/byte_stream.h"
#include "tacit/net/transports/socket.h"

namespace tacit {

/// After it, what was made, renamed or removed in a folder is so for good. IoError.
void sync_folder(const std::filesystem::path& folder);
/// Makes the folder for good, and those above it, if it is not there. IoError.
void make_folder(const std::filesystem::path& folder, unsigned mode);

/// A file of mode 0600 that is written from its beginning, and was not there before.
class NewFile : public ByteWriter {
 public:
  /// IoError, as with all that follows; of a full disk with the remedy.
  explicit NewFile(std::filesystem::path file);
  void write(ByteView bytes) override;
  void sync();

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
};

/// A file that nobody but this user can have written or read.
class OwnFile : public ByteReader {
 public:
  /// UsageError if it is no plain file, belongs to somebody else, or others may use it; IoError if there is
  /// none.
  explicit OwnFile(std::filesystem::path file);
  std::uint64_t size() const { return size_; }
  void read(ByteSpan out) override;

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

/// Overwrites a file with zeros where it lies, and syncs it. Nothing for one that is not there. IoError.
void zero_file(const std::filesystem::path& file);
/// Removes a name, if it is there. IoError.
void remove_file(const std::filesystem::path& file);

}  // namespace tacit
