// Drafts: what is guessed of each kind of column, what is said of it, and that a file fits its own draft.
#include <gtest/gtest.h>
// After GoogleTest, which it extends.
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "tacit/data/draft.h"
#include "tacit/data/encode.h"
#include "tacit/data/testing/files.h"
#include "tacit/data/write.h"

namespace tacit {
namespace {

class DraftTest : public ::testing::Test {
 protected:
  Draft drafted(std::string_view csv, char delimiter = ',') {
    return draft_schema(folder_.write("d.csv", csv), delimiter);
  }
  testing::ScratchFolder folder_;
};

TEST_F(DraftTest, EveryKindOfColumn) {
  const Draft draft = drafted(
      ",patient_id,age,weight,town,sex,fixed,void,remark,outcome,note\n"
      "0,a1,17,70.5,Ulm,f,1,,fell down,sick,x\n"
      "1,a2,88,n/a,Bonn,m,1,?,cannot sleep,well,y\n"
      "2,a3,40,91,?,m,1,,has a cold,well,x\n"
      "3,a4,40,55,Ulm,f,1,,is tired,well,y\n"
      "4,a5,41,55,Ulm,f,1,,eats little,well,y\n"
      "5,a6,42,55,Rome,f,1,,is thirsty,sick,z\n"
      "6,a7,43,55,Ulm,f,1,,coughs,well,y\n"
      "7,a8,44,55,Ulm,f,1,,sneezes,well,y\n"
      "8,a9,45,55,Ulm,f,1,,limps,well,y\n"
      "9,b1,46,55,Ulm,f,1,,aches,well,y\n"
      "10,b2,46,55,Ulm,f,1,,itches,well,y\n");
  Schema expected;
  expected.features = {{"age", NumberCoding{{15, 90}, {}}},
                       {"weight", NumberCoding{{54, 92}, 73.0}},
                       {"town", CategoryCoding{{"Bonn", "Rome", "Ulm", "missing"}, "missing", false}},
                       {"sex", BinaryCoding{"f", "m", {}}},
                       {"note", CategoryCoding{{"x", "y", "z"}, {}, false}}};
  expected.label = Column{"outcome", BinaryCoding{"sick", "well", {}}};
  expected.id = "patient_id";
  expected.missing.push_back("n/a");
  EXPECT_EQ(canonical_text(draft.schema), canonical_text(expected));
  EXPECT_EQ(std::vector<std::string>(draft.notes.begin() + 1, draft.notes.end()),
            (std::vector<std::string>{
                "\"\" is left out, since it has no name.",
                "\"patient_id\" names the rows; of the column, only its name would be published.",
                "\"age\" is a number; the range of its cells in the file, rounded outward to [15, 90], would "
                "be published.",
                "\"weight\" is a number; the range of its cells in the file, rounded outward to [54, 92], "
                "would be published; missing cells are read as 73.",
                "\"town\" is a category; its 4 values would be published: \"Bonn\", \"Rome\", \"Ulm\", "
                "\"missing\"; missing cells are read as \"missing\".",
                "\"sex\" is \"f\" (0) or \"m\" (1); these two values would be published.",
                "\"fixed\" is left out, since it is the same in all rows.",
                "\"void\" is left out, since it is empty.",
                "\"remark\" is left out, since it is neither a number nor a category of a few values.",
                "\"outcome\" is taken for the label, \"sick\" (0) or \"well\" (1); these two values would be "
                "published.",
                "\"note\" is a category; its 3 values would be published: \"x\", \"y\", \"z\"."}));
  EXPECT_NE(draft.notes[0].find("read by all parties"), std::string::npos);
  EXPECT_EQ(load_dataset({.features = folder_.path("d.csv")}, draft.schema).examples.rows, 11u);
}

TEST_F(DraftTest, TheLabelIsTheLastColumnUnlessOneIsCalledSo) {
  EXPECT_EQ(drafted("a,b,c\n1,2,3.5\n2,3,5\n").schema.label->name, "c");
  EXPECT_EQ(drafted("a,Income,c\n1,2,3\n2,3,5\n").schema.label->name, "Income");
  EXPECT_EQ(drafted("a,b,id\n1,2,3\n2,3,5\n").schema.label->name, "b");
  EXPECT_EQ(drafted("a,b,same\n1,2,3\n2,3,3\n").schema.label->name, "b");
  EXPECT_FALSE(drafted("a,same\n1,2\n2,2\n").schema.label.has_value());
}

TEST_F(DraftTest, LabelsAreClassesOrNumbers) {
  EXPECT_EQ(drafted("a,y\n1,10\n2,9\n3,2\n").schema.label->coding,
            (decltype(Column::coding)(CategoryCoding{{"2", "9", "10"}, {}, false})));
  EXPECT_EQ(drafted("a,y\n1,1\n2,0\n3,1\n").schema.label->coding,
            (decltype(Column::coding)(BinaryCoding{"0", "1", {}})));
  const Draft prices = drafted("a,y\n1,0.5\n2,12\n3,\n");
  EXPECT_EQ(prices.schema.label->coding, (decltype(Column::coding)(NumberCoding{{0, 12}, {}})));
  EXPECT_EQ(prices.schema.metric, Metric::Mse);
  EXPECT_EQ(prices.notes.back(),
            "\"y\" is taken for the label, a number; the range of its cells in the file, rounded outward to "
            "[0, 12], would be published; rows without it must be removed, 1 in this file.");
  std::string many = "a,y\n";
  for (int i = 0; i < 21; ++i) many += fmt::format("{},{}\n", i % 3, i);
  EXPECT_EQ(drafted(many).schema.metric, Metric::Mse);
}

TEST_F(DraftTest, ColumnsOfAFamilyShareARange) {
  const Draft draft = drafted("p0,p1,p2,q1,q2,y\n0,3,0,5,1,a\n0,16,1,7,2,b\n");
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(std::get<NumberCoding>(draft.schema.features[i].coding).range, (NumberRange{0, 16})) << i;
  EXPECT_EQ(std::get<NumberCoding>(draft.schema.features[3].coding).range, (NumberRange{5, 7}));
  EXPECT_EQ(draft.notes[1],
            "\"p0\" is a number; the range of all columns so named but for digits in the file, rounded "
            "outward to [0, 16], would be published.");
}

TEST_F(DraftTest, TextsThatDifferInEveryRowNameTheRows) {
  std::string csv = "name,a,y\n";
  for (int i = 0; i < 12; ++i) csv += fmt::format("name {},{},{}\n", i, i, i % 2);
  EXPECT_EQ(drafted(csv).schema.id, "name");
}

TEST_F(DraftTest, ManyDifferentTextsAreNoCategory) {
  std::string csv = "name,a,y\n";
  for (int i = 0; i < 130; ++i) csv += fmt::format("name {},{},{}\n", i / 2, i, i % 2);
  const Draft draft = drafted(csv);
  EXPECT_EQ(draft.schema.features.size(), 1u);
  EXPECT_EQ(draft.schema.id, "");
}

TEST_F(DraftTest, WhatCannotBeDraftedIsNamed) {
  const auto error = [&](std::string_view csv, char delimiter = ',') {
    return testing::usage_error(folder_, [&] { drafted(csv, delimiter); });
  };
  EXPECT_EQ(
      error("a;b\n1;2\n"),
      "d.csv has a single column, \"a;b\"; if its fields are separated by another delimiter, name that");
  EXPECT_EQ(error("a;b\n1;2\n3;4\n", ';'), "(no error)");
  EXPECT_EQ(error("a,b\n"),
            "d.csv has no column that a model could learn from; give a table with numbers or categories "
            "beside the label");
}

TEST(FriendlyRange, RoundsOutwardToRoundNumbers) {
  EXPECT_EQ(friendly_range(17, 90), (NumberRange{15, 90}));
  EXPECT_EQ(friendly_range(0, 16), (NumberRange{0, 16}));
  EXPECT_EQ(friendly_range(0.31, 0.98), (NumberRange{0.3, 1}));
  EXPECT_EQ(friendly_range(-0.123, 3.7), (NumberRange{-0.2, 3.8}));
  EXPECT_EQ(friendly_range(1, 9876543), (NumberRange{0, 1e7}));
  EXPECT_EQ(friendly_range(5, 5), (NumberRange{5, 5.5}));
  EXPECT_EQ(friendly_range(0, 0), (NumberRange{0, 0.1}));
  // Just beyond a step, where dividing by the step rounds back to it.
  EXPECT_EQ(friendly_range(std::nextafter(3e-6, 0), 1.8e-5), (NumberRange{2e-6, 1.8e-5}));
  EXPECT_EQ(friendly_range(-1.045e-4, std::nextafter(-9.1e-5, 0)), (NumberRange{-1.05e-4, -9e-5}));
}

RC_GTEST_PROP(FriendlyRangeProperty, ContainsTheRangeAndIsLittleWider, (double a, double b)) {
  const double low = std::min(a, b), high = std::max(a, b);
  const NumberRange range = friendly_range(low, high);
  RC_ASSERT(range.low <= low && range.high >= high);
  if (low < high) RC_ASSERT(range.high - range.low <= 1.21 * (high - low));
}

RC_GTEST_PROP(DraftProperty, AFileFitsItsOwnDraft, ()) {
  const testing::ScratchFolder folder;
  const std::vector<std::vector<std::string>> kinds = {{"1", "2", "3.5", "-4e3", "0"},
                                                       {"1", "2", "", "n/a", "7"},
                                                       {"x", "y", "z", "missing", "?"},
                                                       {"7", "8", "red"},
                                                       {"1", "1.0"}};
  const auto width = *rc::gen::inRange<std::size_t>(2, 6);
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows(*rc::gen::inRange<std::size_t>(2, 30),
                                             std::vector<std::string>(width));
  for (std::size_t i = 0; i < width; ++i) {
    const auto cells = *rc::gen::elementOf(kinds);
    for (auto& row : rows) row[i] = *rc::gen::elementOf(cells);
    header.push_back("c" + std::string(i, 'x'));
  }
  write_csv(folder.path("t.csv"), header, rows);
  Draft draft;
  try {
    draft = draft_schema(folder.path("t.csv"));
  } catch (const UsageError& error) {
    RC_ASSERT(std::string(error.what()).find("no column that a model could learn from") != std::string::npos);
    return;
  }
  RC_ASSERT(draft.notes.size() == width + 1);
  const Dataset data = load_dataset({.features = folder.path("t.csv")}, draft.schema, {.with_label = false});
  RC_ASSERT(data.examples.rows == rows.size());
  for (const double value : data.examples.features) RC_ASSERT(value >= 0 && value <= 1);
}

}  // namespace
}  // namespace tacit
