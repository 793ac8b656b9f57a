// An owner's examples as components (see Engine::component_sets): some from seeds, one in full. A row is read
// from a component by its number, so that what comes from a seed stays a seed and what is large can stay on
// disk.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "tacit/base/byte_stream.h"
#include "tacit/base/file_descriptor.h"
#include "tacit/crypto/hash.h"
#include "tacit/crypto/prg.h"
#include "tacit/crypto/sealed_chunks.h"

namespace tacit {

/// One component of a matrix of words.
class Component {
 public:
  virtual ~Component() = default;
  /// Row `row`, of which words [first, first + out.size()) are taken.
  virtual void read(std::size_t row, std::size_t first, std::span<Word> out) const = 0;
  /// All of it, of so many words, for load_component: a seed stays a seed.
  virtual void save(std::uint64_t words, ByteWriter& to) const;
};

/// Rows that follow from a seed: stream 0 of its generator, row after row.
std::unique_ptr<Component> seed_component(ByteView seed, std::size_t width, Isa isa);

/// A new file for a component, and what seals it (crypto/sealed_chunks.h).
struct ShareFile {
  OpenFile file;
  SecretBytes key;
  Bytes head;
};

/// Bytes of a component, or of what was read of one, that are kept in memory.
constexpr std::size_t kComponentInMemory = std::size_t{32} << 20;

/// Collects rows of a component as they arrive, and hashes them behind a salt. They lie in a file that is
/// given, or in memory and, beyond kComponentInMemory, in one that has no name and a key that nobody keeps:
/// then they end with this process. On the disk they are sealed always.
class ComponentWriter {
 public:
  ComponentWriter(std::filesystem::path directory, std::size_t width, ByteView salt);
  ComponentWriter(ShareFile file, std::size_t width, ByteView salt);
  ~ComponentWriter();
  void append(std::span<const Word> words);  ///< IoError when the disk is full
  std::uint64_t words() const { return count_; }
  Digest digest();  ///< of salt and all words; once, at the end
  /// Once, at the end; what is in a file is then on the disk for good. IoError.
  std::unique_ptr<Component> finish();
  /// After finish(): bytes of the file and their digest; nothing of what is in memory.
  std::uint64_t file_size() const { return file_ ? file_->file_size() : 0; }
  const Digest& file_digest() const { return file_digest_; }

 private:
  void open(ShareFile file);

  std::filesystem::path directory_;
  std::size_t width_;
  std::vector<Word> memory_;
  SecretBytes key_;
  Bytes head_;
  std::optional<ChunkWriter> file_;
  Digest file_digest_{};
  std::uint64_t count_ = 0;
  Hasher hasher_;
};

/// What save() wrote of rows of `width` words, kept in memory or in `directory` as by a ComponentWriter.
/// UsageError for what is no component; IoError.
std::unique_ptr<Component> load_component(ByteReader& from, std::uint64_t words, std::size_t width,
                                          const std::filesystem::path& directory, Isa isa);

/// Random bytes that an owner gives to the holders of a component alone. Without them its digest, which all
/// parties see, would let the one who lacks the component try out guesses of the data.
constexpr std::size_t kSaltSize = 16;
/// What both holders of a component from a seed compare.
Digest seed_digest(ByteView seed);

}  // namespace tacit
