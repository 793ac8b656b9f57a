// Files that outlive a crash, or that must not: written and synced piece by piece, and destroyed.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "tacit/base/byte_stream.h"
#include "tacit/base/file_descriptor.h"

namespace tacit {

/// Called before each change of the disk, with its name: where tests let the machine crash.
using DiskStep = std::function<void(std::string_view)>;

/// After it, what was made, renamed or removed in a folder is so for good. IoError.
void sync_folder(const std::filesystem::path& folder);
/// Makes the folder for good, and those above it, if it is not there. IoError.
void make_folder(const std::filesystem::path& folder, unsigned mode);

/// A folder of this user's alone, and of one process at a time while this lives.
class OwnFolder {
 public:
  /// Makes it, for good, if it is not there. UsageError if it belongs to somebody else, others may use it, or
  /// another process does; IoError.
  explicit OwnFolder(std::filesystem::path folder);
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  FileDescriptor lock_;
};

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

/// A file to be read from its beginning.
class PlainFile : public ByteReader {
 public:
  /// UsageError if it is no plain file, a link included; IoError if there is none.
  explicit PlainFile(std::filesystem::path file);
  std::uint64_t size() const { return size_; }
  void read(ByteSpan out) override;

 protected:
  bool own() const { return own_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
  bool own_ = false;  ///< this user's, and nobody else may use it
};

/// A file that nobody but this user can have written or read.
class OwnFile : public PlainFile {
 public:
  /// Also UsageError if it belongs to somebody else, or others may use it.
  explicit OwnFile(std::filesystem::path file);
};

/// Overwrites a file with zeros where it lies, and syncs it. Nothing for one that is not there. IoError.
void zero_file(const std::filesystem::path& file);
/// Removes a name, if it is there. IoError.
void remove_file(const std::filesystem::path& file);

}  // namespace tacit
