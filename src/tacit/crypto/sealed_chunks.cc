#include "tacit/crypto/sealed_chunks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tacit/base/error.h"

namespace tacit {

namespace {

constexpr std::uint64_t kWhole = kFileChunk + kSealTagSize;

[[noreturn]] void fail(const std::filesystem::path& file, std::string_view happens) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw IoError(fmt::format("the file '{}' cannot be {}: {}{}", file.string(), happens, std::strerror(error),
                            full ? ": make room on the disk" : ""));
}

[[noreturn]] void damaged(const std::filesystem::path& file, std::string_view how) {
  throw IoError(fmt::format("'{}' cannot be used: {}", file.string(), how));
}

void read_at(const OpenFile& file, std::uint64_t at, ByteSpan out) {
  while (!out.empty()) {
    const ssize_t got = ::pread(file.file.get(), out.data(), out.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(file.name, "read");
    if (got == 0) damaged(file.name, "it ends too early");
    at += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t size_of(const OpenFile& file) {
  struct stat info {};
  if (::fstat(file.file.get(), &info) != 0) fail(file.name, "read");
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace

OpenFile make_file(const std::filesystem::path& file) {
  OpenFile out{FileDescriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)),
               file};
  if (!out.file) fail(file, "made");
  return out;
}

OpenFile make_unnamed_file(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw IoError(fmt::format("the folder '{}' cannot be made: {}", folder.string(), error.message()));
  std::string name = (folder / "component-XXXXXX").string();
  OpenFile out{FileDescriptor(::mkostemp(name.data(), O_CLOEXEC)), name};
  if (!out.file) fail(name, "made");
  ::unlink(name.c_str());
  return out;
}

OpenFile open_file(const std::filesystem::path& file) {
  OpenFile out{FileDescriptor(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)), file};
  require(out.file || errno != ELOOP, "'{}' is no plain file", file.string());
  if (!out.file) fail(file, "read");
  struct stat info {};
  if (::fstat(out.file.get(), &info) != 0) fail(file, "read");
  require(S_ISREG(info.st_mode), "'{}' is no plain file", file.string());
  return out;
}

// ---- writing

ChunkWriter::ChunkWriter(OpenFile file, ByteView key, ByteView head)
    : file_(std::move(file)), cipher_(key, head, true), chunk_(kWhole) {
  put(head);
}

void ChunkWriter::put(ByteView bytes) {
  hasher_.update(bytes);
  file_size_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file_.file.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) fail(file_.name, "written");
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
}

void ChunkWriter::seal(bool last) {
  const ByteSpan sealed = ByteSpan(chunk_).first(filled_ + kSealTagSize);
  cipher_.seal(count_++, last, sealed);
  filled_ = 0;
  put(sealed);
}

void ChunkWriter::write(ByteView text) {
  text_size_ += text.size();
  while (!text.empty()) {
    // A full chunk waits until it is known not to be the last.
    if (filled_ == kFileChunk) seal(false);
    const std::size_t now = std::min(text.size(), kFileChunk - filled_);
    std::memcpy(chunk_.data() + filled_, text.data(), now);
    filled_ += now;
    text = text.subspan(now);
  }
}

Digest ChunkWriter::finish() {
  seal(true);
  if (::fsync(file_.file.get()) != 0) fail(file_.name, "synced");
  return hasher_.finish();
}

// ---- reading

ChunkReader::ChunkReader(OpenFile file, ByteView key, ByteView head, std::size_t cache)
    : file_(std::move(file)), cipher_(key, head, false), head_(head.begin(), head.end()) {
  const std::uint64_t all = size_of(file_);
  Bytes stored(head.size());
  if (all < head.size() + kSealTagSize) damaged(file_.name, "it ends too early");
  read_at(file_, 0, stored);
  if (!std::equal(stored.begin(), stored.end(), head_.begin())) damaged(file_.name, "it is another file");
  sealed_ = all - head.size();
  chunks_ = (sealed_ + kWhole - 1) / kWhole;
  const std::uint64_t rest = sealed_ - (chunks_ - 1) * kWhole;
  // Behind other chunks the last has a byte at least.
  if (rest < kSealTagSize || (rest == kSealTagSize && chunks_ > 1))
    damaged(file_.name, "it was cut off or damaged");
  size_ = sealed_ - chunks_ * kSealTagSize;
  slots_.resize(std::max<std::uint64_t>(1, std::min<std::uint64_t>(chunks_, cache / kFileChunk)));
  chunk(chunks_ - 1);
}

void ChunkReader::open(std::uint64_t number, Bytes& chunk, Hasher* hasher) const {
  const bool last = number + 1 == chunks_;
  chunk.resize(last ? sealed_ - number * kWhole : kWhole);
  read_at(file_, head_.size() + number * kWhole, chunk);
  if (hasher != nullptr) hasher->update(chunk);
  if (!cipher_.open(number, last, chunk))
    damaged(file_.name,
            fmt::format("its part {} of {} is damaged, or was sealed by another key", number + 1, chunks_));
  chunk.resize(chunk.size() - kSealTagSize);
}

const Bytes& ChunkReader::chunk(std::uint64_t number) const {
  Slot& slot = slots_[number % slots_.size()];
  if (slot.number != number) {
    slot.number = UINT64_MAX;  // should it fail to open
    open(number, slot.text, nullptr);
    slot.number = number;
  }
  return slot.text;
}

void ChunkReader::read(std::uint64_t at, ByteSpan out) const {
  ensure(out.size() <= size_ && at <= size_ - out.size(), "what is read of a sealed file is there");
  while (!out.empty()) {
    const Bytes& text = chunk(at / kFileChunk);
    const std::size_t begin = at % kFileChunk, now = std::min(out.size(), text.size() - begin);
    std::memcpy(out.data(), text.data() + begin, now);
    at += now;
    out = out.subspan(now);
  }
}

Digest ChunkReader::check(const std::function<void(ByteView)>& each) const {
  Hasher hasher;
  hasher.update(head_);
  Bytes text;
  for (std::uint64_t i = 0; i < chunks_; ++i) {
    open(i, text, &hasher);
    if (each) each(text);
  }
  return hasher.finish();
}

}  // namespace tacit
