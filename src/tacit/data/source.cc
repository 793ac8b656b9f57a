#include "tacit/data/source.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "tacit/base/error.h"

namespace tacit {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;
// Deflate can grow a thousandfold; tables and images stay far below this. Small files may grow as they like.
constexpr std::uint64_t kMaxGrowth = 250, kFreeGrowth = std::uint64_t{16} << 20;

class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& path, std::uint64_t offset = 0,
                      std::uint64_t size = UINT64_MAX)
      : ByteSource(path.string()), left_(size) {
    std::error_code ignored;
    require(std::filesystem::exists(path, ignored), "{} does not exist; check the path", name());
    require(std::filesystem::is_regular_file(path, ignored), "{} is not a file; name a file", name());
    file_.reset(std::fopen(path.c_str(), "rb"));
    if (!file_) fail("open", errno);
    if (offset > 0 && fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET) != 0) fail("read", errno);
  }

  std::size_t read(ByteSpan out) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    const std::size_t got = std::fread(out.data(), 1, wanted, file_.get());
    if (got < wanted && std::ferror(file_.get()) != 0) fail("read", errno);
    left_ -= got;
    return got;
  }

 private:
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  [[noreturn]] void fail(std::string_view verb, int error) const {
    throw IoError(fmt::format("cannot {} {}: {}", verb, name(), std::generic_category().message(error)));
  }

  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t left_;
};

class UnpackedSource final : public ByteSource {
 public:
  UnpackedSource(std::unique_ptr<ByteSource> packed, Packing packing)
      : ByteSource(packed->name()), packed_(std::move(packed)), packing_(packing) {
    // 16 more asks zlib for the gzip wrapper with its checksum, a negative size for no wrapper at all.
    ensure(inflateInit2(&zlib_, packing == Packing::Gzip ? MAX_WBITS + 16 : -MAX_WBITS) == Z_OK,
           "zlib starts");
  }
  ~UnpackedSource() override { inflateEnd(&zlib_); }

  std::size_t read(ByteSpan out) override {
    std::size_t filled = 0;
    while (filled < out.size() && !ended_) filled += step(out.subspan(filled));
    return filled;
  }

 private:
  std::size_t step(ByteSpan out) {
    refill();
    const auto room = static_cast<uInt>(std::min(out.size(), kChunk));
    zlib_.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib_.avail_out = room;
    const uInt before = zlib_.avail_in;
    const int code = inflate(&zlib_, Z_NO_FLUSH);
    const std::size_t made = room - zlib_.avail_out;
    in_total_ += before - zlib_.avail_in;
    out_total_ += made;
    require(code == Z_OK || code == Z_STREAM_END || (code == Z_BUF_ERROR && before > 0),
            "{} is {}; fetch or pack it again", name(),
            code == Z_BUF_ERROR ? "a compressed file that is cut short"
                                : "damaged: its compressed bytes do not fit");
    require(out_total_ < kFreeGrowth || out_total_ / kMaxGrowth < in_total_,
            "{} grows more than {} times when unpacked, as if made to fill the machine; if you trust it, "
            "unpack it and name the unpacked file",
            name(), kMaxGrowth);
    if (code == Z_STREAM_END) finish_stream();
    return made;
  }

  void refill() {
    if (zlib_.avail_in > 0) return;
    zlib_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    zlib_.avail_in = static_cast<uInt>(packed_->read(std::as_writable_bytes(std::span(buffer_))));
  }

  /// A gzip file may be several, one after the other; nothing else may follow.
  void finish_stream() {
    refill();
    if (zlib_.avail_in == 0) {
      ended_ = true;
      return;
    }
    require(packing_ == Packing::Gzip && *zlib_.next_in == 0x1f,
            "{} has other bytes after its compressed ones; fetch or pack it again", name());
    inflateReset(&zlib_);
  }

  std::unique_ptr<ByteSource> packed_;
  Packing packing_;
  z_stream zlib_{};
  std::array<unsigned char, kChunk> buffer_;
  std::uint64_t in_total_ = 0, out_total_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& path) {
  std::array<std::byte, 2> magic{};
  FileSource(path).read(magic);
  const bool gzip = magic[0] == std::byte{0x1f} && magic[1] == std::byte{0x8b};
  auto file = std::make_unique<FileSource>(path);
  if (!gzip) return file;
  return unpacked(std::move(file), Packing::Gzip);
}

std::unique_ptr<ByteSource> open_slice(const std::filesystem::path& path, std::uint64_t offset,
                                       std::uint64_t size) {
  return std::make_unique<FileSource>(path, offset, size);
}

std::unique_ptr<ByteSource> unpacked(std::unique_ptr<ByteSource> packed, Packing packing) {
  return std::make_unique<UnpackedSource>(std::move(packed), packing);
}

void read_exactly(ByteSource& source, ByteSpan out, std::string_view what) {
  require(source.read(out) == out.size(), "{} ends within {}; fetch or write it again", source.name(), what);
}

void skip_bytes(ByteSource& source, std::uint64_t count, std::string_view what) {
  std::array<std::byte, kChunk> passed;
  while (count > 0) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(count, kChunk));
    read_exactly(source, std::span(passed).first(step), what);
    count -= step;
  }
}

}  // namespace tacit
