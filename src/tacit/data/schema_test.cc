// Schemas: what is refused, encoded widths and names, scaling there and back, and the canonical text.
#include <gtest/gtest.h>
// After GoogleTest, which it extends.
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <functional>

#include "tacit/base/error.h"
#include "tacit/data/schema.h"
#include "tacit/data/testing/files.h"

namespace tacit {
namespace {

Schema people() {
  Schema schema;
  schema.features = {{"age", NumberCoding{{18, 90, Scaling::Unit}, 40.0}},
                     {"job", CategoryCoding{{"cook", "nurse"}, "nurse", true}},
                     {"member", BinaryCoding{"no", "yes", {}}}};
  schema.label = Column{"wage", CategoryCoding{{"low", "mid", "high"}, {}, false}};
  schema.id = "nr";
  return schema;
}

Schema images() {
  Schema schema;
  schema.array = NumberRange{0, 255};
  schema.shape = {1, 2, 3};
  schema.label = Column{"digit", BinaryCoding{}};
  return schema;
}

/// The message for a schema that is changed so.
std::string error(Schema schema, const std::function<void(Schema&)>& change) {
  check(schema);
  change(schema);
  try {
    check(schema);
  } catch (const UsageError& e) { return e.what(); }
  return "(no error)";
}

template <class Coding>
Coding& coding(Schema& schema, std::size_t column) {
  return std::get<Coding>(schema.features[column].coding);
}

TEST(Schema, ContradictionsAreNamed) {
  EXPECT_EQ(error(people(), [](Schema& s) { s.features.clear(); }),
            "the schema must have either feature columns or the range of an array; give one of the two");
  EXPECT_EQ(error(people(), [](Schema& s) { s.array = NumberRange(); }),
            "the schema must have either feature columns or the range of an array; give one of the two");
  EXPECT_EQ(error(people(), [](Schema& s) { s.features[1].name = "age"; }),
            "the schema names the column \"age\" twice; remove one");
  EXPECT_EQ(error(people(), [](Schema& s) { s.label->name = "job"; }),
            "the schema names the column \"job\" twice; remove one");
  EXPECT_EQ(error(people(), [](Schema& s) { s.id = "job"; }),
            "the column \"job\" cannot be both the id and a feature or the label; remove one");
  EXPECT_EQ(error(people(), [](Schema& s) { s.features[0].name.clear(); }),
            "a column of the schema has no name; give it the name in the file's header");
  EXPECT_EQ(error(people(),
                  [](Schema& s) {
                    s.shape = {2, 2};
                  }),
            "the shape 2x2 does not hold the 5 numbers that the feature columns become; correct it");
  EXPECT_EQ(error(people(), [](Schema& s) { s.shape = {1, 5}; }), "(no error)");
}

TEST(Schema, BadNumbersAreNamed) {
  const auto range_error = [](const std::function<void(NumberCoding&)>& change) {
    return error(people(), [&](Schema& s) { change(coding<NumberCoding>(s, 0)); });
  };
  EXPECT_EQ(range_error([](auto& c) { c.range.high = 18; }),
            "column \"age\": the range [18, 18] is empty or infinite; give a lower and a higher bound");
  EXPECT_EQ(range_error([](auto& c) { c.range.high = HUGE_VAL; }),
            "column \"age\": the range [18, inf] is empty or infinite; give a lower and a higher bound");
  EXPECT_EQ(range_error([](auto& c) { c.fill = 91; }),
            "column \"age\": the fill 91 lies outside the declared range [18, 90]; choose one within");
  EXPECT_NE(range_error([](auto& c) { c.fill = NAN; }), "(no error)");
  EXPECT_EQ(range_error([](auto& c) { c.range.mean = 3; }),
            "column \"age\": a mean and a deviation belong to standard scaling; remove them, or choose it");
  EXPECT_EQ(
      range_error([](auto& c) {
        c.range = {18, 90, Scaling::Standard, 40, 0};
      }),
      "column \"age\": standard scaling by mean 40 and deviation 0 is impossible; give a deviation above 0");
  EXPECT_EQ(range_error([](auto& c) {
              c.range = {18, 1e12, Scaling::None};
            }),
            "column \"age\": numbers of [18, 1000000000000] are too large to compute with unscaled; choose "
            "unit scaling");
  EXPECT_EQ(range_error([](auto& c) { c.range = {18, 1e12, Scaling::Symmetric}; }), "(no error)");
}

TEST(Schema, BadValuesAreNamed) {
  const auto category_error = [](const std::function<void(CategoryCoding&)>& change) {
    return error(people(), [&](Schema& s) { change(coding<CategoryCoding>(s, 1)); });
  };
  EXPECT_EQ(category_error([](auto& c) { c.values = {}; }),
            "column \"job\": a category needs at least two values; add one, or drop the column");
  EXPECT_EQ(category_error([](auto& c) {
              c.values = {"a", "b", "a"};
            }),
            "column \"job\": the value \"a\" is listed twice; remove one");
  EXPECT_EQ(category_error([](auto& c) {
              c.values = {"a", ""};
            }),
            "column \"job\": a value of a category is empty; use a fill for missing cells");
  EXPECT_EQ(category_error([](auto& c) {
              c.other = false;
              c.fill = "clerk";
            }),
            "column \"job\": the fill \"clerk\" is not one of the values; add it to them");
  EXPECT_EQ(category_error([](auto& c) { c.fill = "clerk"; }), "(no error)");
  EXPECT_EQ(error(people(), [](Schema& s) { coding<BinaryCoding>(s, 2).one = "no"; }),
            "column \"member\": the two values \"no\" and \"no\" must differ and not be empty; correct them");
  EXPECT_EQ(error(people(), [](Schema& s) { coding<BinaryCoding>(s, 2).fill = "maybe"; }),
            "column \"member\": the fill \"maybe\" is neither \"no\" nor \"yes\"; choose one of them");
}

TEST(Schema, LabelsAndMetricsMustFit) {
  const Column number{"wage", NumberCoding()};
  EXPECT_EQ(error(people(), [](Schema& s) { std::get<CategoryCoding>(s.label->coding).fill = "low"; }),
            "column \"wage\": a label has no fill, since a missing one cannot be guessed; remove the fill");
  EXPECT_EQ(error(people(), [&](Schema& s) { s.label = number; }),
            "the metric accuracy does not fit the label \"wage\", which is a number; choose mse or mae");
  EXPECT_EQ(error(people(), [](Schema& s) { s.metric = Metric::Mae; }),
            "the metric mae does not fit the label \"wage\", which is no number; choose accuracy");
  EXPECT_EQ(error(people(), [](Schema& s) { s.metric = Metric::Auc; }),
            "the metric auc needs a binary label, and \"wage\" is a category; choose accuracy");
  EXPECT_EQ(error(images(), [](Schema& s) { s.metric = Metric::Auc; }), "(no error)");
  EXPECT_EQ(error(people(), [](Schema& s) { s.label.reset(); }), "(no error)");
}

TEST(Schema, ArraysNeedAShapeAndNoId) {
  EXPECT_EQ(error(images(), [](Schema& s) { s.shape.clear(); }),
            "the schema of an array needs the shape of one example, such as 1x28x28; give it");
  EXPECT_NE(error(images(), [](Schema& s) { s.shape = {3, 0}; }), "(no error)");
  EXPECT_EQ(error(images(), [](Schema& s) { s.id = "nr"; }),
            "arrays have no id column; remove \"nr\" from the schema");
  EXPECT_EQ(error(images(), [](Schema& s) { s.array->high = 0; }),
            "the array: the range [0, 0] is empty or infinite; give a lower and a higher bound");
}

TEST(Schema, WidthsNamesAndShapes) {
  EXPECT_EQ(feature_width(people()), 5u);
  EXPECT_EQ(feature_names(people()),
            (std::vector<std::string>{"age", "job=cook", "job=nurse", "job=(other)", "member"}));
  EXPECT_EQ(feature_shape(people()), (Shape{5}));
  EXPECT_EQ(target_width(people()), 3u);
  EXPECT_EQ(target_names(people()), (std::vector<std::string>{"wage=low", "wage=mid", "wage=high"}));
  EXPECT_EQ(feature_width(images()), 6u);
  EXPECT_EQ(feature_names(images()), (std::vector<std::string>{"x[0,0,0]", "x[0,0,1]", "x[0,0,2]", "x[0,1,0]",
                                                               "x[0,1,1]", "x[0,1,2]"}));
  EXPECT_EQ(feature_shape(images()), (Shape{1, 2, 3}));
  EXPECT_EQ(target_width(Schema{}), 0u);
}

TEST(Schema, EncodedNumbersLieInTheirRange) {
  const NumberCoding standard{{-10, 20, Scaling::Standard, 5, 2}, std::nullopt};
  EXPECT_EQ(encoded_range({"x", standard}), (EncodedRange{-7.5, 7.5}));
  EXPECT_EQ(encoded_range({"x", NumberCoding{{-10, 20, Scaling::None}, std::nullopt}}),
            (EncodedRange{-10, 20}));
  EXPECT_EQ(encoded_range({"x", NumberCoding{{-10, 20, Scaling::Unit}, std::nullopt}}), (EncodedRange{0, 1}));
  EXPECT_EQ(encoded_range({"x", CategoryCoding{{"a", "b"}, std::nullopt}}), (EncodedRange{0, 1}));
  EXPECT_EQ(encoded_range({"x", BinaryCoding{}}), (EncodedRange{0, 1}));
  Schema all;
  all.features = {{"a", NumberCoding{{2, 3, Scaling::None}, std::nullopt}}, {"b", standard}};
  EXPECT_EQ(feature_range(all), (EncodedRange{-7.5, 7.5}));
  all.features.pop_back();
  EXPECT_EQ(feature_range(all), (EncodedRange{2, 3})) << "no 0 is put in";
  EXPECT_EQ(target_range(all), EncodedRange());
  EXPECT_EQ(target_range(people()), (EncodedRange{0, 1}));
  EXPECT_EQ(feature_range(images()), (EncodedRange{images().array->encode(images().array->low),
                                                   images().array->encode(images().array->high)}));
}

TEST(Schema, ScalingsThereAndBack) {
  EXPECT_EQ((NumberRange{10, 20, Scaling::Unit}.encode(12.5)), 0.25);
  EXPECT_EQ((NumberRange{10, 20, Scaling::Symmetric}.encode(12.5)), -0.5);
  EXPECT_EQ((NumberRange{10, 20, Scaling::None}.encode(12.5)), 12.5);
  EXPECT_EQ((NumberRange{10, 20, Scaling::Standard, 14, 3}.encode(12.5)), -0.5);
  for (const Scaling scaling : {Scaling::None, Scaling::Unit, Scaling::Symmetric, Scaling::Standard}) {
    const NumberRange range{-3, 7, scaling, scaling == Scaling::Standard ? 1.5 : 0,
                            scaling == Scaling::Standard ? 2.5 : 1};
    for (const double value : {-3.0, 0.1, 7.0}) EXPECT_NEAR(range.decode(range.encode(value)), value, 1e-12);
    EXPECT_EQ(scaling_named(to_string(scaling)), scaling);
  }
}

TEST(Schema, NamesOfMetricsAndScalings) {
  for (const Metric metric : {Metric::Accuracy, Metric::Auc, Metric::LogLoss, Metric::Mse, Metric::Mae})
    EXPECT_EQ(metric_named(to_string(metric)), metric);
  const testing::ScratchFolder folder;
  EXPECT_EQ(testing::usage_error(folder, [] { metric_named("acuracy"); }),
            "there is no metric \"acuracy\"; the nearest is \"accuracy\", and all are accuracy, auc, "
            "log_loss, mse, mae");
  EXPECT_EQ(testing::usage_error(folder, [] { scaling_named("minmax"); }).substr(0, 26),
            "there is no scaling \"minma");
}

TEST(Schema, CanonicalTextIsStable) {
  EXPECT_EQ(canonical_text(people()),
            "tacit schema 1\n"
            "feature \"age\" number low=18 high=90 scaling=unit mean=0 deviation=1 fill=40\n"
            "feature \"job\" category \"cook\" \"nurse\" other fill=\"nurse\"\n"
            "feature \"member\" binary \"no\" \"yes\"\n"
            "label \"wage\" category \"low\" \"mid\" \"high\"\n"
            "id \"nr\"\n"
            "missing \"\" \"?\" \"NA\" \"NaN\" \"null\"\n"
            "metric accuracy\n");
  EXPECT_EQ(canonical_text(images()),
            "tacit schema 1\n"
            "array low=0 high=255 scaling=unit mean=0 deviation=1\n"
            "shape 1x2x3\n"
            "label \"digit\" binary \"0\" \"1\"\n"
            "missing \"\" \"?\" \"NA\" \"NaN\" \"null\"\n"
            "metric accuracy\n");
  Schema zero = images(), minus_zero = images();
  minus_zero.array->low = -0.0;
  EXPECT_EQ(zero, minus_zero);
  EXPECT_EQ(canonical_text(zero), canonical_text(minus_zero));
}

/// Small schemas, valid or not, that often differ little.
rc::Gen<Schema> any_schema() {
  return rc::gen::exec([] {
    const auto text =
        rc::gen::elementOf(std::vector<std::string>{"", "a", "b", "a\" \"b", "a\n", "other", "fill="});
    const auto texts = rc::gen::container<std::vector<std::string>>(text);
    const auto number = rc::gen::elementOf(std::vector<double>{0, 1, 0.1});
    const auto column = rc::gen::exec([=]() -> Column {
      const std::optional<std::string> fill = *rc::gen::maybe(text) ? std::optional(*text) : std::nullopt;
      switch (*rc::gen::inRange(0, 3)) {
        case 0:
          return {*text, NumberCoding{{*number, *number, static_cast<Scaling>(*rc::gen::inRange(0, 4))}, {}}};
        case 1:
          return {*text, CategoryCoding{*texts, fill, *rc::gen::arbitrary<bool>()}};
        default:
          return {*text, BinaryCoding{*text, *text, fill}};
      }
    });
    Schema schema;
    for (int n = *rc::gen::inRange(0, 3); n > 0; --n) schema.features.push_back(*column);
    if (*rc::gen::arbitrary<bool>()) schema.label = *column;
    schema.id = *text;
    schema.missing = *texts;
    return schema;
  });
}

RC_GTEST_PROP(SchemaProperty, CanonicalTextsAreEqualWhenSchemasAre, ()) {
  const auto a = *rc::gen::noShrink(any_schema()), b = *rc::gen::noShrink(any_schema());
  RC_ASSERT((a == b) == (canonical_text(a) == canonical_text(b)));
  const Schema copy = a;
  RC_ASSERT(copy == a && canonical_text(copy) == canonical_text(a));
}

}  // namespace
}  // namespace tacit
