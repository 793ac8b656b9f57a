#include "tacit/crypto/sealed_file.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/aead.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit {

namespace {

constexpr std::size_t kSalt = 32;

class HashingWriter final : public ByteWriter {
 public:
  explicit HashingWriter(ByteWriter& to) : to_(to) {}
  void write(ByteView bytes) override {
    hasher_.update(bytes);
    to_.write(bytes);
  }
  Digest digest() { return hasher_.finish(); }

 private:
  ByteWriter& to_;
  Hasher hasher_;
};

class HashingReader final : public ByteReader {
 public:
  explicit HashingReader(ByteReader& from) : from_(from) {}
  void read(ByteSpan out) override {
    from_.read(out);
    hasher_.update(out);
  }
  Digest digest() { return hasher_.finish(); }

 private:
  ByteReader& from_;
  Hasher hasher_;
};

Bytes joined(ByteView head, ByteView salt) {
  Bytes out(head.begin(), head.end());
  append_bytes(out, salt);
  return out;
}

SecretBytes file_key(const Identity& identity, std::string_view use, ByteView salt) {
  return identity.derive(salt, "tacit sealed file: " + std::string(use), kSealKeySize);
}

}  // namespace

Digest write_sealed(const std::filesystem::path& file, const Identity& identity, std::string_view use,
                    ByteView head, const std::function<void(ByteWriter&)>& write, const DiskStep& before) {
  const std::filesystem::path part = file.string() + ".part";
  const auto step = [&](std::string_view name) {
    if (before) before(name);
  };
  const SecretBytes salt = os_entropy(kSalt);
  const Bytes begin = joined(head, salt.bytes());
  Digest digest;
  try {
    step("remove an old part");
    remove_file(part);
    {
      step("make the file");
      NewFile out(part);
      HashingWriter to(out);
      step("write the head");
      to.write(begin);
      Sealer sealer(file_key(identity, use, salt.bytes()).bytes(), begin, to);
      step("write the file");
      write(sealer);
      sealer.finish();
      digest = to.digest();
      step("sync the file");
      out.sync();
    }
    step("rename the file");
    std::error_code error;
    std::filesystem::rename(part, file, error);
    if (error)
      throw IoError(fmt::format("the file '{}' cannot be written: {}", file.string(), error.message()));
  } catch (const IoError&) {
    remove_file(part);
    throw;
  }
  step("sync the folder");
  sync_folder(file.has_parent_path() ? file.parent_path() : ".");
  return digest;
}

namespace {

/// `read` is also told how many bytes there are.
Digest open_sealed(const std::filesystem::path& file, const Identity& identity, std::string_view use,
                   ByteView head, const std::function<void(ByteReader&, std::uint64_t)>& read) {
  try {
    PlainFile in(file);
    HashingReader from(in);
    Bytes begin(head.size() + kSalt);
    from.read(begin);
    require(equal_in_constant_time(head, ByteView(begin).first(head.size())), "it is another file");
    const ByteView salt = ByteView(begin).subspan(head.size());
    const std::uint64_t sealed = in.size() - begin.size();
    Opener opener(file_key(identity, use, salt).bytes(), begin, from, sealed);
    constexpr std::uint64_t kWhole = kSealChunk + kSealTagSize;
    read(opener, sealed - (sealed + kWhole - 1) / kWhole * kSealTagSize);
    opener.finish();
    return from.digest();
  } catch (const UsageError& e) {
    throw UsageError(fmt::format("'{}' cannot be used: {}", file.string(), e.what()));
  }
}

}  // namespace

Digest read_sealed(const std::filesystem::path& file, const Identity& identity, std::string_view use,
                   ByteView head, const std::function<void(ByteReader&)>& read) {
  return open_sealed(file, identity, use, head, [&](ByteReader& from, std::uint64_t) { read(from); });
}

Digest check_sealed(const std::filesystem::path& file, const Identity& identity, std::string_view use,
                    ByteView head) {
  return open_sealed(file, identity, use, head, [](ByteReader& from, std::uint64_t size) {
    SecretBytes block(kSealChunk);
    for (std::uint64_t left = size; left > 0;) {
      const std::size_t now = std::min<std::uint64_t>(left, block.size());
      from.read(block.bytes().first(now));
      left -= now;
    }
  });
}

Bytes read_head(const std::filesystem::path& file, std::size_t size) {
  PlainFile in(file);
  Bytes head(size);
  in.read(head);
  return head;
}

}  // namespace tacit
