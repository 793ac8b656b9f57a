// Byte sources: plain and gzip files give the same bytes, and damage is told from them.
#include "tacit/data/source.h"

#include <gtest/gtest.h>

#include "tacit/data/testing/files.h"

namespace tacit {
namespace {

using testing::gzipped;
using testing::usage_error;

/// Reads to the end in pieces of `piece` bytes.
std::string drain(ByteSource& source, std::size_t piece = 1000) {
  std::string out;
  Bytes buffer(piece);
  while (const std::size_t got = source.read(buffer)) out += text_of(ByteView(buffer).first(got));
  return out;
}

std::string some_text(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i * i) + ",";
  return text.substr(0, size);
}

class SourceTest : public ::testing::Test {
 protected:
  std::string drained(std::string_view content) { return drain(*open_bytes(folder_.write("f", content))); }
  std::string error(std::string_view content) {
    return usage_error(folder_, [&] { drained(content); });
  }
  testing::ScratchFolder folder_;
};

TEST_F(SourceTest, GzipAndPlainGiveTheSameBytes) {
  for (const std::size_t size : {0, 1, 2, 100, 65535, 65536, 65537, 1000000}) {
    const std::string text = some_text(size);
    EXPECT_EQ(drained(text), text);
    EXPECT_EQ(drained(gzipped(text)), text);
    EXPECT_EQ(drain(*open_bytes(folder_.path("f")), 7), text);
  }
}

TEST_F(SourceTest, SeveralGzipStreamsAreOneFile) {
  EXPECT_EQ(drained(gzipped("one ") + gzipped("") + gzipped("two")), "one two");
}

TEST_F(SourceTest, EveryTruncationOfAGzipFileIsNoticed) {
  const std::string whole = gzipped(some_text(500));
  for (std::size_t size = 2; size < whole.size(); ++size)
    EXPECT_EQ(error(whole.substr(0, size)),
              "f is a compressed file that is cut short; fetch or pack it again")
        << size;
}

TEST_F(SourceTest, DamagedGzipDataIsNoticedOrHarmless) {
  const std::string text = some_text(200), whole = gzipped(text);
  std::size_t noticed = 0;
  for (std::size_t at = 10; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 0x10;
    if (error(damaged) != "(no error)")
      ++noticed;
    else
      EXPECT_EQ(drained(damaged), text) << at;  // padding bits before the checksum
  }
  EXPECT_GE(noticed + 1, whole.size() - 10);
}

TEST_F(SourceTest, BytesAfterTheGzipDataAreRefused) {
  EXPECT_EQ(error(gzipped("x") + "y"), "f has other bytes after its compressed ones; fetch or pack it again");
}

TEST_F(SourceTest, ABombIsRefusedBeforeItIsUnpacked) {
  const std::string bomb = gzipped(std::string(std::size_t{40} << 20, '0'));
  const auto source = open_bytes(folder_.write("bomb", bomb));
  std::size_t seen = 0;
  const std::string message = usage_error(folder_, [&] {
    Bytes buffer(1 << 16);
    while (const std::size_t got = source->read(buffer)) seen += got;
  });
  EXPECT_EQ(message,
            "bomb grows more than 250 times when unpacked, as if made to fill the machine; if you trust it, "
            "unpack it and name the unpacked file");
  EXPECT_LE(seen, std::size_t{17} << 20);
}

TEST_F(SourceTest, WhatIsNoFileIsNamed) {
  EXPECT_EQ(usage_error(folder_, [&] { open_bytes(folder_.path("none")); }),
            "none does not exist; check the path");
  std::filesystem::create_directory(folder_.path("sub"));
  EXPECT_EQ(usage_error(folder_, [&] { open_bytes(folder_.path("sub")); }), "sub is not a file; name a file");
}

TEST_F(SourceTest, SlicesAndSkipsEndWhereTheyShould) {
  const auto path = folder_.write("f", "0123456789");
  EXPECT_EQ(drain(*open_slice(path, 3, 4)), "3456");
  EXPECT_EQ(drain(*open_slice(path, 8, 100)), "89");
  const auto source = open_bytes(path);
  skip_bytes(*source, 6, "its head");
  EXPECT_EQ(usage_error(folder_, [&] { skip_bytes(*source, 5, "its head"); }),
            "f ends within its head; fetch or write it again");
}

}  // namespace
}  // namespace tacit
