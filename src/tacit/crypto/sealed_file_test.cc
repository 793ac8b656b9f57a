// Sealed files: what comes back and to whom, what does not, and what a crash between any two steps leaves.
#include "tacit/crypto/sealed_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>
#include <sstream>

#include "tacit/base/error.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;

struct Crash {};

class SealedFile : public ::testing::Test {
 protected:
  SealedFile() {
    std::string name = (fs::temp_directory_path() / "tacit-sealed-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~SealedFile() override { fs::remove_all(folder_); }

  fs::path file() const { return folder_ / "x.state"; }
  static constexpr std::string_view kHead = "head of a file\n";
  Digest write(std::string_view text, const DiskStep& before = {}) const {
    return write_sealed(
        file(), own_, "tests", bytes_of(kHead), [&](ByteWriter& to) { to.write(bytes_of(text)); }, before);
  }
  Digest read(std::string_view wanted, const Identity* by = nullptr, std::string_view use = "tests",
              std::string_view head = kHead) const {
    return read_sealed(file(), by != nullptr ? *by : own_, use, bytes_of(head), [&](ByteReader& from) {
      std::string out(wanted.size(), '\0');
      from.read(std::as_writable_bytes(std::span(out)));
      EXPECT_EQ(out, wanted);
    });
  }
  std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }
  void put(const std::string& text) const { std::ofstream(file(), std::ios::binary) << text; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  fs::path folder_;
  Identity own_ = Identity::generate();
  const std::string kText = "something " + std::string(100000, 'x');
};

TEST_F(SealedFile, ComesBackAndIsSealedUnderAKeyOfItsOwn) {
  const Digest first = write(kText);
  const std::string one = content();
  EXPECT_EQ(read(kText), first);
  EXPECT_EQ(check_sealed(file(), own_, "tests", bytes_of(kHead)), first);
  EXPECT_EQ(first, sha256(bytes_of(one)));
  EXPECT_EQ(one.find("xxxxxxxxxxxxxxxx"), std::string::npos);
  EXPECT_TRUE(one.starts_with(kHead));
  EXPECT_EQ(read_head(file(), kHead.size()), Bytes(bytes_of(kHead).begin(), bytes_of(kHead).end()));
  EXPECT_EQ(fs::status(file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  // The same again is another file from the salt on.
  write(kText);
  const std::string two = content();
  ASSERT_EQ(one.size(), two.size());
  std::size_t same = 0;
  for (std::size_t i = kHead.size(); i < one.size(); ++i) same += one[i] == two[i];
  EXPECT_LT(same, one.size() / 128);
  EXPECT_EQ(files(), 1u);
}

TEST_F(SealedFile, IsForItsHolderItsUseAndItsHeadAlone) {
  write(kText);
  const Identity other = Identity::generate();
  EXPECT_THROW(read(kText, &other), UsageError);
  EXPECT_THROW(read(kText, nullptr, "something else"), UsageError);
  EXPECT_THROW(read(kText, nullptr, "tests", "head of a file?"), UsageError);
  EXPECT_THROW(read(kText + "x"), UsageError) << "more than there is";
  EXPECT_THROW(read(kText.substr(0, kText.size() - 1)), UsageError) << "less";
  EXPECT_NO_THROW(read(kText));
  fs::rename(file(), folder_ / "elsewhere");
  EXPECT_THROW(read(kText), IoError);
  fs::create_symlink(folder_ / "elsewhere", file());
  EXPECT_THROW(read(kText), UsageError);
}

TEST_F(SealedFile, WhatIsDamagedCutOrTooLongIsRefusedByName) {
  write(kText);
  const std::string whole = content();
  for (const std::size_t at : {0, 14, 15, 46, 47, 60, 70000, 100060}) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    put(bad);
    try {
      read(kText);
      ADD_FAILURE() << at;
    } catch (const UsageError& e) {
      EXPECT_NE(std::string(e.what()).find("x.state' cannot be used: "), std::string::npos) << e.what();
    }
    EXPECT_THROW(check_sealed(file(), own_, "tests", bytes_of(kHead)), UsageError) << at;
  }
  for (const std::size_t size : {0, 10, 20, 50, 65590, 100000}) {
    put(whole.substr(0, size));
    EXPECT_THROW(read(kText), UsageError) << size;
  }
  put(whole + "x");
  EXPECT_THROW(read(kText), UsageError);
  put(whole);
  EXPECT_NO_THROW(read(kText));
}

TEST_F(SealedFile, MayBeEmptyOrFillItsChunks) {
  for (const std::size_t size : {0, 1, 65535, 65536, 65537, 131072}) {
    const std::string text(size, 'y');
    const Digest written = write(text);
    EXPECT_EQ(check_sealed(file(), own_, "tests", bytes_of(kHead)), written) << size;
    read(text);
  }
}

TEST_F(SealedFile, ACrashLeavesTheOldOrTheNew) {
  const auto stands = [&] {
    std::string out(3, '\0');
    read_sealed(file(), own_, "tests", bytes_of(kHead),
                [&](ByteReader& from) { from.read(std::as_writable_bytes(std::span(out))); });
    return out;
  };
  std::size_t crash = 0, renamed = 0;
  for (bool done = false; !done; ++crash) {
    write("old");
    std::size_t left = crash;
    try {
      write("new", [&](std::string_view) {
        if (left-- == 0) throw Crash();
      });
      done = true;
    } catch (const Crash&) {}
    const std::string now = stands();
    EXPECT_TRUE(now == "old" || now == "new") << now;
    renamed += now == "new";
  }
  EXPECT_EQ(crash, 8u) << "there are seven steps";
  EXPECT_EQ(renamed, 2u) << "only the folder's sync comes behind the new name";
}

TEST_F(SealedFile, AFullDiskIsToldAndLeavesTheOld) {
  write("old");
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t most : {0, 20, 500, 90000}) {
    const struct rlimit small { most, before.rlim_max };
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    try {
      write(kText);
      ADD_FAILURE() << most;
    } catch (const IoError& e) {
      EXPECT_NE(std::string(e.what()).find("make room"), std::string::npos) << e.what();
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    read("old");
    EXPECT_EQ(files(), 1u);
  }
}

}  // namespace
}  // namespace tacit
