// The reader of TOML tables: what it gives, and every sentence with which it refuses.
#include "tacit/job/toml.h"

#include <gtest/gtest.h>

#include "tacit/data/testing/files.h"

namespace tacit {
namespace {

using testing::ScratchFolder;
using testing::usage_error;

constexpr const char* kText = R"(word = "hello"
whole = 7
real = 2.5
yes = true
day = 2020-02-02
texts = ["a", "b"]
numbers = [1, 2.5]
wholes = [3, 4]
mixed = [1, "two"]
empty = []

[section]
inner = 1
[section.deeper]
rate = 0.1

[[item]]
name = "first"
[[item]]
name = "second"
colour = "red"
)";

class TomlTest : public ::testing::Test {
 protected:
  TomlTable read(std::string_view text = kText) { return TomlTable::parse(folder_.write("x.toml", text)); }
  template <class Body>
  std::string refused(Body body) {
    TomlTable t = read();
    return usage_error(folder_, [&] { body(t); });
  }
  ScratchFolder folder_;
};

TEST_F(TomlTest, GivesValues) {
  TomlTable t = read();
  EXPECT_EQ(t.text("word"), "hello");
  EXPECT_EQ(t.text("absent", "otherwise"), "otherwise");
  EXPECT_EQ(t.integer("whole", 0, 10), 7);
  EXPECT_EQ(t.integer("absent", 5, 0, 10), 5);
  EXPECT_EQ(t.real("real", 0, 10), 2.5);
  EXPECT_EQ(t.real("whole", 0, 10), 7);
  EXPECT_EQ(t.real("absent", 1.5, 0, 10), 1.5);
  EXPECT_TRUE(t.flag("yes", false));
  EXPECT_TRUE(t.flag("absent", true));
  EXPECT_EQ(t.texts("texts"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(t.reals("numbers"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(t.integers("wholes"), (std::vector<std::int64_t>{3, 4}));
  EXPECT_TRUE(t.texts("empty").empty());
  EXPECT_EQ(t.table("section").integer("inner", 0, 10), 1);
  EXPECT_FALSE(t.table_if("absent"));
  EXPECT_TRUE(t.tables("absent").empty());
  auto items = t.tables("item");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[1].text("name"), "second");
}

TEST_F(TomlTest, SaysWhatKindAKeyIs) {
  const TomlTable t = read();
  using Kind = TomlTable::Kind;
  const std::pair<const char*, Kind> kinds[] = {
      {"word", Kind::Text},   {"whole", Kind::Integer}, {"real", Kind::Real},   {"yes", Kind::Flag},
      {"wholes", Kind::List}, {"section", Kind::Table}, {"item", Kind::Tables}, {"absent", Kind::Missing}};
  for (const auto& [key, kind] : kinds) EXPECT_EQ(t.kind(key), kind) << key;
}

TEST_F(TomlTest, RefusesMissingKeys) {
  EXPECT_EQ(refused([](TomlTable& t) { t.text("absent"); }), "x.toml:1: absent: is missing");
  EXPECT_EQ(refused([](TomlTable& t) { t.real("absent", 0, 1); }), "x.toml:1: absent: is missing");
  EXPECT_EQ(refused([](TomlTable& t) { t.integer("absent", 0, 1); }), "x.toml:1: absent: is missing");
  EXPECT_EQ(refused([](TomlTable& t) { t.texts("absent"); }), "x.toml:1: absent: is missing");
  EXPECT_EQ(refused([](TomlTable& t) { t.table("absent"); }),
            "x.toml:1: absent: is missing: the job needs a section [absent]");
  EXPECT_EQ(refused([](TomlTable& t) { t.table("section").table("absent"); }),
            "x.toml:12: [section] absent: is missing: the job needs a section [section.absent]");
  EXPECT_EQ(refused([](TomlTable& t) { t.tables("item")[0].text("colour"); }),
            "x.toml:17: [item #1] colour: is missing");
}

TEST_F(TomlTest, NamesTheKeyThatMayBeMeant) {
  EXPECT_EQ(refused([](TomlTable& t) { t.text("words"); }),
            "x.toml:1: words: is missing: is 'word' in line 1 meant for it?");
  EXPECT_EQ(refused([](TomlTable& t) { t.tables("item")[1].text("color"); }),
            "x.toml:19: [item #2] color: is missing: is 'colour' in line 21 meant for it?");
  // What was asked for is meant for itself.
  EXPECT_EQ(refused([](TomlTable& t) {
              t.text("word");
              t.text("words");
            }),
            "x.toml:1: words: is missing");
}

TEST_F(TomlTest, RefusesValuesOfAnotherKind) {
  EXPECT_EQ(refused([](TomlTable& t) { t.text("whole"); }),
            "x.toml:2: whole: must be a text in quotes, not a whole number");
  EXPECT_EQ(refused([](TomlTable& t) { t.text("day", ""); }),
            "x.toml:5: day: must be a text in quotes, not a date");
  EXPECT_EQ(refused([](TomlTable& t) { t.real("word", 0, 1); }),
            "x.toml:1: word: must be a number, not a text");
  EXPECT_EQ(refused([](TomlTable& t) { t.real("yes", 0, 1); }),
            "x.toml:4: yes: must be a number, not true or false");
  EXPECT_EQ(refused([](TomlTable& t) { t.integer("real", 0, 9); }),
            "x.toml:3: real: must be a whole number, not a number");
  EXPECT_EQ(refused([](TomlTable& t) { t.flag("whole", false); }),
            "x.toml:2: whole: must be true or false, not a whole number");
  EXPECT_EQ(refused([](TomlTable& t) { t.texts("word"); }),
            "x.toml:1: word: must be a list of texts, not a text");
  EXPECT_EQ(refused([](TomlTable& t) { t.texts("mixed"); }),
            "x.toml:9: mixed: must be a list of texts, and one element is a whole number");
  EXPECT_EQ(refused([](TomlTable& t) { t.reals("mixed"); }),
            "x.toml:9: mixed: must be a list of numbers, and one element is a text");
  EXPECT_EQ(refused([](TomlTable& t) { t.integers("numbers"); }),
            "x.toml:7: numbers: must be a list of whole numbers, and one element is a number");
  EXPECT_EQ(refused([](TomlTable& t) { t.table("word"); }), "x.toml:1: word: must be a section, not a text");
  EXPECT_EQ(refused([](TomlTable& t) { t.tables("section"); }),
            "x.toml:12: section: must be sections [[section]], not a table");
  EXPECT_EQ(refused([](TomlTable& t) { t.tables("wholes"); }),
            "x.toml:8: wholes: must be sections [[wholes]], not a list");
}

TEST_F(TomlTest, RefusesValuesOutOfRange) {
  EXPECT_EQ(refused([](TomlTable& t) { t.integer("whole", 8, 10); }),
            "x.toml:2: whole: 7 is not between 8 and 10");
  EXPECT_EQ(refused([](TomlTable& t) { t.integer("whole", 1, 0, 6); }),
            "x.toml:2: whole: 7 is not between 0 and 6");
  EXPECT_EQ(refused([](TomlTable& t) { t.real("real", 0, 2.25); }),
            "x.toml:3: real: 2.5 is not between 0 and 2.25");
  TomlTable nan = read("x = nan\n");
  EXPECT_EQ(usage_error(folder_, [&] { nan.real("x", 0, 1); }), "x.toml:1: x: nan is not between 0 and 1");
}

TEST_F(TomlTest, RefusesKeysThatNobodyAskedFor) {
  TomlTable t = read("[section]\nrate = 1\nraet = 2\n");
  TomlTable section = t.table("section");
  section.real("rate", 0, 3);
  EXPECT_EQ(usage_error(folder_, [&] { section.finish(); }),
            "x.toml:3: there is no key 'raet' in [section]: did you mean 'rate'?");
  t.finish();  // of the section itself somebody asked
  TomlTable root = read("a = 1\n");
  EXPECT_EQ(usage_error(folder_,
                        [&] {
                          root.has("b");
                          root.finish();
                        }),
            "x.toml:1: there is no key 'a' in the job file: did you mean 'b'?");
}

TEST_F(TomlTest, TellsMistakesOfOthersWithTheirPlace) {
  EXPECT_EQ(refused([](TomlTable& t) {
              t.table("section").at("inner", []() -> int { throw UsageError("must be even"); });
            }),
            "x.toml:13: [section] inner: must be even");
  // What has its place already keeps it.
  EXPECT_EQ(refused([](TomlTable& t) { t.at("word", [&] { t.table("section").fail("inner", "is odd"); }); }),
            "x.toml:13: [section] inner: is odd");
  // Other errors are not the file's.
  TomlTable t = read();
  EXPECT_THROW(t.at("word", [] { throw IoError("the disk"); }), IoError);
}

TEST_F(TomlTest, RefusesWhatIsNoToml) {
  EXPECT_TRUE(usage_error(folder_, [&] { read("a = 1\nb = = 2\n"); }).starts_with("x.toml:2: "));
  EXPECT_TRUE(usage_error(folder_, [&] { read("a = 1\na = 2\n"); }).starts_with("x.toml:2: "));
  EXPECT_TRUE(usage_error(folder_, [&] { read("\xff\xfe"); }).starts_with("x.toml:1: "));
  EXPECT_EQ(usage_error(folder_, [&] { TomlTable::parse(folder_.path("nowhere.toml")); }),
            "there is no job file 'nowhere.toml'");
  EXPECT_EQ(usage_error(folder_, [&] { TomlTable::parse(folder_.path("")); }), "there is no job file ''");
}

}  // namespace
}  // namespace tacit
