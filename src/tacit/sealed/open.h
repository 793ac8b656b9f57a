// From a file to a model, in three steps, each a type that only the step before it makes: a SealedFile is
// what anybody may read; a VerifiedFile is what a vendor signed, with all of its digests; and an OpenedModel
// is what a device opened with its key, at a time at which it may. Chunks are read, held against their
// digests and opened one at a time; no text is ever written to a disk.
//
// What contradicts a signature, a digest or a tag is CheatDetected: the file is not what the vendor made.
// What is no sealed model at all, or is not for this device, vendor or time, is a UsageError.
#pragma once

#include <memory>

#include "tacit/base/byte_stream.h"
#include "tacit/crypto/aead.h"
#include "tacit/crypto/sealed_chunks.h"
#include "tacit/sealed/header.h"
#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/mapped_file.h"

namespace tacit::sealed {

class SealedFile {
 public:
  /// Reads the head. UsageError for what is not there, is no sealed model, is cut short or too long, or of a
  /// version that is not known here; nothing is allocated for what is not there. IoError.
  explicit SealedFile(const std::filesystem::path& file);
  /// The same of a file that somebody else opened.
  explicit SealedFile(OpenFile file);

  /// As the file claims, before anything was verified.
  const Header& header() const { return header_; }
  const std::filesystem::path& name() const { return file_.name; }

 private:
  friend class VerifiedFile;
  OpenFile file_;
  Bytes head_;
  Header header_;
  Layout layout_;
};

class VerifiedFile {
 public:
  /// UsageError if another vendor than `vendor` is named; CheatDetected if the signature, or the list of
  /// digests, is not the vendor's.
  VerifiedFile(SealedFile file, const VendorCard& vendor);

  const Header& header() const { return file_.header_; }
  const std::filesystem::path& name() const { return file_.name(); }
  /// Reads all chunks. CheatDetected, naming the first, if one is not what was signed; IoError.
  void check_chunks() const;

 private:
  friend class OpenedModel;
  /// Reads a chunk, sealed, as it was signed: all of `out` or CheatDetected.
  void read(std::uint64_t number, ByteSpan out) const;
  std::size_t chunk_size(std::uint64_t number) const;
  const OpenFile& file() const { return file_.file_; }
  std::uint64_t size() const { return file_.layout_.end; }
  /// Where byte `skip` of a chunk stands in the file.
  std::uint64_t place_of(std::uint64_t number, std::size_t skip) const;

  SealedFile file_;
  std::vector<Digest> digests_;
};

/// Who has it may have a model's text: the runtimes alone, and what seals it anew without writing it
/// anywhere.
class RuntimeKey {
  friend class Runtime;
  friend class GuardedRuntime;
  friend class SplitRuntime;
  friend class KeptModel;
  friend struct OpenForTests;  // of sealed/testing/
  RuntimeKey() {}
};

class OpenedModel {
 public:
  /// What the device at `keys` may open now. UsageError if the file is not sealed to it, has expired, or if
  /// the clock stands before a time that was witnessed (witness.h); CheatDetected if the key that is sealed
  /// to it is not the file's.
  OpenedModel(VerifiedFile file, const DeviceKeys& keys, const Now& now);
  /// What a vendor kept for itself (kept.h), at any time and of any level. UsageError if it did not;
  /// CheatDetected as above.
  OpenedModel(VerifiedFile file, const DeviceKey& keeper);

  const Header& header() const { return file_.header(); }
  const std::filesystem::path& name() const { return file_.name(); }
  /// The text from its beginning, which lies in memory a chunk at a time. The model must outlive it.
  /// CheatDetected where a chunk is not what was signed; IoError.
  std::unique_ptr<ByteReader> text(RuntimeKey);
  /// The text's bytes from `at` on, which must be there. Chunks are opened one after the other in `scratch`,
  /// of a chunk and its tag at least, in which no text is left when this returns. Of a file that nobody can
  /// change a chunk is held against its digest and tag when it is first read. CheatDetected, IoError.
  void read(RuntimeKey, std::uint64_t at, ByteSpan scratch, ByteSpan out);

 private:
  class Text;
  /// read(), of chunks that were found right.
  void reopen(std::uint64_t at, ByteSpan scratch, ByteSpan out);
  /// Takes the content key out of this key's wrap.
  void unwrap(const DeviceKey& key, const Wrap& own);
  VerifiedFile file_;
  std::optional<ChunkCipher> cipher_;
  // Of a file that nobody can change:
  std::unique_ptr<const MappedFile> mapped_;
  std::vector<bool> found_right_;  ///< its chunks
};

/// The steps at once, for a device: the vendor must be one that it trusts.
OpenedModel open_model(const std::filesystem::path& file, const DeviceKeys& keys, const Now& now);
OpenedModel open_model(SealedFile file, const DeviceKeys& keys, const Now& now);

}  // namespace tacit::sealed
