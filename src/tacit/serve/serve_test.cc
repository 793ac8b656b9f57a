#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"
#include "tacit/serve/deployment.h"
#include "tacit/serve/numbers.h"

namespace tacit {
namespace {

Deployment some_deployment() {
  Deployment d;
  d.name = "digits";
  d.face = {{32, 10}, {1, 8, 8}, 10, 32};
  d.activations = seco::ActivationBy::Garbled;
  for (const char* name : {"gateway", "remote-b"}) {
    d.servers.push_back({name,
                         {"127.0.0.1", static_cast<std::uint16_t>(7000 + d.servers.size())},
                         Identity::generate().public_key()});
  }
  d.users.push_back({"anna", {}, Identity::generate().public_key()});
  return d;
}

TEST(DeploymentFile, ComesBackFromItsDraft) {
  const testing::ScratchFolder folder;
  const Deployment d = some_deployment();
  const Deployment back = read_deployment(folder.write("d.toml", draft_of(d)));
  EXPECT_EQ(deployment_hash(back), deployment_hash(d));
  EXPECT_EQ(back.servers[1].address.port, 7001);
  EXPECT_EQ(back.face, d.face);
  EXPECT_EQ(back.activations, d.activations);
  EXPECT_EQ(back.endpoint("anna"), party_id(2));
  EXPECT_THROW(back.endpoint("ana"), UsageError);
}

TEST(DeploymentFile, MistakesAreToldWithTheirPlace) {
  const testing::ScratchFolder folder;
  const std::string good = draft_of(some_deployment());
  struct Mistake {
    std::string from, to, told;
  };
  for (const Mistake& m :
       {Mistake{"pool = 4", "pol = 4", "pool"}, Mistake{"pool = 4", "pool = 0", "pool"},
        Mistake{"pool_in = \"disk\"", "pool_in = \"disc\"", "'disk'"},
        Mistake{"bits = 32", "bits = 64", "bits"}, Mistake{"\"softspoken4\"", "\"softspoken\"", "softspoken"},
        Mistake{"activations = \"garbled\"", "activations = \"garble\"", "did you mean 'garbled'"},
        Mistake{"name = \"anna\"", "name = \"gateway\"", "two are called"},
        Mistake{"input = [1, 8, 8]", "input = []", "input"}}) {
    std::string text = good;
    const std::size_t at = text.find(m.from);
    ASSERT_NE(at, std::string::npos) << m.from;
    text.replace(at, m.from.size(), m.to);
    try {
      read_deployment(folder.write("d.toml", text));
      ADD_FAILURE() << m.to << " was taken";
    } catch (const UsageError& e) {
      EXPECT_NE(std::string(e.what()).find(m.told), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find("d.toml"), std::string::npos) << e.what();
    }
  }
}

TEST(DeploymentFile, ItsHashLeavesAddressesOut) {
  const Deployment d = some_deployment();
  Deployment other = d;
  other.servers[0].address.port = 1;
  EXPECT_EQ(deployment_hash(other), deployment_hash(d));
  other.pool_on_disk = false;
  EXPECT_NE(deployment_hash(other), deployment_hash(d));
  EXPECT_EQ(deployment_hash(read_deployment(testing::ScratchFolder().write("d.toml", draft_of(other)))),
            deployment_hash(other));
  other = d;
  other.users[0].key = Identity::generate().public_key();
  EXPECT_NE(deployment_hash(other), deployment_hash(d));
  other = d;
  other.activations = seco::ActivationBy::Gmw;
  EXPECT_NE(deployment_hash(other), deployment_hash(d));
}

TEST(QueryNumbers, AreNeverUsedTwice) {
  const testing::ScratchFolder folder;
  const auto state = folder.path("state");
  {
    QueryNumbers numbers(state);
    EXPECT_EQ(numbers.last(), 0u);
    numbers.use(3);
    EXPECT_THROW(numbers.use(3), UsageError);
    EXPECT_THROW(numbers.use(2), UsageError);
    numbers.use(4);
  }
  QueryNumbers again(state);
  EXPECT_EQ(again.last(), 4u);
  EXPECT_THROW(again.use(4), UsageError);
  // What a crash in the middle leaves does no harm.
  folder.write("state/last-query.part", "9");
  EXPECT_EQ(QueryNumbers(state).last(), 4u);
  folder.write("state/last-query", "four\n");
  EXPECT_THROW(QueryNumbers{state}, UsageError);
}

TEST(QueryNumbers, AFullOrClosedDiskIsTold) { EXPECT_THROW(QueryNumbers("/proc/nothing/here"), IoError); }

}  // namespace
}  // namespace tacit
