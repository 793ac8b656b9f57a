// Uploads of different columns: the hash of the ids comes as shares of its own, and is checked like the rows.
#include <gtest/gtest.h>

#include <map>

#include "tacit/job/testing/sample_job.h"
#include "tacit/job/testing/upload_run.h"
#include "tacit/mpc/table.h"

namespace tacit {
namespace {

using testing::Change;
using testing::flip;
using testing::not_found_out;
using testing::read_job_text;
using testing::run_upload;
using testing::ScratchFolder;
using testing::small_job_text;
using testing::UploadOutcome;

class ColumnUpload : public ::testing::Test {
 protected:
  ColumnUpload() {
    for (Endpoint& e : job_.owners)
      e.key = identities_.emplace(e.name, Identity::generate()).first->second.public_key();
    job_.data.holding = Holding::SomeColumns;
    job_.data.schema.id = "id";
  }
  UploadOutcome run(const std::string& owner, std::string_view rows, Change change = {}) {
    const DataFiles data{.features = folder_.write(owner + ".csv", rows)};
    return run_upload({job_, job_, owner, identities_.at(owner), data, folder_.path(""), std::move(change)});
  }
  /// The hash of an owner's ids, as the parties hold it.
  Words ids(const std::string& owner, std::string_view rows) {
    const UploadOutcome out = run(owner, rows);
    const auto& sets = protocol_named("aby3").component_sets;
    std::map<unsigned, RingTensor> components;
    Words total(kIdNumbers, 0);
    for (std::size_t p = 0; p < 3; ++p) {
      EXPECT_TRUE(out.uploads[p]) << out.said[p] << out.owner_said;
      if (!out.uploads[p]) return {};
      for (std::size_t i = 0; i < sets[p].size(); ++i) {
        const RingTensor& t = out.uploads[p]->ids.at(i);
        const auto [at, fresh] = components.emplace(sets[p][i], t);
        EXPECT_EQ(at->second.words, t.words) << "both holders of component " << sets[p][i];
        for (std::size_t k = 0; fresh && k < kIdNumbers; ++k) total[k] += t.data()[k];
      }
    }
    return total;
  }
  void expect_found(const Change& change, const std::string& why) {
    EXPECT_EQ(not_found_out(run("north", "id,a\np1,1\np2,2\np3,3\n", change), "north", why), "");
  }

  ScratchFolder folder_;
  std::map<std::string, Identity> identities_;
  Job job_ = read_job_text(folder_, small_job_text());
};

TEST_F(ColumnUpload, OfTheSameIdsTheHashIsTheSame) {
  const Words north = ids("north", "id,a\np1,1\np2,2\np3,3\n");
  EXPECT_EQ(north, ids("south", "b,id,sold\n1,p1,no\n2,p2,no\n3,p3,yes\n"));
  EXPECT_NE(north, ids("south", "b,id,sold\n1,p2,no\n2,p1,no\n3,p3,yes\n"));
  EXPECT_NE(north, ids("south", "b,id,sold\n1,p1,no\n2,p2,no\n3,p33,yes\n"));
  for (Word w : north) EXPECT_LT(w >> job_.fraction_bits, 65536u);
}

TEST_F(ColumnUpload, WrongIds) {
  const std::string why = "sent ids that do not have the digest it signed";
  expect_found(flip("owner.ids", 20), why);
  expect_found(flip("owner.ids", 20, 2), why);
  expect_found([](PartyId, std::string& tag, Bytes&) { return tag != "owner.ids"; }, why);
  const Change longer = [](PartyId, std::string& tag, Bytes& body) {
    if (tag == "owner.ids" && body.size() > sizeof(Digest)) body.resize(body.size() + 8);
    return true;
  };
  expect_found(longer, "sent ids that do not fit");
}

}  // namespace
}  // namespace tacit
