// A party's shares of a model on disk: another session restores the same model from them, and what is
// damaged, missing or another job's is refused.
#include "tacit/job/model_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tacit/job/testing/sample_job.h"
#include "tacit/mpc/table.h"
#include "tacit/party/testing/session.h"
#include "tacit/secret/gate.h"

namespace tacit {
namespace {

using testing::read_file;
using testing::read_job_text;
using testing::run_parties;
using testing::ScratchFolder;
using testing::small_job_text;
using testing::usage_error;

const Digest kSession = sha256(bytes_of("the session that trained"));

class ModelStore : public ::testing::Test {
 protected:
  /// Runs a body at every party of a session, with an engine of its own.
  void session(const std::function<void(fn::Ctx&, Party&)>& body) {
    run_parties(
        3,
        [&](Party& party) {
          const auto engine = protocol_named("aby3").make(party, profile_named("lan"));
          fn::Ctx ctx{*engine, job_.fraction_bits};
          body(ctx, party);
        },
        testing::CoinsKind::Fresh);
  }
  std::filesystem::path state(const Party& party) const { return folder_.path(party.name(party.id())); }
  /// Numbers of a secret, told to all parties.
  static std::vector<double> told(fn::Ctx& ctx, const Secret<Real>& secret) {
    const std::vector<std::string> names{"party0", "party1", "party2"};
    RevealPolicy policy({{"it", names, "a test looks at it", 1}}, names);
    Ledger ledger;
    return Gate::reveal(ctx.mpc, ledger, secret, policy.permit("it")).opened.value().values;
  }
  void store() {
    session([&](fn::Ctx& ctx, Party& party) {
      // Real shares, as after training: a product of secrets is shared afresh.
      nn::Parameters parameters = nn::initial_parameters(ctx, graph_);
      for (auto& p : parameters) p = fn::trunc(ctx, fn::mul(ctx, p, p));
      store_model(ctx, job_, graph_, parameters, kSession, state(party));
    });
  }
  std::string load_error(const Job& job, const std::filesystem::path& folder) {
    std::string message;
    session([&](fn::Ctx& ctx, Party& party) {
      const std::string said = usage_error(folder_, [&] { load_model(ctx, job, graph_, folder); });
      if (index(party.id()) == 0) message = said;
    });
    return message;
  }

  ScratchFolder folder_;
  Job job_ = read_job_text(folder_, small_job_text());
  nn::Graph graph_ = build_model(job_);
};

TEST_F(ModelStore, AnotherSessionRestoresTheModel) {
  store();
  session([&](fn::Ctx& ctx, Party& party) {
    const StoredModel model = load_model(ctx, job_, graph_, state(party));
    EXPECT_EQ(model.session, kSession);
    const nn::Parameters& parameters = model.parameters;
    const auto ids = graph_.parameters();
    ASSERT_EQ(parameters.size(), ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const PublicTensor& initial = graph_.values[ids[i]].initial;
      ASSERT_EQ(parameters[i].shape(), initial.shape);
      const auto values = told(ctx, parameters[i]);
      for (std::size_t k = 0; k < values.size(); ++k)
        EXPECT_NEAR(values[k], initial.values[k] * initial.values[k], 1e-3);
    }
  });
}

TEST_F(ModelStore, SharesOfDifferentTrainingsDoNotMix) {
  session([&](fn::Ctx&, Party& party) { require_same_training(party, kSession); });
  session([&](fn::Ctx&, Party& party) {
    const bool odd = index(party.id()) == 1;
    const std::string message =
        usage_error(folder_, [&] { require_same_training(party, odd ? Digest{} : kSession); });
    EXPECT_NE(message.find("party1"), std::string::npos) << message;
    EXPECT_NE(message.find("from different trainings"), std::string::npos) << message;
  });
}

TEST_F(ModelStore, NoFolderMeansNoFile) {
  session([&](fn::Ctx& ctx, Party&) {
    store_model(ctx, job_, graph_, nn::initial_parameters(ctx, graph_), kSession, {});
  });
  EXPECT_FALSE(std::filesystem::exists("model.share"));
}

TEST_F(ModelStore, RefusesAMissingModel) {
  EXPECT_EQ(load_error(job_, folder_.path("empty")),
            "there is no trained model in 'empty': run 'tacit train' first");
}

TEST_F(ModelStore, RefusesAnotherJobs) {
  store();
  Job other = job_;
  other.training.epochs = 2;
  EXPECT_EQ(load_error(other, folder_.path("party0")), "the model in 'party0' was trained by another job");
}

TEST_F(ModelStore, RefusesAnotherPartys) {
  store();
  EXPECT_EQ(load_error(job_, folder_.path("party1")),
            "the model share in 'party1' is another party's: put the right state folder back");
}

TEST_F(ModelStore, RefusesEveryDamage) {
  store();
  const std::string sound = read_file(folder_.path("party0/model.share"));
  const std::string damaged = "the model share 'bad/model.share' is damaged: train again";
  std::filesystem::create_directory(folder_.path("bad"));
  std::vector<std::string> contents;
  for (std::size_t at :
       {std::size_t{0}, std::size_t{20}, std::size_t{46}, sound.size() / 2, sound.size() - 1}) {
    contents.push_back(sound);
    contents.back()[at] = static_cast<char>(contents.back()[at] ^ 1);
  }
  for (std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{60}, sound.size() - 1})
    contents.push_back(sound.substr(0, size));
  contents.push_back(sound + "x");
  // Another number of parts, under a right digest.
  std::string parts = sound.substr(0, sound.size() - sizeof(Digest));
  parts[14 + 2 * sizeof(Digest) + 8] = 3;
  contents.push_back(parts + std::string(text_of(sha256(bytes_of(parts)))));
  session([&](fn::Ctx& ctx, Party& party) {
    if (index(party.id()) != 0) return;
    for (const std::string& content : contents) {
      folder_.write("bad/model.share", content);
      EXPECT_EQ(usage_error(folder_, [&] { load_model(ctx, job_, graph_, folder_.path("bad")); }), damaged)
          << content.size();
    }
  });
}

TEST_F(ModelStore, SharesLookRandom) {
  // Two runs of the same training store other shares of the same model.
  store();
  const std::string first = read_file(folder_.path("party0/model.share"));
  store();
  const std::string second = read_file(folder_.path("party0/model.share"));
  ASSERT_EQ(first.size(), second.size());
  std::size_t same = 0;
  constexpr std::size_t kHead = 14 + 32 + 32 + 8 + 8;
  for (std::size_t i = kHead; i < first.size(); ++i) same += first[i] == second[i];
  EXPECT_LT(same, (first.size() - kHead) / 2);
}

}  // namespace
}  // namespace tacit
