// CSV: the dialects that people have, exact messages for what is none, and round trips of random tables.
#include <gtest/gtest.h>
// After GoogleTest, which it extends.
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tacit/data/csv.h"
#include "tacit/data/testing/files.h"
#include "tacit/data/write.h"

namespace tacit {
namespace {

using Row = std::vector<std::string>;
using Table = std::vector<Row>;
using testing::usage_error;

/// The header and all rows.
Table read_table(const std::filesystem::path& path, char delimiter = ',') {
  CsvReader reader(open_bytes(path), delimiter);
  Table table{reader.header()};
  while (reader.next_row()) table.emplace_back(reader.fields().begin(), reader.fields().end());
  return table;
}

class CsvTest : public ::testing::Test {
 protected:
  Table parsed(std::string_view text, char delimiter = ',') {
    return read_table(folder_.write("t.csv", text), delimiter);
  }
  std::string error(std::string_view text) {
    return usage_error(folder_, [&] { parsed(text); });
  }
  testing::ScratchFolder folder_;
};

TEST_F(CsvTest, EveryLineEndGivesTheSameTable) {
  const Table table{{"a", "b"}, {"1", "2"}, {"3", "4"}};
  for (const char* text :
       {"a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4", "a,b\r1,2\r3,4\r",
        "\xef\xbb\xbf"
        "a,b\n1,2\n3,4\n",
        "\n\na,b\n\n1,2\r\n \t \r\n3,4\n\n\n", " a ,\tb\n1, 2 \n3 ,4\n"})
    EXPECT_EQ(parsed(text), table) << text;
  EXPECT_EQ(parsed(testing::gzipped("a,b\n1,2\n3,4\n")), table);
}

TEST_F(CsvTest, QuotesKeepDelimitersLineEndsSpacesAndQuotes) {
  EXPECT_EQ(parsed("a,b\n\"1,5\",\"x\ny\"\n\" s \",\"say \"\"hi\"\"\"\n\"\" , \"r\rn\r\n\" \n"),
            (Table{{"a", "b"}, {"1,5", "x\ny"}, {" s ", "say \"hi\""}, {"", "r\rn\r\n"}}));
}

TEST_F(CsvTest, OtherDelimitersLeaveCommasAlone) {
  EXPECT_EQ(parsed("a;b\n1,5;2\n", ';'), (Table{{"a", "b"}, {"1,5", "2"}}));
  EXPECT_EQ(parsed("a\tb\tc\n\t x \t\n", '\t'), (Table{{"a", "b", "c"}, {"", "x", ""}}));
  EXPECT_EQ(usage_error(folder_, [&] { parsed("a\n", '"'); }),
            "\"\\\"\" cannot separate the fields of a CSV file; choose a comma, a semicolon or a tab");
}

TEST_F(CsvTest, EmptyFieldsCountAndALoneQuotedOneIsARow) {
  EXPECT_EQ(parsed("a,b,c\n,,\n1,,3\n"), (Table{{"a", "b", "c"}, {"", "", ""}, {"1", "", "3"}}));
  EXPECT_EQ(parsed("a\n\"\"\n\nx\n"), (Table{{"a"}, {""}, {"x"}}));
  EXPECT_EQ(parsed("a,b"), (Table{{"a", "b"}}));
}

TEST_F(CsvTest, LinesAreCountedAsAnEditorDoes) {
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    CsvReader reader(
        open_bytes(folder_.write("t.csv", "a,b" + end + end + "1,\"x" + end + "y\"" + end + "3,4" + end)));
    ASSERT_TRUE(reader.next_row());
    EXPECT_EQ(reader.line(), 3u);
    ASSERT_TRUE(reader.next_row());
    EXPECT_EQ(reader.line(), 5u);
    EXPECT_FALSE(reader.next_row());
    EXPECT_FALSE(reader.next_row());
  }
}

TEST_F(CsvTest, WhatIsNoTableIsNamed) {
  EXPECT_EQ(error(""), "t.csv is empty; its first line must name the columns");
  EXPECT_EQ(error(" \n\n"), "t.csv is empty; its first line must name the columns");
  EXPECT_EQ(error("a,b\n1,2\n\n3\n"),
            "t.csv, line 4: 2 fields are expected, as in the header, and the row has 1; correct the row, or "
            "quote a field that holds the delimiter");
  EXPECT_EQ(error("a,b\n1,2,3\n"),
            "t.csv, line 2: 2 fields are expected, as in the header, and the row has 3; correct the row, or "
            "quote a field that holds the delimiter");
  EXPECT_EQ(error("a,b, a\n"), "t.csv, line 1: two columns are called \"a\"; give each its own name");
  EXPECT_EQ(error("a,b\n1,\"2\n3,4\n"),
            "t.csv, line 2: the quote that opens a field here never closes; close it");
  EXPECT_EQ(error("a,b\n1,\"2\"3\n"),
            "t.csv, line 2: text follows the closing quote of a field; write a quote inside quotes twice");
  EXPECT_EQ(error("a,b\n1,2\n5\" pipe,4\n"),
            "t.csv, line 3: a quote stands inside a field without quotes; quote the field and write the "
            "quote twice");
  EXPECT_EQ(error(std::string_view("a,b\n1,\0\n", 8)),
            "t.csv, line 2: a zero byte; save the table as CSV in UTF-8");
  EXPECT_EQ(error("\xff\xfe"
                  "a"),
            "t.csv is UTF-16 text; save the table as CSV in UTF-8");
}

TEST_F(CsvTest, UnnamedColumnsAreAllowed) { EXPECT_EQ(parsed(",a,\n0,1,2\n")[0], (Row{"", "a", ""})); }

TEST_F(CsvTest, EndlessRowsAreRefused) {
  EXPECT_EQ(error(std::string((std::size_t{64} << 20) + 1, 'x')),
            "t.csv, line 1: the row is longer than 64 MiB; look for a quote that never closes, or for "
            "another line end");
  EXPECT_EQ(error(std::string(std::size_t{1} << 20, ',')),
            "t.csv, line 1: the row has more than 1048576 fields; is this a table?");
}

TEST_F(CsvTest, ATruncatedTableIsReadUpToTheCutOrRefused) {
  const std::string whole = "a,b\n\"x,\"\"1\",2\n3,\"4\r\n\"\n";
  const Table table = parsed(whole);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Table part;
    const std::string message = usage_error(folder_, [&] { part = parsed(whole.substr(0, size)); });
    if (message != "(no error)") continue;
    // Only the last row's end can be missing from what is read.
    for (std::size_t i = 0; i + 1 < part.size(); ++i) EXPECT_EQ(part[i], table[i]) << size;
    EXPECT_LE(part.size(), table.size());
  }
  // Within quotes, or before the second field, the cut shows.
  for (const std::size_t size : {0, 5, 6, 7, 8, 9, 10, 11, 15, 17, 18, 19, 20})
    EXPECT_NE(error(whole.substr(0, size)), "(no error)") << size;
}

/// Cells of the characters that matter.
rc::Gen<std::string> cell() {
  return rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("ab7 ,;\"\r\n\t\xef\xbb\xbf\xff\xfe")));
}

RC_GTEST_PROP(CsvProperty, WrittenTablesReadBack, ()) {
  const testing::ScratchFolder folder;
  const auto width = *rc::gen::inRange<std::size_t>(1, 5);
  const auto row = rc::gen::container<Row>(width, cell());
  Row header = *row;
  for (std::size_t i = 0; i < width; ++i) header[i] += std::to_string(i);  // names differ
  const Table rows = *rc::gen::container<Table>(row);
  write_csv(folder.path("t.csv"), header, rows);
  Table expected{header};
  expected.insert(expected.end(), rows.begin(), rows.end());
  RC_ASSERT(read_table(folder.path("t.csv")) == expected);
}

RC_GTEST_PROP(CsvProperty, AnyBytesAreATableOrAUsageError, ()) {
  const testing::ScratchFolder folder;
  const auto text = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::elementOf(std::string("a,\"\r\n ")), rc::gen::arbitrary<char>()));
  const auto path = folder.write("t.csv", text);
  try {
    const Table table = read_table(path);
    for (const Row& row : table) RC_ASSERT(row.size() == table[0].size());
  } catch (const UsageError&) {}
}

TEST_F(CsvTest, WriterQuotesOnlyWhereNeeded) {
  write_csv(folder_.path("w.csv"), Row{"id", "text"},
            Table{{"1", "plain words"}, {"", "a,b"}, {"2", "\"q\""}, {"3", " s"}});
  EXPECT_EQ(testing::read_file(folder_.path("w.csv")),
            "id,text\n1,plain words\n,\"a,b\"\n2,\"\"\"q\"\"\"\n3,\" s\"\n");
}

TEST_F(CsvTest, WriterRefusesWhatItCannotWrite) {
  CsvWriter writer(folder_.path("w.csv"), Row{"a", "b"});
  EXPECT_EQ(usage_error(folder_, [&] { writer.write_row(Row{"1"}); }),
            "a row of 1 cells cannot be written to w.csv, which has 2 columns");
  EXPECT_EQ(usage_error(folder_,
                        [&] {
                          writer.write_row(Row{"1", std::string(1, '\0')});
                        }),
            "the cell \"\\x00\" holds a zero byte, which w.csv cannot");
  EXPECT_THROW(CsvWriter(folder_.path("none/w.csv"), Row{"a"}), IoError);
  if (std::filesystem::exists("/dev/full")) {
    CsvWriter full("/dev/full", Row{"a"});
    EXPECT_THROW(full.close(), IoError);
  }
}

}  // namespace
}  // namespace tacit
