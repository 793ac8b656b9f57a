#include "tacit/base/json_number.h"

#include <gtest/gtest.h>

namespace tacit {
namespace {

using nlohmann::json;

TEST(JsonNumber, IsTakenWholeOrNotAtAll) {
  EXPECT_EQ(whole_number<std::uint64_t>(json::parse("18446744073709551615")), UINT64_MAX);
  EXPECT_EQ(whole_number<unsigned>(json::parse("4294967295")), UINT32_MAX);
  EXPECT_EQ(whole_number<int>(json(7)), 7) << "made, not parsed";
  for (const char* text :
       {"-1", "1.0", "5.5e30", "1e3", "18446744073709551616", "\"1\"", "true", "null", "[1]"})
    EXPECT_THROW(whole_number<std::uint64_t>(json::parse(text)), json::type_error) << text;
  EXPECT_THROW(whole_number<unsigned>(json::parse("4294967296")), json::type_error);
  EXPECT_THROW(whole_number<int>(json::parse("2147483648")), json::type_error);
}

TEST(JsonNumber, OfAnArrayEach) {
  using Numbers = std::vector<std::size_t>;
  EXPECT_EQ(whole_numbers<Numbers>(json::parse("[3, 0]")), (Numbers{3, 0}));
  for (const char* text : {"[3, 0.5]", "[3, -1]", "3", "{\"a\": 3}", "null"})
    EXPECT_THROW(whole_numbers<Numbers>(json::parse(text)), json::type_error) << text;
}

}  // namespace
}  // namespace tacit
