// The conformance suite of operators: every operator of the table, every row of testing/*_cases.cc.
#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/nn/testing/check_op.h"

namespace tacit::nn {
namespace {

class Operator : public ::testing::TestWithParam<const Op*> {};

TEST_P(Operator, IsWhatItSays) {
  const Op* op = GetParam();
  std::vector<testing::OpCase> rows;
  for (auto& row : testing::all_cases())
    if (row.op == op) rows.push_back(std::move(row));
  ASSERT_FALSE(rows.empty()) << op->name << " has no row in the conformance tables";
  const std::size_t derivatives = testing::check(rows);
  EXPECT_EQ(derivatives > 0, op->backward != nullptr) << op->name << " has a gradient that no row checks";
}

INSTANTIATE_TEST_SUITE_P(Nn, Operator, ::testing::ValuesIn(all_ops().begin(), all_ops().end()),
                         [](const auto& row) { return std::string(row.param->name); });

TEST(Operators, AreFoundByNameAndSorted) {
  std::string_view before;
  for (const Op* op : all_ops()) {
    EXPECT_LT(before, op->name);
    EXPECT_EQ(find_op(op->name), op);
    EXPECT_FALSE(op->summary.empty());
    before = op->name;
  }
  EXPECT_EQ(find_op("Nothing"), nullptr);
}

TEST(Operators, RefuseWhatDoesNotFit) {
  for (const auto& use : testing::bad_uses()) {
    try {
      use.op->shape(use.in, use.attrs);
      ADD_FAILURE() << use.op->name << " accepted what should say: " << use.says;
    } catch (const UsageError& e) {
      EXPECT_NE(std::string(e.what()).find(use.says), std::string::npos)
          << use.op->name << " says: " << e.what();
    }
  }
}

}  // namespace
}  // namespace tacit::nn
