// The folder of checkpoints: what is listed and in which order, what is kept, and whose files are read.
#include "tacit/job/checkpoints.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;

Digest named(std::string_view text) { return sha256(bytes_of(text)); }

class CheckpointFolder : public ::testing::Test {
 protected:
  fs::path folder() const { return scratch_.path("checkpoints"); }
  Checkpoints open(std::string_view job = "a job") const {
    return Checkpoints(folder(), identity_, named(job));
  }
  static CheckpointName name(std::uint64_t step, std::string_view session = "one",
                             std::string_view training = "one") {
    return {named(training), named(session), step};
  }
  static Checkpoints::Write text(std::string_view text) {
    return [text](ByteWriter& to) { to.write(bytes_of(text)); };
  }
  static Checkpoints::Read expect(std::string_view text) {
    return [text](ByteReader& from) {
      std::string out(text.size(), '\0');
      from.read(std::as_writable_bytes(std::span(out)));
      EXPECT_EQ(out, text);
    };
  }
  std::vector<std::string> files() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder())) out.push_back(entry.path().filename());
    return out;
  }

  testing::ScratchFolder scratch_;
  Identity identity_ = Identity::generate();
};

TEST_F(CheckpointFolder, ListsTheNewestFirstAndReadsWhatWasWritten) {
  {
    Checkpoints store = open();
    EXPECT_TRUE(store.states().empty());
    store.put_data(named("one"), text("data"));
    const Digest five = store.put_state(name(5), text("five"));
    store.put_state(name(10), text("ten"));
    store.put_ledger(named("one"), text("ledger"));
    EXPECT_EQ(store.check_state(name(5)), five);
    EXPECT_THROW(Checkpoints(folder(), identity_, named("a job")), UsageError) << "two at once";
  }
  const Checkpoints store = open();
  EXPECT_EQ(store.states(), (std::vector{name(10), name(5)}));
  store.read_state(name(10), expect("ten"));
  store.read_state(name(5), expect("five"));
  store.read_data(named("one"), expect("data"));
  store.read_ledger(named("one"), expect("ledger"));
  EXPECT_THROW(store.read_state(name(6), expect("")), UsageError);
  EXPECT_THROW(store.check_data(named("two")), UsageError);
  EXPECT_EQ(store.of_other_jobs(), 0u);
}

TEST_F(CheckpointFolder, KeepsOneAndWhatBelongsToIt) {
  Checkpoints store = open();
  for (const char* training : {"one", "two"}) {
    store.put_data(named(training), text("data"));
    store.put_ledger(named(training), text("ledger"));
    for (const std::uint64_t step : {5, 10}) store.put_state(name(step, training, training), text("state"));
  }
  scratch_.write("checkpoints/notes.txt", "not ours");
  scratch_.write("checkpoints/0000.data.part", "half");
  store.keep_only(name(10, "two", "two"));
  EXPECT_EQ(store.states(), std::vector{name(10, "two", "two")});
  EXPECT_EQ(files().size(), 4u);
  store.read_data(named("two"), expect("data"));
  store.read_ledger(named("two"), expect("ledger"));
  store.clear();
  EXPECT_EQ(files(), std::vector<std::string>{"notes.txt"});
}

TEST_F(CheckpointFolder, OthersFilesAreNotListedOrRead) {
  open().put_state(name(5), text("five"));
  EXPECT_TRUE(open("another job").states().empty());
  EXPECT_EQ(open("another job").of_other_jobs(), 1u);
  const Identity other = Identity::generate();
  const auto as_other = [&] { return Checkpoints(folder(), other, named("a job")); };
  EXPECT_EQ(as_other().states().size(), 1u) << "the head is in the clear";
  EXPECT_THROW(as_other().check_state(name(5)), UsageError);
  // A file under the name of another step, as it is, and with a head that says so.
  const fs::path five = folder() / files().at(0);
  std::string six = five.string();
  six.replace(six.rfind("-5.state"), 8, "-6.state");
  fs::rename(five, six);
  EXPECT_TRUE(open().states().empty());
  EXPECT_THROW(open().check_state(name(6)), UsageError);
  std::string content = testing::read_file(six);
  const std::size_t step = 19 + 1 + 3 * sizeof(Digest);
  ASSERT_EQ(content[step], 5);
  content[step] = 6;
  scratch_.write("checkpoints/" + fs::path(six).filename().string(), content);
  EXPECT_EQ(open().states(), std::vector{name(6)});
  EXPECT_THROW(open().check_state(name(6)), UsageError);
  // A link is no file.
  fs::rename(six, scratch_.path("elsewhere"));
  fs::create_symlink(scratch_.path("elsewhere"), six);
  EXPECT_TRUE(open().states().empty());
}

TEST_F(CheckpointFolder, IsForThisUserAlone) {
  open().put_state(name(5), text("five"));
  fs::permissions(folder(), fs::perms::group_read, fs::perm_options::add);
  try {
    open();
    FAIL();
  } catch (const UsageError& e) { EXPECT_NE(std::string(e.what()).find("chmod 700"), std::string::npos); }
  // Its files say nothing without the key: modes that were lost on the way do not matter.
  fs::permissions(folder(), fs::perms::owner_all);
  fs::permissions(folder() / files().at(0), fs::perms::others_read, fs::perm_options::add);
  open().read_state(name(5), expect("five"));
}

}  // namespace
}  // namespace tacit
