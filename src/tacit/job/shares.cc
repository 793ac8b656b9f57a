#include "tacit/job/shares.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit {

namespace {

constexpr std::string_view kUnnamed = "tacit shares without a name\n";

// A saved component: kind (1 byte), then the seed or the words.
enum class Saved : std::uint8_t { Seed = 1, Words = 2 };
constexpr std::size_t kBlock = 1 << 16;  // words that are saved or loaded at a time

void put(ByteWriter& to, Saved kind) { to.write(std::as_bytes(std::span(&kind, 1))); }

class SeedComponent final : public Component {
 public:
  SeedComponent(ByteView seed, std::size_t width, Isa isa) : seed_(seed), prg_(seed, isa), width_(width) {}
  void read(std::size_t row, std::size_t first, std::span<Word> out) const override {
    prg_.fill(0, row * width_ + first, out);
  }
  void save(std::uint64_t, ByteWriter& to) const override {
    put(to, Saved::Seed);
    to.write(seed_.bytes());
  }

 private:
  SecretBytes seed_;
  Prg prg_;
  std::size_t width_;
};

class MemoryComponent final : public Component {
 public:
  MemoryComponent(std::vector<Word> words, std::size_t width) : words_(std::move(words)), width_(width) {}
  void read(std::size_t row, std::size_t first, std::span<Word> out) const override {
    ensure(row * width_ + first + out.size() <= words_.size(), "a row of a component");
    std::copy_n(words_.data() + row * width_ + first, out.size(), out.data());
  }

 private:
  std::vector<Word> words_;
  std::size_t width_;
};

class FileComponent final : public Component {
 public:
  FileComponent(ChunkReader file, std::size_t width) : file_(std::move(file)), width_(width) {}
  void read(std::size_t row, std::size_t first, std::span<Word> out) const override {
    file_.read((row * width_ + first) * sizeof(Word), std::as_writable_bytes(out));
  }

 private:
  ChunkReader file_;
  std::size_t width_;
};

}  // namespace

void Component::save(std::uint64_t words, ByteWriter& to) const {
  put(to, Saved::Words);
  std::vector<Word> block;
  for (std::uint64_t at = 0; at < words; at += block.size()) {
    block.resize(std::min<std::uint64_t>(kBlock, words - at));
    read(0, at, block);
    to.write(std::as_bytes(std::span<const Word>(block)));
  }
}

std::unique_ptr<Component> load_component(ByteReader& from, std::uint64_t words, std::size_t width,
                                          const std::filesystem::path& directory, Isa isa) {
  Saved kind{};
  from.read(std::as_writable_bytes(std::span(&kind, 1)));
  if (kind == Saved::Seed) {
    SecretBytes seed(Prg::kKeySize);
    from.read(seed.bytes());
    return seed_component(seed.bytes(), width, isa);
  }
  require(kind == Saved::Words, "a component is of no kind that there is");
  ComponentWriter writer(directory, width, ByteView());
  // Read block by block: there are no more words than the file has, whatever it claims.
  std::vector<Word> block;
  for (std::uint64_t at = 0; at < words; at += block.size()) {
    block.resize(std::min<std::uint64_t>(kBlock, words - at));
    from.read(std::as_writable_bytes(std::span(block)));
    writer.append(block);
  }
  return writer.finish();
}

std::unique_ptr<Component> seed_component(ByteView seed, std::size_t width, Isa isa) {
  return std::make_unique<SeedComponent>(seed, width, isa);
}

Digest seed_digest(ByteView seed) {
  return Hasher().update(bytes_of("tacit component seed")).update(seed).finish();
}

ComponentWriter::ComponentWriter(std::filesystem::path directory, std::size_t width, ByteView salt)
    : directory_(std::move(directory)), width_(width) {
  hasher_.update(salt);
}
ComponentWriter::ComponentWriter(ShareFile file, std::size_t width, ByteView salt) : width_(width) {
  hasher_.update(salt);
  open(std::move(file));
}
ComponentWriter::~ComponentWriter() = default;

void ComponentWriter::open(ShareFile file) {
  key_ = std::move(file.key);
  head_ = std::move(file.head);
  file_.emplace(std::move(file.file), key_.bytes(), head_);
}

void ComponentWriter::append(std::span<const Word> words) {
  hasher_.update(std::as_bytes(words));
  count_ += words.size();
  if (!file_) {
    memory_.insert(memory_.end(), words.begin(), words.end());
    if (memory_.size() * sizeof(Word) <= kComponentInMemory) return;
    const ByteView head = bytes_of(kUnnamed);
    open({make_unnamed_file(directory_), os_entropy(kSealKeySize), Bytes(head.begin(), head.end())});
    words = memory_;
  }
  file_->write(std::as_bytes(words));
  memory_ = std::vector<Word>();
}

Digest ComponentWriter::digest() { return hasher_.finish(); }

std::unique_ptr<Component> ComponentWriter::finish() {
  if (!file_) return std::make_unique<MemoryComponent>(std::move(memory_), width_);
  file_digest_ = file_->finish();
  return std::make_unique<FileComponent>(ChunkReader(file_->take(), key_.bytes(), head_, kComponentInMemory),
                                         width_);
}

}  // namespace tacit
