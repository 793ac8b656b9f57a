#include "tacit/job/shares.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tacit/base/error.h"

namespace tacit {

namespace {

constexpr std::size_t kMemoryWords = kComponentInMemory / sizeof(Word);

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
  FileComponent(FileDescriptor file, std::size_t width) : file_(std::move(file)), width_(width) {}
  void read(std::size_t row, std::size_t first, std::span<Word> out) const override {
    auto* to = reinterpret_cast<char*>(out.data());
    std::size_t left = out.size_bytes();
    auto at = static_cast<off_t>((row * width_ + first) * sizeof(Word));
    while (left > 0) {
      const ssize_t n = ::pread(file_.get(), to, left, at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) throw IoError("a stored share cannot be read back from the disk");
      to += n, at += n, left -= static_cast<std::size_t>(n);
    }
  }

 private:
  FileDescriptor file_;
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
ComponentWriter::~ComponentWriter() = default;

void ComponentWriter::append(std::span<const Word> words) {
  hasher_.update(std::as_bytes(words));
  count_ += words.size();
  if (!file_) {
    memory_.insert(memory_.end(), words.begin(), words.end());
    if (memory_.size() <= kMemoryWords) return;
    std::filesystem::create_directories(directory_);
    std::string name = (directory_ / "component-XXXXXX").string();
    file_ = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (!file_)
      throw IoError(fmt::format("cannot write in '{}': {}", directory_.string(), std::strerror(errno)));
    ::unlink(name.c_str());
    words = memory_;
  }
  const auto* from = reinterpret_cast<const char*>(words.data());
  for (std::size_t left = words.size_bytes(); left > 0;) {
    const ssize_t n = ::write(file_.get(), from, left);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      throw IoError(
          fmt::format("cannot store shares in '{}': {}", directory_.string(), std::strerror(errno)));
    from += n, left -= static_cast<std::size_t>(n);
  }
  memory_ = std::vector<Word>();
}

Digest ComponentWriter::digest() { return hasher_.finish(); }

std::unique_ptr<Component> ComponentWriter::finish() {
  if (file_) return std::make_unique<FileComponent>(std::move(file_), width_);
  return std::make_unique<MemoryComponent>(std::move(memory_), width_);
}

}  // namespace tacit
