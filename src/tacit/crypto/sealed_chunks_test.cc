// Files of sealed chunks: any bytes come back from any place, and whatever is changed, cut, moved or swapped
// is noticed when it is read.
#include "tacit/crypto/sealed_chunks.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>
#include <random>
#include <sstream>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHead = "head of a file\n";
constexpr std::size_t kWhole = kFileChunk + kSealTagSize;

Bytes text_of_size(std::size_t size) {
  std::mt19937_64 random(size);
  Bytes out(size);
  for (auto& b : out) b = static_cast<std::byte>(random());
  return out;
}

class SealedChunks : public ::testing::Test {
 protected:
  SealedChunks() {
    std::string name = (fs::temp_directory_path() / "tacit-chunks-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~SealedChunks() override { fs::remove_all(folder_); }

  /// Writes it in pieces of odd sizes.
  Digest write(const fs::path& file, ByteView text, ByteView key) const {
    ChunkWriter to(make_file(file), key, bytes_of(kHead));
    for (std::size_t at = 0, piece = 1; at < text.size(); at += piece, piece = piece * 3 + 1) {
      piece = std::min(piece, text.size() - at);
      to.write(text.subspan(at, piece));
    }
    const Digest digest = to.finish();
    EXPECT_EQ(to.text_size(), text.size());
    EXPECT_EQ(to.file_size(), fs::file_size(file));
    return digest;
  }
  ChunkReader reader(const fs::path& file, std::size_t cache = 0, std::string_view head = kHead) const {
    return {open_file(file), key_.bytes(), bytes_of(head), cache};
  }
  static std::string content(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }
  static void put(const fs::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary) << text;
  }
  fs::path file(std::string_view name = "x.shares") const { return folder_ / name; }
  /// Why a file cannot be read whole; empty if it can.
  std::string refusal(const fs::path& path) const {
    try {
      const ChunkReader r = reader(path);
      Bytes out(r.size());
      r.read(0, out);
      EXPECT_EQ(r.check({}), sha256(bytes_of(content(path))));
      return "";
    } catch (const IoError& e) { return e.what(); }
  }

  fs::path folder_;
  SecretBytes key_ = os_entropy(kSealKeySize);
};

TEST_F(SealedChunks, AnyBytesComeBackFromAnyPlace) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kFileChunk - 1, kFileChunk, kFileChunk + 1,
                                 3 * kFileChunk, 5 * kFileChunk + 77}) {
    const Bytes text = text_of_size(size);
    fs::remove(file());
    const Digest digest = write(file(), text, key_.bytes());
    EXPECT_EQ(digest, sha256(bytes_of(content(file()))));
    EXPECT_EQ(fs::status(file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    for (const std::size_t cache : {std::size_t{0}, 2 * kFileChunk, std::size_t{1} << 20}) {
      const ChunkReader r = reader(file(), cache);
      ASSERT_EQ(r.size(), size);
      std::mt19937_64 random(7);
      for (int i = 0; i < 200; ++i) {
        const std::size_t at = size == 0 ? 0 : random() % size;
        Bytes out(std::min<std::size_t>(size - at, random() % (2 * kFileChunk)));
        r.read(at, out);
        ASSERT_TRUE(std::equal(out.begin(), out.end(), text.begin() + static_cast<std::ptrdiff_t>(at)))
            << size << " from " << at;
      }
      Bytes all;
      EXPECT_EQ(r.check([&](ByteView more) { append_bytes(all, more); }), digest);
      EXPECT_EQ(all, text);
    }
  }
}

TEST_F(SealedChunks, NothingOfTheTextIsInTheFile) {
  const Bytes text(3 * kFileChunk, std::byte{'x'});
  write(file(), text, key_.bytes());
  const std::string one = content(file());
  EXPECT_EQ(one.find("xxxxxxxx"), std::string::npos);
  EXPECT_TRUE(one.starts_with(kHead));
  // The same text in other places of one file, and at the same place of another, is sealed otherwise.
  EXPECT_NE(one.substr(kHead.size(), 100), one.substr(kHead.size() + kWhole, 100));
  key_ = os_entropy(kSealKeySize);
  write(file("y"), text, key_.bytes());
  EXPECT_NE(content(file("y")).substr(kHead.size(), 100), one.substr(kHead.size(), 100));
}

TEST_F(SealedChunks, EveryChangeIsNoticed) {
  write(file(), text_of_size(3 * kFileChunk + 500), key_.bytes());
  const std::string whole = content(file());
  EXPECT_EQ(refusal(file()), "");
  // A bit, everywhere: head, texts, tags.
  for (std::size_t at = 0; at < whole.size(); at += 911) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    put(file("bad"), bad);
    EXPECT_NE(refusal(file("bad")), "") << at;
  }
  // The end is cut off, within a chunk or between two.
  for (const std::size_t size :
       {std::size_t{0}, kHead.size(), kHead.size() + 15, kHead.size() + kWhole, kHead.size() + 2 * kWhole,
        kHead.size() + 3 * kWhole, kHead.size() + 3 * kWhole + 16, whole.size() - 1}) {
    put(file("bad"), whole.substr(0, size));
    EXPECT_NE(refusal(file("bad")), "") << size;
  }
  put(file("bad"), whole + "x");
  EXPECT_NE(refusal(file("bad")), "");
  // Two chunks change places; one comes twice.
  const auto chunk = [&](std::size_t i) { return whole.substr(kHead.size() + i * kWhole, kWhole); };
  put(file("bad"), std::string(kHead) + chunk(1) + chunk(0) + chunk(2) + chunk(3));
  EXPECT_NE(refusal(file("bad")).find("its part 1 of 4 is damaged"), std::string::npos);
  put(file("bad"), std::string(kHead) + chunk(0) + chunk(0) + chunk(2) + chunk(3));
  EXPECT_NE(refusal(file("bad")).find("its part 2 of 4 is damaged"), std::string::npos);
}

TEST_F(SealedChunks, AreForTheirKeyAndHeadAlone) {
  write(file(), text_of_size(100), key_.bytes());
  EXPECT_THROW(reader(file(), 0, "tail of a file\n"), IoError);
  const SecretBytes other = os_entropy(kSealKeySize);
  EXPECT_THROW(ChunkReader(open_file(file()), other.bytes(), bytes_of(kHead), 0), IoError);
  // A chunk of another file, under another key.
  write(file("y"), text_of_size(100), other.bytes());
  put(file(), std::string(kHead) + content(file("y")).substr(kHead.size()));
  EXPECT_NE(refusal(file()), "");
}

TEST_F(SealedChunks, AnUnfinishedFileIsNone) {
  {
    ChunkWriter to(make_file(file()), key_.bytes(), bytes_of(kHead));
    to.write(text_of_size(4 * kFileChunk));
  }
  EXPECT_NE(refusal(file()), "");
  EXPECT_THROW(make_file(file()), IoError) << "it is there already";
}

TEST_F(SealedChunks, DamageAfterOpeningIsNoticedWhenItIsRead) {
  write(file(), text_of_size(8 * kFileChunk), key_.bytes());
  const ChunkReader r = reader(file(), 2 * kFileChunk);
  Bytes out(100);
  r.read(5, out);
  {
    std::fstream in(file(), std::ios::in | std::ios::out | std::ios::binary);
    in.seekp(static_cast<std::streamoff>(kHead.size() + 3 * kWhole + 9));
    in.put('?');
  }
  EXPECT_THROW(r.read(3 * kFileChunk, out), IoError);
  EXPECT_THROW(r.read(3 * kFileChunk, out), IoError) << "and is not taken for good afterwards";
  r.read(4 * kFileChunk, out);
}

TEST_F(SealedChunks, AFullDiskIsAnError) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{2 * kFileChunk, RLIM_INFINITY};
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ChunkWriter to(make_file(file()), key_.bytes(), bytes_of(kHead));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string said;
  try {
    to.write(text_of_size(4 * kFileChunk));
  } catch (const IoError& e) { said = e.what(); }
  const rlimit again{before.rlim_cur, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &again), 0);
  EXPECT_NE(said.find("make room on the disk"), std::string::npos) << said;
}

TEST_F(SealedChunks, WithoutAName) {
  ChunkWriter to(make_unnamed_file(folder_ / "new"), key_.bytes(), bytes_of(kHead));
  const Bytes text = text_of_size(2 * kFileChunk);
  to.write(text);
  to.finish();
  EXPECT_TRUE(fs::is_empty(folder_ / "new"));
  const ChunkReader r(to.take(), key_.bytes(), bytes_of(kHead), 0);
  Bytes out(text.size());
  r.read(0, out);
  EXPECT_EQ(out, text);
}

}  // namespace
}  // namespace tacit
