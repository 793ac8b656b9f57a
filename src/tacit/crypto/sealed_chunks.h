// A large file that only the holder of its key can read or make, that grows at its end while it is written,
// and of which any bytes can be read afterwards: shares of data, of which training wants rows here and there.
// A file is
//
//   head, in the clear | chunks
//
// Each chunk is 16 KiB of the text (the last: what is left, and nothing only if it is the only one) and a tag
// of AES-256-GCM (aead.h). Its nonce is its number and whether it is the last, and the head is bound to all
// of them, so that no chunk can be changed, left out, put elsewhere or into another file, and the end not cut
// off, unseen; what cannot be seen is that a whole old file was put back, which a key of its own for each
// file prevents. A chunk is sealed once, when it is full or at the end: no nonce ever serves two texts.
//
// Security needs one thing of the caller: a key seals one file, ever.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "tacit/base/byte_stream.h"
#include "tacit/base/file_descriptor.h"
#include "tacit/crypto/aead.h"
#include "tacit/crypto/hash.h"

namespace tacit {

/// Bytes of text in a chunk. Small, as a row is read by opening the one or two chunks that it lies in.
constexpr std::size_t kFileChunk = 1 << 14;

/// A file that stays open.
struct OpenFile {
  FileDescriptor file;
  std::filesystem::path name;  ///< for messages
  bool unchangeable = false;   ///< whoever opened it made sure that nobody can write to it any more
};
/// A new file of mode 0600. IoError, also if there is one.
OpenFile make_file(const std::filesystem::path& file);
/// A new file in a folder that has no name, and goes when it is closed. IoError.
OpenFile make_unnamed_file(const std::filesystem::path& folder);
/// A file to read. UsageError if it is no plain file; IoError.
OpenFile open_file(const std::filesystem::path& file);

/// Writes a file from its beginning.
class ChunkWriter final : public ByteWriter {
 public:
  ChunkWriter(OpenFile file, ByteView key, ByteView head);
  /// IoError; of a full disk with the remedy.
  void write(ByteView text) override;
  std::uint64_t text_size() const { return text_size_; }
  std::uint64_t file_size() const { return file_size_; }
  /// Seals what is left and syncs: once, at the end. Without it nobody takes the file for a whole one. The
  /// digest of the file's bytes, which, being of sealed ones, everybody may know. IoError.
  Digest finish();
  /// After finish().
  OpenFile take() { return std::move(file_); }

 private:
  void seal(bool last);
  void put(ByteView bytes);

  OpenFile file_;
  ChunkCipher cipher_;
  Hasher hasher_;
  Bytes chunk_;
  std::size_t filled_ = 0;
  std::uint64_t count_ = 0, text_size_ = 0, file_size_ = 0;
};

/// Reads a finished file at any place. One thread at a time may use it.
class ChunkReader {
 public:
  /// Keeps up to `cache` bytes of chunks that it has opened. IoError for a file with another head, or one
  /// that was cut or is another key's, as far as its last chunk tells.
  ChunkReader(OpenFile file, ByteView key, ByteView head, std::size_t cache);
  std::uint64_t size() const { return size_; }
  /// The text's bytes from `at` on, which must be there. IoError, naming file and chunk, for a damaged one.
  void read(std::uint64_t at, ByteSpan out) const;
  /// Reads all of it in order, for `each` (which may be empty); the digest of the file's bytes. IoError.
  Digest check(const std::function<void(ByteView)>& each) const;

 private:
  struct Slot {
    std::uint64_t number = UINT64_MAX;
    Bytes text;
  };
  /// Reads and opens a chunk into `chunk`, which then has its text; the digest, if any, takes it as it was.
  void open(std::uint64_t number, Bytes& chunk, Hasher* hasher) const;
  const Bytes& chunk(std::uint64_t number) const;

  OpenFile file_;
  mutable ChunkCipher cipher_;
  Bytes head_;
  std::uint64_t size_ = 0, chunks_ = 0, sealed_ = 0;
  mutable std::vector<Slot> slots_;  ///< chunk i lies in slot i modulo their number
};

}  // namespace tacit
