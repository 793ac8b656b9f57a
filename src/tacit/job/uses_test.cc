// The count of questions beside a model: it is kept, belongs to one training, and the highest party's holds.
#include "tacit/job/uses.h"

#include <gtest/gtest.h>

#include <mutex>

#include "tacit/job/testing/sample_job.h"
#include "tacit/party/testing/session.h"

namespace tacit {
namespace {

using testing::read_job_text;
using testing::run_parties;
using testing::ScratchFolder;
using testing::small_job_text;
using testing::usage_error;

const Digest kTraining = sha256(bytes_of("a training")), kOther = sha256(bytes_of("another"));

class UsesTest : public ::testing::Test {
 protected:
  ScratchFolder folder_;
  Job job_ = read_job_text(folder_, small_job_text());
  Uses some() const {
    Uses out;
    for (std::size_t i = 0; i < job_.releases.size(); ++i) out.push_back(i + 3);
    return out;
  }
};

TEST_F(UsesTest, IsKeptForOneTraining) {
  const Uses none(job_.releases.size(), 0);
  EXPECT_EQ(load_uses(job_, kTraining, folder_.path("state")), none);
  store_uses(job_, kTraining, some(), folder_.path("state"));
  EXPECT_EQ(load_uses(job_, kTraining, folder_.path("state")), some());
  EXPECT_EQ(load_uses(job_, kOther, folder_.path("state")), none);
}

TEST_F(UsesTest, DamageIsTold) {
  const std::string whole = "{\"training\": \"" + to_hex(kTraining) + "\", \"used\": {}}";
  for (const std::string& text :
       {whole.substr(0, 20), std::string("[]"), std::string("{}"), std::string("{\"training\": 3}"),
        "{\"training\": \"" + to_hex(kTraining) + "\", \"used\": 3}",
        "{\"training\": \"" + to_hex(kTraining) + "\", \"used\": {\"" + job_.releases[0].what + "\": 6e33}}",
        "{\"training\": \"" + to_hex(kTraining) + "\", \"used\": {\"" + job_.releases[0].what + "\": -1}}"}) {
    folder_.write("model.uses", text);
    const std::string said =
        usage_error(folder_, [&] { load_uses(job_, kTraining, folder_.path("model.uses").parent_path()); });
    EXPECT_NE(said.find("is damaged"), std::string::npos) << text << ": " << said;
  }
}

TEST_F(UsesTest, TheHighestCountHolds) {
  std::mutex mutex;
  std::vector<Uses> agreed;
  run_parties(3, [&](Party& party) {
    Uses own(3, 1);
    own[index(party.id())] = 5 + index(party.id());
    const Uses all = agree_on_uses(party, own);
    const std::lock_guard lock(mutex);
    agreed.push_back(all);
  });
  EXPECT_EQ(agreed, std::vector<Uses>(3, Uses{5, 6, 7}));
}

}  // namespace
}  // namespace tacit
