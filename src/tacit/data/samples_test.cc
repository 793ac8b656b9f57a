// The committed samples, as people have such files: drafted, loaded, and checked against figures that were
// counted by other tools.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tacit/crypto/hash.h"
#include "tacit/data/draft.h"
#include "tacit/data/encode.h"
#include "tacit/data/testing/files.h"

namespace tacit {
namespace {

std::filesystem::path sample(std::string_view name) { return std::filesystem::path(TACIT_SOURCE_DIR) / name; }

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

/// The sum over all rows of the encoded column of this name.
double column_sum(const Dataset& data, const Schema& schema, std::string_view name) {
  const auto names = feature_names(schema);
  const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  double total = 0;
  for (std::size_t row = 0; row < data.examples.rows; ++row)
    total += data.examples.features.at(row * data.layout.feature_width() + at);
  return total;
}

TEST(Samples, TheReadmesStateTheirHashes) {
  for (const std::string_view name : {"examples/data/digits.csv.gz", "examples/data/breast_cancer.csv",
                                      "tests/data/adult.csv", "tests/data/credit.csv"}) {
    const std::string readme = testing::read_file(sample(name).parent_path() / "README.md");
    const std::string hash = to_hex(sha256(bytes_of(std::string_view(testing::read_file(sample(name))))));
    EXPECT_NE(readme.find(hash), std::string::npos) << name << " " << hash;
  }
}

TEST(Samples, AdultHasCategoriesAndMissingCells) {
  const Schema schema = draft_schema(sample("tests/data/adult.csv")).schema;
  EXPECT_EQ(schema.features.size(), 14u);
  EXPECT_EQ(schema.label, (Column{"earnings", BinaryCoding{"<=50K", ">50K", {}}}));
  const Dataset data = load_dataset({.features = sample("tests/data/adult.csv")}, schema);
  EXPECT_EQ(data.examples.rows, 200u);
  EXPECT_EQ(sum(data.examples.targets), 47);
  EXPECT_EQ(column_sum(data, schema, "native-country=missing"), 5);
  EXPECT_EQ(column_sum(data, schema, "workclass=missing"), 10);
  // 39 years in [15, 80], then "State-gov", the sixth of seven.
  EXPECT_EQ(std::vector<double>(data.examples.features.begin(), data.examples.features.begin() + 8),
            (std::vector<double>{24.0 / 65, 0, 0, 0, 0, 0, 1, 0}));
}

TEST(Samples, AdultWithoutAFillNamesTheFirstMissingCell) {
  Schema schema = draft_schema(sample("tests/data/adult.csv")).schema;
  std::get<CategoryCoding>(schema.features[1].coding).fill.reset();
  try {
    load_dataset({.features = sample("tests/data/adult.csv")}, schema);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what())
                  .find("adult.csv, line 29, column \"workclass\": the cell is missing (\"?\")"),
              std::string::npos)
        << error.what();
  }
}

TEST(Samples, CreditHasBareCarriageReturns) {
  EXPECT_EQ(testing::read_file(sample("tests/data/credit.csv")).find('\n'), std::string::npos);
  const Schema schema = draft_schema(sample("tests/data/credit.csv")).schema;
  EXPECT_EQ(schema.id, "ID");
  EXPECT_EQ(schema.label->name, "default.payment.next.month");
  const Dataset data = load_dataset({.features = sample("tests/data/credit.csv")}, schema);
  EXPECT_EQ(data.examples.rows, 150u);
  EXPECT_EQ(data.layout.feature_width(), 23u);
  EXPECT_EQ(data.examples.ids.front(), "1");
  EXPECT_EQ(data.examples.ids.back(), "150");
  EXPECT_EQ(sum(data.examples.targets), 37);
}

TEST(Samples, DigitsAreImagesInATable) {
  Schema schema = draft_schema(sample("examples/data/digits.csv.gz")).schema;
  EXPECT_EQ(schema.features.size(), 64u);
  schema.shape = {1, 8, 8};
  const Dataset data = load_dataset({.features = sample("examples/data/digits.csv.gz")}, schema);
  EXPECT_EQ(feature_shape(schema), (Shape{1, 8, 8}));
  EXPECT_EQ(data.examples.rows, 1797u);
  EXPECT_EQ(sum(data.examples.features) * 16, 561718);
  EXPECT_EQ(data.layout.target_width, 10u);
  EXPECT_EQ(sum(data.examples.targets), 1797);
}

TEST(Samples, BreastCancerHasTwoDiagnoses) {
  const Schema schema = draft_schema(sample("examples/data/breast_cancer.csv")).schema;
  const Dataset data = load_dataset({.features = sample("examples/data/breast_cancer.csv")}, schema);
  EXPECT_EQ(data.examples.rows, 569u);
  EXPECT_EQ(data.layout.feature_width(), 30u);
  EXPECT_EQ(schema.label, (Column{"diagnosis", BinaryCoding{"benign", "malignant", {}}}));
  EXPECT_EQ(sum(data.examples.targets), 212);
}

}  // namespace
}  // namespace tacit
