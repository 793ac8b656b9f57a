// Sealed and opened again: what comes back, what cannot be sealed, and what a crash between any two steps
// leaves.
#include "tacit/sealed/seal.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

class Sealed : public ::testing::Test {
 protected:
  SealedWorld world;
  const Bytes text = some_bytes(2500);
};

TEST_F(Sealed, ComesBack) {
  const fs::path file = world.seal(text);
  EXPECT_EQ(world.open(file), text);
  EXPECT_FALSE(fs::exists(file.string() + ".part"));
  const Header h = SealedFile(file).header();
  EXPECT_EQ(h.vendor_name, "ACME");
  EXPECT_EQ(h.model_name, "a model");
  EXPECT_EQ(h.level, Level::Sealed);
  EXPECT_EQ(h.text_size, text.size());
  EXPECT_EQ(h.chunks(), 3u);
  EXPECT_EQ(h.expires, kNow + kDay);
  // Another time it is another file: key, id and wraps are fresh.
  EXPECT_NE(read_file(file), read_file(world.seal(text, "again.tacit")));
  VerifiedFile(SealedFile(file), world.card).check_chunks();
}

TEST_F(Sealed, NothingOfTheTextShows) {
  const std::string marked(5000, 'x');
  const std::string file = read_file(world.seal(bytes_of(marked)));
  EXPECT_EQ(file.find("xxxxxxxx"), std::string::npos);
}

TEST_F(Sealed, ChunkBoundaries) {
  for (const std::size_t size : {1u, 2u, 1023u, 1024u, 1025u, 2047u, 2048u, 2049u, 10240u}) {
    const Bytes some = some_bytes(size);
    const fs::path file = world.seal(some);
    EXPECT_EQ(world.open(file), some) << size;
    EXPECT_EQ(SealedFile(file).header().chunks(), (size + 1023) / 1024);
  }
  SealRequest request = world.request();
  request.chunk = kUsualChunk;
  const Bytes some = some_bytes(3 * kUsualChunk + 17);
  EXPECT_EQ(world.open(world.seal(some, "m.tacit", request)), some);
  // In pieces that are no chunks, and not beyond the end.
  OpenedModel model = open_model(world.seal(text), world.device, kNow);
  const auto reader = OpenForTests::reader(model);
  Bytes back(text.size());
  for (std::size_t at = 0, piece = 1; at < back.size();
       at += piece, piece = std::min<std::size_t>(piece * 3, back.size() - at))
    reader->read(ByteSpan(back).subspan(at, piece));
  EXPECT_EQ(back, text);
  Bytes more(1);
  EXPECT_TRUE(outcome([&] { reader->read(more); }).starts_with("usage: "));
}

TEST_F(Sealed, WhatCannotBeSealed) {
  const auto refused = [&](auto change, std::size_t size = 100) {
    SealRequest request = world.request();
    change(request);
    const std::string said = outcome([&] { world.seal(some_bytes(size), "none.tacit", request); });
    EXPECT_FALSE(fs::exists(world.folder.path("none.tacit")));
    EXPECT_FALSE(fs::exists(world.folder.path("none.tacit.part")));
    return said;
  };
  EXPECT_EQ(refused([](SealRequest&) {}, 0), "usage: there is no model in it");
  EXPECT_EQ(refused([](SealRequest& r) { r.to.clear(); }), "usage: it has no recipient");
  EXPECT_EQ(refused([](SealRequest& r) { r.to.push_back(r.to[0]); }),
            "usage: its recipients are not in order, or one is there twice");
  EXPECT_TRUE(refused([](SealRequest& r) { r.expires = r.sealed_at; }).starts_with("usage: it ends before"));
  EXPECT_TRUE(refused([](SealRequest& r) { r.chunk = 1000; }).starts_with("usage: its chunks have 1000"));
  EXPECT_TRUE(
      refused([](SealRequest& r) { r.model_name = ""; }).starts_with("usage: '' is no name for a model"));
  EXPECT_EQ(refused([](SealRequest& r) {
              r.to.push_back({Kem::X25519, Bytes(32)});
            }),
            "usage: these bytes are no public key of x25519");
  // A text that ends before its size.
  const Bytes some = some_bytes(3000);
  MemoryReader from(some);
  EXPECT_TRUE(outcome([&] {
                seal(from, 3001, world.folder.path("none.tacit"), world.request());
              }).starts_with("usage: "));
  EXPECT_FALSE(fs::exists(world.folder.path("none.tacit.part")));
}

// ---- while it is written

struct Crash {};

TEST_F(Sealed, ACrashLeavesTheOldFile) {
  const fs::path file = world.seal(text);
  const std::string old = read_file(file);
  const Bytes newer = some_bytes(2000, 7);
  std::vector<std::string> steps;
  MemoryReader whole(newer);
  seal(whole, newer.size(), world.folder.path("steps.tacit"), world.request(),
       [&](std::string_view step) { steps.emplace_back(step); });
  ASSERT_GT(steps.size(), 6u);
  for (const std::string& last : steps) {
    MemoryReader from(newer);
    EXPECT_THROW(seal(from, newer.size(), file, world.request(),
                      [&](std::string_view step) {
                        if (step == last) throw Crash();
                      }),
                 Crash);
    if (last == "sync the folder") {
      EXPECT_EQ(world.open(file), newer);
    } else {
      EXPECT_EQ(read_file(file), old) << last;
      EXPECT_EQ(world.open(file), text);
    }
  }
  // What a crash left is in nobody's way.
  EXPECT_EQ(world.open(world.seal(newer)), newer);
}

TEST_F(Sealed, AFullDiskIsTold) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 2000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string said = outcome([&] { world.seal(text, "big.tacit"); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(said.starts_with("io: ")) << said;
  EXPECT_NE(said.find("make room on the disk"), std::string::npos) << said;
  EXPECT_FALSE(fs::exists(world.folder.path("big.tacit")));
  EXPECT_FALSE(fs::exists(world.folder.path("big.tacit.part")));
}

TEST_F(Sealed, AFolderThatIsNotThereIsTold) {
  EXPECT_TRUE(outcome([&] { world.seal(text, "none/m.tacit"); }).starts_with("io: "));
}

}  // namespace
}  // namespace tacit::sealed
