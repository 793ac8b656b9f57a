// The catalogue of data: what is put in comes back, is there for other processes and after a crash, and files
// that are no catalogue, or a tampered one, are refused.
#include "tacit/data/catalogue.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;
using testing::ScratchFolder;
using testing::usage_error;

CatalogueEntry sample(char digit) {
  CatalogueEntry e;
  e.id = std::string(32, digit);
  e.owner = "north";
  e.job_name = "readmission";
  e.job = std::string(64, 'a');
  e.session = std::string(64, 'b');
  e.upload = std::string(32, 'c');
  e.begun = 1000;
  e.ended = 1000;
  return e;
}

void expect_same(const CatalogueEntry& a, const CatalogueEntry& b) {
  EXPECT_EQ(std::tie(a.id, a.owner, a.job_name, a.job, a.session, a.upload, a.digest),
            std::tie(b.id, b.owner, b.job_name, b.job, b.session, b.upload, b.digest));
  EXPECT_EQ(std::tie(a.rows, a.test_rows, a.width, a.bytes, a.holds, a.begun, a.ended),
            std::tie(b.rows, b.test_rows, b.width, b.bytes, b.holds, b.begun, b.ended));
}

class CatalogueTest : public ::testing::Test {
 protected:
  fs::path file() const { return folder_.path("data.sqlite"); }
  Catalogue open(Catalogue::Use use = Catalogue::Use::Write) const { return {file(), use}; }
  /// Anything in it, as somebody with another program could write it.
  void tamper(std::string_view sql) const {
    const Database d(file(), 0x74616364, 1, "unused");
    d.prepare(sql).run();
  }

  ScratchFolder folder_;
};

TEST_F(CatalogueTest, WhatIsPutInComesBack) {
  CatalogueEntry one = sample('1'), two = sample('2');
  two.owner = "south'; DROP TABLE upload; --";
  {
    Catalogue c = open();
    EXPECT_TRUE(c.entries().empty());
    c.add(one);
    c.add(two);
    one.rows = std::uint64_t{1} << 40;
    one.test_rows = 7;
    one.width = 12;
    one.bytes = 99;
    one.digest = std::string(64, 'd');
    one.holds = Holds::Whole;
    one.ended = 2000;
    c.change(one);
  }
  Catalogue c = open(Catalogue::Use::Read);
  const auto all = c.entries();
  ASSERT_EQ(all.size(), 2u);
  expect_same(all[0], one);
  expect_same(all[1], two);
  expect_same(c.find(two.id).value(), two);
  EXPECT_FALSE(c.find(std::string(32, '3')));
  EXPECT_EQ(fs::status(file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(CatalogueTest, IdsAreUsedOnceAndReadersWriteNothing) {
  Catalogue c = open();
  c.add(sample('1'));
  EXPECT_THROW(c.add(sample('1')), UsageError);
  EXPECT_THROW(c.change(sample('2')), UsageError);
  // Another process reads meanwhile, and sees what was committed.
  Catalogue reading = open(Catalogue::Use::Read);
  EXPECT_EQ(reading.entries().size(), 1u);
  c.add(sample('2'));
  EXPECT_EQ(reading.entries().size(), 2u);
  EXPECT_ANY_THROW(reading.add(sample('3')));
  EXPECT_EQ(c.entries().size(), 2u);
}

TEST_F(CatalogueTest, WhatIsNoCatalogueIsRefused) {
  EXPECT_THROW(open(Catalogue::Use::Read), IoError) << "there is none";
  folder_.write("data.sqlite", "a,b\n1,2\n" + std::string(5000, 'x'));
  EXPECT_NE(usage_error(folder_, [&] { open(); }).find("it is damaged, or another program's"),
            std::string::npos);
  EXPECT_NE(usage_error(folder_, [&] { open(Catalogue::Use::Read); }).find("another program's"),
            std::string::npos);
  fs::remove(file());
  { const Database other(file(), 77, 1, "CREATE TABLE t (x INTEGER) STRICT"); }
  EXPECT_NE(usage_error(folder_, [&] { open(); }).find("it is another program's"), std::string::npos);
  fs::remove(file());
  { const Database newer(file(), 0x74616364, 2, "CREATE TABLE t (x INTEGER) STRICT"); }
  EXPECT_NE(usage_error(folder_, [&] { open(); }).find("was written by a newer tacit"), std::string::npos);
  fs::remove(file());
  fs::create_symlink(folder_.path("elsewhere"), file());
  EXPECT_THROW(open(), IoError);
  EXPECT_FALSE(fs::exists(folder_.path("elsewhere")));
}

TEST_F(CatalogueTest, WhatSomebodyWroteIntoItIsCheckedBeforeUse) {
  open().add(sample('1'));
  const char* changes[] = {
      "UPDATE upload SET id = '../../elsewhere/0123456789abcdef'",
      "UPDATE upload SET id = ''",
      "UPDATE upload SET session = 'b'",
      "UPDATE upload SET digest = 'zz'",
      "UPDATE upload SET rows = -1",
      "UPDATE upload SET holds = 'somewhere'",
  };
  for (const char* change : changes) {
    fs::remove(file());
    open().add(sample('1'));
    tamper(change);
    EXPECT_NE(usage_error(folder_, [&] { open().entries(); }).find("cannot be used"), std::string::npos)
        << change;
  }
}

TEST(Database, ATransactionIsWholeOrNothing) {
  const ScratchFolder folder;
  const Database d(folder.path("x"), 5, 1, "CREATE TABLE t (x INTEGER NOT NULL) STRICT");
  const auto rows = [&] {
    Statement s = d.prepare("SELECT count(*) FROM t");
    EXPECT_TRUE(s.step());
    return s.number(0);
  };
  try {
    const Transaction all(d);
    d.prepare("INSERT INTO t VALUES (?)").bind(0, std::int64_t{1}).run();
    EXPECT_EQ(rows(), 1);
    throw UsageError("in between");
  } catch (const UsageError&) {}
  EXPECT_EQ(rows(), 0);
  {
    Transaction all(d);
    d.prepare("INSERT INTO t VALUES (?)").bind(0, std::int64_t{1}).run();
    all.commit();
  }
  EXPECT_EQ(rows(), 1);
  EXPECT_THROW(d.prepare("SELECT y FROM t"), UsageError);
  Statement s = d.prepare("SELECT x FROM t");
  ASSERT_TRUE(s.step());
  EXPECT_THROW(s.text(0), UsageError);
}

}  // namespace
}  // namespace tacit
