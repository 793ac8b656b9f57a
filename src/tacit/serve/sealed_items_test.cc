// Sealed items: what comes back, what does not, and what a crash between any two steps leaves.
#include "tacit/serve/sealed_items.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <set>

#include "tacit/base/error.h"
#include "tacit/crypto/aead.h"
#include "tacit/data/testing/files.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;

const Digest kOwner = sha256(bytes_of("gateway")), kSession = sha256(bytes_of("monday"));

/// The machine stops: nothing is put right.
struct Crash {};

class SealedItemsTest : public ::testing::Test {
 protected:
  fs::path folder() const { return scratch_.path("pool"); }
  SealedItems open(DiskStep before = {}, const Digest& owner = kOwner) const {
    return SealedItems(folder(), owner, std::move(before));
  }
  static std::string text(std::uint64_t number) {
    return fmt::format("item {} ", number) + std::string(100000, 'x');
  }
  static void put(SealedItems& items, std::uint64_t number, const Digest& session = kSession) {
    items.put(number, session, 1000, [&](ByteWriter& to) { to.write(bytes_of(text(number))); });
  }
  static std::string get(const SealedItems& items, std::uint64_t number) {
    std::string out(text(number).size(), '\0');
    items.open(number, [&](ByteReader& from) { from.read(std::as_writable_bytes(std::span(out))); });
    return out;
  }
  static std::vector<std::uint64_t> numbers(const SealedItems& items) {
    std::vector<std::uint64_t> out;
    for (const SealedItem& i : items.items()) out.push_back(i.number);
    return out;
  }
  std::set<std::string> files() const {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder())) out.insert(entry.path().filename());
    return out;
  }
  void damage(const std::string& name, std::size_t at) const {
    std::string content = testing::read_file(folder() / name);
    content[at < content.size() ? at : content.size() - 1] ^= 1;
    rewrite(name, content);
  }
  void rewrite(const std::string& name, const std::string& content) const {
    scratch_.write("pool/" + name, content);
    fs::permissions(folder() / name, fs::perms::owner_read | fs::perms::owner_write);
  }
  /// Not listed, or refused when it is opened; and then it can be destroyed.
  void expect_refused(std::uint64_t number, const std::string& what) const {
    SealedItems items = open();
    if (const auto there = numbers(items); std::find(there.begin(), there.end(), number) != there.end()) {
      EXPECT_THROW(get(items, number), UsageError) << what;
      items.destroy(number);
    }
    items.destroy_rest();
    EXPECT_FALSE(files().contains(fmt::format("{}.key", number))) << what;
    EXPECT_FALSE(files().contains(fmt::format("{}.item", number))) << what;
  }

  testing::ScratchFolder scratch_;
};

TEST_F(SealedItemsTest, ComeBackWithTheirNumbersAndAreSealed) {
  {
    SealedItems items = open();
    for (const std::uint64_t n : {3, 4, 10}) put(items, n);
    EXPECT_EQ(get(items, 4), text(4));
  }
  SealedItems items = open();
  EXPECT_EQ(numbers(items), (std::vector<std::uint64_t>{3, 4, 10}));
  EXPECT_EQ(items.items()[0].session, kSession);
  EXPECT_EQ(items.items()[0].made, 1000);
  EXPECT_EQ(items.items()[0].bytes, fs::file_size(folder() / "3.item"));
  for (const std::uint64_t n : {3, 4, 10}) EXPECT_EQ(get(items, n), text(n));
  EXPECT_EQ(testing::read_file(folder() / "4.item").find("xxxxxxxxxxxxxxxx"), std::string::npos);
  EXPECT_NE(testing::read_file(folder() / "3.key"), testing::read_file(folder() / "4.key"));
  struct stat info {};
  for (const auto& name : files()) {
    ASSERT_EQ(::stat((folder() / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
  ASSERT_EQ(::stat(folder().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(SealedItemsTest, ADestroyedItemsKeyIsOverwrittenBeforeItGoes) {
  SealedItems* items = nullptr;
  std::vector<std::string> steps;
  SealedItems made = open([&](std::string_view step) {
    if (items == nullptr) return;
    steps.emplace_back(step);
    if (step == "remove the key") {
      EXPECT_EQ(testing::read_file(folder() / "1.key"), std::string(kSealKeySize, '\0'));
    }
  });
  put(made, 1);
  put(made, 2);
  items = &made;
  made.destroy(1);
  EXPECT_EQ(steps.front(), "overwrite the key");
  EXPECT_EQ(steps.back(), "sync the folder");
  EXPECT_EQ(files(), (std::set<std::string>{"2.item", "2.key"}));
  EXPECT_EQ(numbers(made), std::vector<std::uint64_t>{2});
}

TEST_F(SealedItemsTest, WhatIsDamagedIsRefused) {
  for (const char* what : {"key", "item"})
    for (const std::size_t at : {0, 5, 20, 31, 60, 90, 200, 70000, 1000000}) {
      {
        SealedItems items = open();
        put(items, 7);
      }
      damage(fmt::format("7.{}", what), at);
      expect_refused(7, fmt::format("{} at {}", what, at));
    }
}

TEST_F(SealedItemsTest, WhatIsCutOrTooLongIsRefused) {
  for (const std::string name : {"7.key", "7.item"})
    for (const int change : {-100000, -40, -1, 1, 16}) {
      {
        SealedItems items = open();
        put(items, 7);
      }
      std::string content = testing::read_file(folder() / name);
      content.resize(static_cast<std::size_t>(std::max(0, static_cast<int>(content.size()) + change)), '\0');
      rewrite(name, content);
      expect_refused(7, fmt::format("{} {}", name, change));
    }
}

TEST_F(SealedItemsTest, NamesCannotBeChanged) {
  for (const bool with_key : {false, true}) {
    {
      SealedItems items = open();
      put(items, 1);
      put(items, 2);
    }
    // As another number, and in another's place.
    fs::rename(folder() / "1.item", folder() / "5.item");
    if (with_key) fs::rename(folder() / "1.key", folder() / "5.key");
    EXPECT_EQ(numbers(open()), std::vector<std::uint64_t>{2});
    fs::rename(folder() / "5.item", folder() / "2.item");
    if (with_key) fs::rename(folder() / "5.key", folder() / "2.key");
    expect_refused(2, "another's place");
    expect_refused(1, "the rest");
  }
  // Not even with a head that fits: it is part of what is sealed.
  {
    SealedItems items = open();
    put(items, 1);
    put(items, 2);
  }
  const std::string one = testing::read_file(folder() / "1.item"),
                    two = testing::read_file(folder() / "2.item");
  const std::size_t head = 13 + 32 + 32 + 16;
  rewrite("2.item", two.substr(0, head) + one.substr(head));
  rewrite("2.key", testing::read_file(folder() / "1.key"));
  EXPECT_EQ(numbers(open()), (std::vector<std::uint64_t>{1, 2}));
  expect_refused(2, "a head of another");
}

TEST_F(SealedItemsTest, OthersItemsAreNotListed) {
  {
    SealedItems items = open();
    put(items, 1);
  }
  SealedItems items = open({}, sha256(bytes_of("remote-b")));
  EXPECT_TRUE(items.items().empty());
  EXPECT_EQ(items.destroy_rest(), 1u);
  EXPECT_TRUE(files().empty());
}

TEST_F(SealedItemsTest, AFolderThatOthersMayUseIsRefused) {
  {
    SealedItems items = open();
    put(items, 1);
    put(items, 2);
    EXPECT_THROW(open(), UsageError) << "two at once";
  }
  fs::permissions(folder() / "1.item", fs::perms::others_read, fs::perm_options::add);
  EXPECT_EQ(numbers(open()), std::vector<std::uint64_t>{2});
  fs::rename(folder() / "2.key", scratch_.path("elsewhere"));
  fs::create_symlink(scratch_.path("elsewhere"), folder() / "2.key");
  EXPECT_TRUE(numbers(open()).empty());
  EXPECT_EQ(open().destroy_rest(), 2u);
  EXPECT_TRUE(files().empty());
  fs::permissions(folder(), fs::perms::group_read, fs::perm_options::add);
  try {
    open();
    FAIL();
  } catch (const UsageError& e) { EXPECT_NE(std::string(e.what()).find("chmod 700"), std::string::npos); }
  EXPECT_THROW(SealedItems("/proc/nothing/here", kOwner), IoError);
}

TEST_F(SealedItemsTest, ACrashWhileOneIsPutLeavesTheWholeItemOrNone) {
  bool whole = false, none = false, done = false;
  for (std::size_t crash = 0; !done; ++crash) {
    testing::ScratchFolder scratch;
    const auto pool = scratch.path("pool");
    bool counting = false;
    {
      std::size_t left = crash;
      SealedItems items(pool, kOwner, [&](std::string_view) {
        if (counting && left-- == 0) throw Crash();
      });
      put(items, 1);
      counting = true;
      try {
        put(items, 2);
        done = true;
        EXPECT_GE(crash, 9u) << "there are so many steps";
      } catch (const Crash&) {}
    }
    SealedItems items(pool, kOwner);
    EXPECT_EQ(get(items, 1), text(1));
    if (items.items().size() == 1) {
      none = true;
      items.destroy_rest();
      EXPECT_EQ(std::distance(fs::directory_iterator(pool), {}), 2) << crash;
      put(items, 2);  // the number can be given anew
    } else {
      whole = whole || !done;
    }
    EXPECT_EQ(get(items, 2), text(2)) << crash;
  }
  EXPECT_TRUE(whole && none);
}

TEST_F(SealedItemsTest, ACrashWhileOneIsDestroyedLeavesNothingThatOpensOrAllOfIt) {
  for (std::size_t crash = 0; crash < 6; ++crash) {
    testing::ScratchFolder scratch;
    const auto pool = scratch.path("pool");
    std::size_t left = 0;
    bool counting = false;
    {
      SealedItems items(pool, kOwner, [&](std::string_view) {
        if (counting && left-- == 0) throw Crash();
      });
      put(items, 1);
      put(items, 2);
      counting = true;
      left = crash;
      try {
        items.destroy(1);
        EXPECT_EQ(crash, 5u);
      } catch (const Crash&) {}
    }
    SealedItems items(pool, kOwner);
    EXPECT_EQ(get(items, 2), text(2));
    if (items.items().size() == 2 && crash > 0) { EXPECT_THROW(get(items, 1), UsageError) << crash; }
    if (items.items().size() == 2) items.destroy(1);
    items.destroy_rest();
    EXPECT_EQ(std::distance(fs::directory_iterator(pool), {}), 2) << crash;
  }
}

TEST_F(SealedItemsTest, AFullDiskIsToldAndLeavesNothing) {
  SealedItems items = open();
  put(items, 1);
  // A limit on the size of files fails where a full disk does: in the middle of a write.
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t most : {0, 20, 500, 90000}) {
    const struct rlimit small { most, before.rlim_max };
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    try {
      put(items, 2);
      ADD_FAILURE() << most;
    } catch (const IoError& e) {
      EXPECT_NE(std::string(e.what()).find("make room"), std::string::npos) << e.what();
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(files(), (std::set<std::string>{"1.item", "1.key"})) << most;
  }
  put(items, 2);
  EXPECT_EQ(get(items, 1), text(1));
  EXPECT_EQ(get(items, 2), text(2));
}

TEST_F(SealedItemsTest, AReaderThatRefusesOrLeavesSomethingIsAnError) {
  SealedItems items = open();
  put(items, 1);
  EXPECT_THROW(items.open(1, [](ByteReader&) {}), UsageError);
  EXPECT_THROW(items.open(1,
                          [](ByteReader& from) {
                            Bytes more(text(1).size() + 1);
                            from.read(more);
                          }),
               UsageError);
  EXPECT_EQ(get(items, 1), text(1));
}

}  // namespace
}  // namespace tacit
