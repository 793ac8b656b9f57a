// The database of customers: what it keeps, what it refuses, and what it does not tell.
#include "tacit/trace/customers.h"

#include <gtest/gtest.h>

#include "tacit/trace/testing/traced_world.h"

namespace tacit::trace {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

constexpr sealed::Seconds kThen = 1'800'000'000;

class CustomersTest : public ::testing::Test {
 protected:
  CopyHolder note(const std::string& customer, sealed::Seconds now = kThen) {
    return world.customers.note(world.original, bytes_of(world.text), 2, customer, world.vendor, now);
  }
  std::string refusal(const std::string& sql) {
    {
      const Database raw(world.folder.path("customers.db"), 0x74616366, 1, "-");
      raw.prepare(sql).run();
    }
    return usage_error(world.folder, [&] {
      const Customers customers(world.folder.path("customers.db"), Customers::Use::Read);
      for (const TracedModel& m : customers.models()) customers.holders(m.digest);
    });
  }
  TracedWorld world;
};

TEST_F(CustomersTest, KeepsWhoHasWhat) {
  const CopyHolder acme = note("ACME"), zweite = note("Zweite Müller AG", kThen + 5);
  EXPECT_EQ(acme.id.size(), 16u);
  EXPECT_NE(acme.id, zweite.id);
  EXPECT_EQ(note("ACME", kThen + 9).id, acme.id);
  const Customers again(world.folder.path("customers.db"), Customers::Use::Read);
  const auto models = again.models();
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].digest, world.original.digest());
  EXPECT_EQ(models[0].name, "a network");
  EXPECT_EQ(models[0].bytes, world.text.size());
  const auto holders = again.holders(models[0].digest);
  ASSERT_EQ(holders.size(), 2u);
  EXPECT_EQ(holders[0].name, "ACME");
  EXPECT_EQ(holders[0].made, kThen);
  EXPECT_EQ(holders[1].id, zweite.id);
  EXPECT_EQ(again.copies(), 2u);
  EXPECT_EQ(again.original(models[0], world.vendor).layers().size(), 3u);
}

TEST_F(CustomersTest, AModelOfItsOwnHasACodeOfItsOwn) {
  const CopyHolder acme = note("ACME");
  const std::string text = net(net_weights(2)).bytes();
  MemoryReader from(bytes_of(text));
  const OriginalModel second(from, text.size(), "another");
  EXPECT_EQ(world.customers.note(second, bytes_of(text), 2, "ACME", world.vendor, kThen).id, acme.id);
  EXPECT_EQ(world.customers.models().size(), 2u);
  EXPECT_EQ(world.customers.copies(), 2u);
  EXPECT_NE(code_for(world.vendor, world.original.digest(), 2).word(acme.id),
            code_for(world.vendor, second.digest(), 2).word(acme.id));
  // A copy of the second is no copy of the first.
  EXPECT_EQ(world.trace(net_weights(2)).model->name, "another");
}

TEST_F(CustomersTest, NothingOfAModelLiesInTheClear) {
  note("ACME");
  const float weight = static_cast<float>(world.own.at("d.weight")[0]);
  const std::string needle(reinterpret_cast<const char*>(&weight), sizeof weight);
  ASSERT_NE(world.text.find(needle), std::string::npos);
  for (const auto& entry : fs::recursive_directory_iterator(world.folder.path("")))
    if (entry.is_regular_file() && entry.path().extension() == ".sealed") {
      EXPECT_EQ(read_file(entry.path()).find(world.text.substr(0, 64)), std::string::npos);
      EXPECT_EQ(fs::status(entry.path()).permissions() & fs::perms::mask,
                fs::perms::owner_read | fs::perms::owner_write);
    }
  const TracedModel model = world.customers.models()[0];
  EXPECT_NE(usage_error(world.folder, [&] { world.customers.original(model, Identity::generate()); }),
            "(no error)");
}

TEST_F(CustomersTest, NamesAreChecked) {
  EXPECT_NE(usage_error(world.folder, [&] { note(""); }).find("no name for a customer"), std::string::npos);
  EXPECT_NE(usage_error(world.folder, [&] { note("a\nb"); }), "(no error)");
  EXPECT_EQ(world.customers.copies(), 0u);
}

TEST_F(CustomersTest, WhatSomebodyWroteIntoItIsChecked) {
  note("ACME");
  EXPECT_EQ(refusal("UPDATE model SET name = name"), "(no error)");
  const char* const kBad = "the database of customers cannot be used";
  EXPECT_NE(refusal("UPDATE customer SET name = 'a' || char(10)").find(kBad), std::string::npos);
  EXPECT_NE(refusal("UPDATE customer SET name = 'ACME', id = 'abc'").find(kBad), std::string::npos);
  EXPECT_EQ(refusal("UPDATE customer SET id = '00112233445566778899aabbccddeeff'"), "(no error)");
  EXPECT_NE(refusal("UPDATE copy SET made = -1").find(kBad), std::string::npos);
  EXPECT_NE(refusal("UPDATE model SET colluders = 1000000").find(kBad), std::string::npos);
  EXPECT_NE(refusal("UPDATE model SET colluders = 2, bytes = 0").find(kBad), std::string::npos);
  EXPECT_NE(refusal("UPDATE model SET bytes = 10, digest = '../../x'").find(kBad), std::string::npos);
}

TEST_F(CustomersTest, WhatIsNoDatabase) {
  const auto opened = [&](const fs::path& file) {
    return usage_error(world.folder, [&] { const Customers c(file, Customers::Use::Read); });
  };
  EXPECT_NE(opened(world.folder.write("none.db", "no database, and long enough to look like one")),
            "(no error)");
  const auto other = world.folder.path("other.db");
  { const Database d(other, 1, 1, "CREATE TABLE t (x INTEGER) STRICT"); }
  EXPECT_NE(opened(other).find("another program's"), std::string::npos);
}

}  // namespace
}  // namespace tacit::trace
