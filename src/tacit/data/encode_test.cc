// Encoding: tables and arrays to numbers by the schema alone, exact messages for cells that it does not
// admit, owners of some columns, blocks, and fixed point.
#include "tacit/data/encode.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tacit/data/testing/files.h"
#include "tacit/data/write.h"
#include "tacit/ring/codec.h"

namespace tacit {
namespace {

using testing::usage_error;
using Numbers = std::vector<double>;
using Names = std::vector<std::string>;

Schema people() {
  Schema schema;
  schema.features = {{"age", NumberCoding{{20, 60, Scaling::Unit}, {}}},
                     {"job", CategoryCoding{{"cook", "nurse", "?"}, {}, false}},
                     {"town", CategoryCoding{{"Bonn", "Ulm"}, "Ulm", true}},
                     {"weight", NumberCoding{{40, 140, Scaling::Standard, 80, 20}, 90.0}}};
  schema.label = Column{"pays", BinaryCoding{"no", "yes", {}}};
  schema.id = "nr";
  return schema;
}

const std::string kPeople =
    "nr,age,job,extra,town,weight,pays\n"
    "a1,30,cook,x,Bonn,100,yes\n"
    "a2,60,?,y,Rome,,no\n"
    "a3,+2e1,nurse,z,NA,70.0,yes\n";

class EncodeTest : public ::testing::Test {
 protected:
  Dataset loaded(std::string_view csv, const Schema& schema, const EncodeOptions& options = {}) {
    return load_dataset({.features = folder_.write("p.csv", csv)}, schema, options);
  }
  std::string error(std::string_view csv, const Schema& schema = people(),
                    const EncodeOptions& options = {}) {
    return usage_error(folder_, [&] { loaded(csv, schema, options); });
  }
  /// The message when one cell of kPeople's first row is replaced.
  std::string cell_error(std::string_view cell, std::string_view by) {
    std::string csv = kPeople;
    return error(csv.replace(csv.find(cell), cell.size(), by));
  }
  testing::ScratchFolder folder_;
};

TEST_F(EncodeTest, ATableByItsSchema) {
  const Dataset data = loaded(kPeople, people());
  EXPECT_EQ(data.examples.rows, 3u);
  EXPECT_EQ(data.examples.features, (Numbers{0.25, 1, 0, 0, 1, 0, 0, 1,    //
                                             1,    0, 0, 1, 0, 0, 1, 0.5,  //
                                             0,    0, 1, 0, 0, 1, 0, -0.5}));
  EXPECT_EQ(data.examples.targets, (Numbers{1, 0, 1}));
  EXPECT_EQ(data.examples.ids, (Names{"a1", "a2", "a3"}));
  EXPECT_EQ(data.layout.feature_columns, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(data.layout.target_width, 1u);
  EXPECT_EQ(data.layout.held, (Names{"age", "job", "town", "weight", "pays"}));
  EXPECT_EQ(data.layout.absent, Names{});
  EXPECT_EQ(data.layout.ignored, (Names{"extra"}));
}

TEST_F(EncodeTest, GzipGivesTheSame) {
  EXPECT_EQ(loaded(testing::gzipped(kPeople), people()).examples.features,
            loaded(kPeople, people()).examples.features);
}

TEST_F(EncodeTest, OtherLabelsBecomeOneHotOrScaled) {
  Schema schema = people();
  schema.label->coding = CategoryCoding{{"yes", "maybe", "no"}, {}, false};
  EXPECT_EQ(loaded(kPeople, schema).examples.targets, (Numbers{1, 0, 0, 0, 0, 1, 1, 0, 0}));
  schema.features.erase(schema.features.begin());
  schema.label = Column{"age", NumberCoding{{20, 60, Scaling::Symmetric}, {}}};
  schema.metric = Metric::Mse;
  EXPECT_EQ(loaded(kPeople, schema).examples.targets, (Numbers{-0.5, 1, -1}));
}

TEST_F(EncodeTest, CellsThatTheSchemaDoesNotAdmitAreNamed) {
  EXPECT_EQ(cell_error("30", "61"),
            "p.csv, line 2, column \"age\": 61 lies outside the declared range [20, 60]; correct the cell, "
            "or widen the range in the schema");
  EXPECT_EQ(cell_error("30", "19.999").substr(0, 50), "p.csv, line 2, column \"age\": 19.999 lies outside t");
  EXPECT_EQ(cell_error("30", "3O"),
            "p.csv, line 2, column \"age\": \"3O\" is not a number; correct the cell, or declare the column "
            "a category");
  for (const char* bad : {"1.2.3", "0x1F", "\"1,000\"", "--5", "+-5", "+", "1e999", "30 %"})
    EXPECT_NE(cell_error("30", bad).find("is not a number"), std::string::npos) << bad;
  for (const char* bad : {"inf", "-Infinity", "nan"})
    EXPECT_EQ(cell_error("30", bad),
              fmt::format("p.csv, line 2, column \"age\": \"{}\" is not a finite number; correct the cell, "
                          "or add it to the schema's missing strings",
                          bad));
  for (const char* missing : {"", "?", "NaN"})
    EXPECT_EQ(cell_error("30", missing),
              fmt::format("p.csv, line 2, column \"age\": the cell is missing (\"{}\") and the schema gives "
                          "no fill for it; add a fill, or remove the row",
                          missing));
  EXPECT_EQ(cell_error("cook", "Coock"),
            "p.csv, line 2, column \"job\": \"Coock\" is not one of the declared values (the nearest is "
            "\"cook\"); correct the cell, or add the value to the schema");
  EXPECT_EQ(cell_error("yes", ""),
            "p.csv, line 2, column \"pays\": the cell is missing (\"\") and the schema gives no fill for it; "
            "add a fill, or remove the row");
  EXPECT_EQ(cell_error("a1", "NA"),
            "p.csv, line 2, column \"nr\": the id is missing (\"NA\"); every row needs one");
  EXPECT_EQ(cell_error("Bonn", std::string(1000, 'x')), "(no error)");
}

TEST_F(EncodeTest, MissingColumnsNameTheNearest) {
  EXPECT_EQ(error("nr,Age ,jobs,town,weight,pays\n"),
            "p.csv has no column \"age\", which the schema needs; the nearest is \"Age\"; correct the name "
            "in the file or in the schema");
  EXPECT_EQ(error("number,age,job,town,weight,pays\n"),
            "p.csv has no column \"nr\", which the schema needs; the nearest is \"age\"; correct the name in "
            "the file or in the schema");
  EXPECT_EQ(error("nr;age;job\n"),
            "p.csv has a single column, \"nr;age;job\"; its fields seem to be separated by another "
            "delimiter, so name that");
}

TEST_F(EncodeTest, SchemasAreCheckedFirst) {
  Schema schema = people();
  schema.features[0].name = "job";
  EXPECT_EQ(error(kPeople, schema), "the schema names the column \"job\" twice; remove one");
}

TEST_F(EncodeTest, AFileWithoutRowsIsRefused) {
  EXPECT_EQ(error(kPeople.substr(0, kPeople.find('\n'))),
            "p.csv has a header and no rows; there is nothing to encode");
}

TEST_F(EncodeTest, WithoutLabelsForPrediction) {
  const EncodeOptions predict{.with_label = false};
  const Dataset data = loaded(kPeople, people(), predict);
  EXPECT_EQ(data.layout.target_width, 0u);
  EXPECT_EQ(data.examples.targets, Numbers{});
  EXPECT_EQ(data.layout.ignored, (Names{"extra", "pays"}));
  EXPECT_EQ(loaded("nr,age,job,town,weight\nb,20,cook,Ulm,80\n", people(), predict).examples.features,
            (Numbers{0, 1, 0, 0, 0, 1, 0, 0}));
}

TEST_F(EncodeTest, OwnersOfSomeColumnsEncodeTheirPart) {
  const EncodeOptions some{.holding = Holding::SomeColumns};
  const Dataset all = loaded(kPeople, people());
  const Dataset left = loaded("town,nr,age\nBonn,a1,30\nRome,a2,60\n?,a3,20\n", people(), some);
  EXPECT_EQ(left.layout.feature_columns, (std::vector<std::size_t>{0, 4, 5, 6}));
  EXPECT_EQ(left.layout.held, (Names{"age", "town"}));
  EXPECT_EQ(left.layout.absent, (Names{"job", "weight", "pays"}));
  EXPECT_EQ(left.layout.target_width, 0u);
  const Dataset right =
      loaded("nr,weight,pays,job\na1,100,yes,cook\na2,,no,?\na3,70,yes,nurse\n", people(), some);
  EXPECT_EQ(right.layout.feature_columns, (std::vector<std::size_t>{1, 2, 3, 7}));
  EXPECT_EQ(right.examples.targets, all.examples.targets);
  EXPECT_EQ(left.examples.ids, right.examples.ids);
  // Together they are the whole.
  Numbers joined(all.examples.features.size(), NAN);
  for (const Dataset* part : {&left, &right})
    for (std::size_t row = 0; row < 3; ++row)
      for (std::size_t i = 0; i < part->layout.feature_width(); ++i)
        joined[row * 8 + part->layout.feature_columns[i]] =
            part->examples.features[row * part->layout.feature_width() + i];
  EXPECT_EQ(joined, all.examples.features);
}

TEST_F(EncodeTest, OwnersOfSomeColumnsNeedAnIdAndAColumn) {
  const EncodeOptions some{.holding = Holding::SomeColumns};
  EXPECT_EQ(error("nr,Age,Weight\n", people(), some),
            "p.csv has none of the schema's columns; its own are \"nr\", \"Age\", \"Weight\"");
  EXPECT_EQ(error("age\n30\n", people(), some),
            "p.csv has no column \"nr\", which the schema needs; the nearest is \"age\"; correct the name in "
            "the file or in the schema");
  Schema schema = people();
  schema.id.clear();
  EXPECT_EQ(
      error(kPeople, schema, some),
      "owners that hold different columns need an id column that names the rows; name it in the schema");
}

TEST_F(EncodeTest, BlocksAreTheWholeInPieces) {
  const Dataset all = loaded(kPeople, people());
  for (const std::size_t size : {1, 2, 3, 4}) {
    const auto reader = open_examples({.features = folder_.path("p.csv")}, people());
    ExampleBlock joined;
    for (ExampleBlock block = reader->next(size); block.rows > 0; block = reader->next(size)) {
      EXPECT_EQ(block.rows, std::min(size, 3 - joined.rows));
      joined.rows += block.rows;
      joined.features.insert(joined.features.end(), block.features.begin(), block.features.end());
      joined.targets.insert(joined.targets.end(), block.targets.begin(), block.targets.end());
      joined.ids.insert(joined.ids.end(), block.ids.begin(), block.ids.end());
    }
    EXPECT_EQ(joined.features, all.examples.features);
    EXPECT_EQ(joined.targets, all.examples.targets);
    EXPECT_EQ(joined.ids, all.examples.ids);
    EXPECT_EQ(reader->next(size).rows, 0u);
  }
}

std::vector<Word> words_of(const RingTensor& t) { return {t.words.begin(), t.words.end()}; }

TEST_F(EncodeTest, FixedPointRoundsHalvesToEven) {
  const ExampleLayout layout{.feature_columns = {0, 1, 2}, .target_width = 1};
  const ExampleBlock block{2, {0.25, -1, 0.5 / 256, 1.5 / 256, 2.5 / 256, -1.5 / 256}, {1, 0}, {}};
  const FixedBlock fixed = to_fixed(block, layout, 8);
  EXPECT_EQ(fixed.features.shape, (Shape{2, 3}));
  EXPECT_EQ(words_of(fixed.features), (std::vector<Word>{64, Word(-256), 0, 2, 2, Word(-2)}));
  EXPECT_EQ(fixed.targets.shape, (Shape{2, 1}));
  EXPECT_EQ(words_of(fixed.targets), (std::vector<Word>{256, 0}));
}

Schema images() {
  Schema schema;
  schema.array = NumberRange{0, 255};
  schema.shape = {1, 2, 2};
  schema.label = Column{"digit", CategoryCoding{{"0", "3", "7"}, {}, false}};
  return schema;
}

const std::string kImages("\0\0\x08\3\0\0\0\2\0\0\0\2\0\0\0\2\0\x33\xff\x66\xcc\0\0\x99", 24);
const std::string kLabels("\0\0\x08\1\0\0\0\2\7\3", 10);

class ArrayEncodeTest : public EncodeTest {
 protected:
  DataFiles files(std::string_view x = kImages, std::string_view y = kLabels) {
    DataFiles files{.features = folder_.write("x", x)};
    if (!y.empty()) files.labels = folder_.write("y", y);
    return files;
  }
  std::string files_error(const DataFiles& files, const Schema& schema = images(),
                          const EncodeOptions& options = {}) {
    return usage_error(folder_, [&] { load_dataset(files, schema, options); });
  }
};

TEST_F(ArrayEncodeTest, ImagesAndTheirLabels) {
  for (const bool packed : {false, true}) {
    const Dataset data = load_dataset(
        packed ? files(testing::gzipped(kImages), testing::gzipped(kLabels)) : files(), images());
    EXPECT_EQ(data.examples.features, (Numbers{0, 0.2, 1, 0.4, 0.8, 0, 0, 0.6}));
    EXPECT_EQ(data.examples.targets, (Numbers{0, 0, 1, 0, 1, 0}));
    EXPECT_EQ(data.layout.feature_columns, (std::vector<std::size_t>{0, 1, 2, 3}));
    EXPECT_EQ(data.layout.target_width, 3u);
    EXPECT_EQ(data.examples.rows, 2u);
  }
  const auto reader = open_examples(files(), images());
  EXPECT_EQ(reader->next(1).features, (Numbers{0, 0.2, 1, 0.4}));
  EXPECT_EQ(reader->next(1).targets, (Numbers{0, 1, 0}));
  EXPECT_EQ(reader->next(1).rows, 0u);
}

TEST_F(ArrayEncodeTest, NumPyArraysAndArchives) {
  write_npy(folder_.path("x.npy"), {2, 1, 2, 2}, Numbers{0, 51, 255, 102, 204, 0, 0, 153});
  write_npy(folder_.path("y.npy"), {2, 1}, Numbers{7, 3});
  const Dataset expected = load_dataset(files(), images());
  DataFiles arrays{.features = folder_.path("x.npy"), .labels = folder_.path("y.npy")};
  EXPECT_EQ(load_dataset(arrays, images()).examples.features, expected.examples.features);
  EXPECT_EQ(load_dataset(arrays, images()).examples.targets, expected.examples.targets);
  const auto both =
      folder_.write("both.npz", testing::zipped({{"x.npy", testing::read_file(arrays.features), true},
                                                 {"y.npy", testing::read_file(arrays.labels)}}));
  const DataFiles archive{.features = both, .labels = both, .features_member = "x", .labels_member = "y"};
  EXPECT_EQ(load_dataset(archive, images()).examples.features, expected.examples.features);
  EXPECT_EQ(load_dataset(archive, images()).examples.targets, expected.examples.targets);
}

TEST_F(ArrayEncodeTest, BadElementsAndLabelsAreNamed) {
  Schema narrow = images();
  narrow.array->high = 250;
  EXPECT_EQ(files_error(files(), narrow),
            "x, row 0 (counted from 0), element 2: 255 lies outside the declared range [0, 250]; correct it, "
            "or widen the range in the schema");
  write_npy(folder_.path("nan.npy"), {2, 2, 2}, Numbers{0, 0, 0, 0, 0, NAN, 0, 0});
  DataFiles with_nan = files();
  with_nan.features = folder_.path("nan.npy");
  EXPECT_EQ(files_error(with_nan),
            "nan.npy, row 1 (counted from 0), element 1: nan lies outside the declared range [0, 255]; "
            "correct it, or widen the range in the schema");
  EXPECT_EQ(files_error(files(kImages, kLabels.substr(0, 9) + "\4")),
            "y, row 1 (counted from 0), column \"digit\": \"4\" is not one of the declared values (the "
            "nearest is \"0\"); correct the cell, or add the value to the schema");
}

TEST_F(ArrayEncodeTest, FilesThatDoNotFitAreNamed) {
  Schema other = images();
  other.shape = {2, 2, 2};
  EXPECT_EQ(
      files_error(files(), other),
      "x holds examples of shape 2x2, and the schema says 2x2x2; reorder the axes, or correct the schema");
  EXPECT_EQ(files_error(files(kImages, "")),
            "the schema has a label, \"digit\", and no file of labels is given beside x; give one");
  EXPECT_EQ(files_error(files(kImages, ""), images(), {.with_label = false}), "(no error)");
  EXPECT_EQ(files_error(files(kImages, kImages)), "y holds labels of shape 2x2x2; give one number a row");
  EXPECT_EQ(files_error(files(kImages, std::string("\0\0\x08\1\0\0\0\1\7", 9))),
            "y and x differ in their number of rows, 1 and 2; each example needs one label");
  EXPECT_EQ(files_error(files(std::string("\0\0\x08\3\0\0\0\0\0\0\0\2\0\0\0\2", 16))),
            "x has no rows; there is nothing to encode");
  Schema unlabelled = images();
  unlabelled.label.reset();
  EXPECT_EQ(files_error(files(), unlabelled),
            "the schema has no label, so the labels y are of no use; leave them out");
  EXPECT_EQ(files_error(files(), images(), {.holding = Holding::SomeColumns}),
            "arrays cannot be split by columns among owners; split their rows");
  EXPECT_EQ(files_error(files(), people()),
            "x holds an array, and the schema describes the columns of a table; give a CSV file");
  EXPECT_EQ(files_error(files(kPeople, "")),
            "x is a table, and the schema describes arrays; give an NPY, NPZ or IDX file");
  EXPECT_EQ(files_error(files(kPeople), people()),
            "y cannot hold the labels of a table; name the label's column in the schema");
}

TEST_F(ArrayEncodeTest, TruncatedFilesAreNoticedInTheLastBlock) {
  const auto reader = open_examples(files(kImages.substr(0, kImages.size() - 1)), images());
  EXPECT_EQ(reader->next(1).rows, 1u);
  EXPECT_EQ(usage_error(folder_, [&] { reader->next(1); }),
            "x ends within its 2x2x2 elements; fetch or write it again");
}

}  // namespace
}  // namespace tacit
