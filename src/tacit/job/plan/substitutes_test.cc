// Substitutes are named for the dearest layers, save what they say, and fit the model they are for.
#include "tacit/job/plan/substitutes.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/job/testing/sample_job.h"

namespace tacit::planning {
namespace {

using tacit::testing::read_job_text;
using tacit::testing::ScratchFolder;

/// A job on images of 12 by 12, with these layers.
Job image_job(const std::string& model) {
  std::string t = "[job]\nname = \"images\"\n";
  for (const char* name : {"alpha", "beta", "gamma"})
    t += fmt::format("[[party]]\nname = \"{}\"\naddress = \"127.0.0.1:1\"\nkey = \"\"\n", name);
  t += R"([[owner]]
name = "north"
key = ""
[data]
shape = [1, 12, 12]
array = { range = [0, 255] }
label = { name = "sort", type = "category", values = ["x", "y", "z"] }
)" + model +
       R"([training]
epochs = 2
batch = 32
)";
  const ScratchFolder folder;
  return read_job_text(folder, t, Keys::MadeLater);
}
std::string layers(std::initializer_list<std::string_view> list) {
  std::string out = "[model]\n";
  for (const std::string_view l : list) out += fmt::format("[[model.layer]]\n{}\n", l);
  return out;
}

const Rows kRows{320};
const Conditions kFar{.link = {0.02, 12.5e6}, .shared = false, .processors = 2};
/// Computing takes no time: what is cheaper is so by what it sends.
const StepTimes kNoTime{32, 1, 1, {}};
StepTimes no_time(const Job&, const nn::Graph&) { return kNoTime; }

JobPlan plan_of(const Job& job) { return plan_job(job, build_model(job), kRows, kNoTime, kFar); }
std::vector<Saving> cheaper_than(const Job& job) {
  return cheaper(job, build_model(job), plan_of(job), kNoTime, no_time);
}

/// The saving that the plan of a job says, if it is changed by hand.
void expect_saves(const Job& job, const std::string& from, const std::string& to, const Job& by_hand) {
  const JobPlan now = plan_of(job), then = plan_of(by_hand);
  const auto all = cheaper_than(job);
  const auto s = std::find_if(all.begin(), all.end(), [&](const Saving& x) { return x.from == from; });
  ASSERT_NE(s, all.end()) << from;
  EXPECT_EQ(s->to, to);
  EXPECT_EQ(s->bytes_before, now.bytes());
  EXPECT_EQ(s->bytes_after, then.bytes());
  EXPECT_EQ(s->rounds_after, then.rounds());
  EXPECT_DOUBLE_EQ(s->seconds_after, then.seconds());
  EXPECT_LT(s->bytes_after, s->bytes_before);
  EXPECT_LT(s->seconds_after, s->seconds_before);
}

TEST(Substitutes, AreCheaperAsAPlanOfThemSays) {
  const std::string_view conv = "kind = \"conv2d\"\nchannels = 4\nkernel = 3", dense = "kind = \"dense\"";
  const auto pooled = [&](std::string_view pool) {
    return image_job(
        layers({conv, fmt::format("kind = \"{}\"\nkernel = 2", pool), "kind = \"relu\"", dense}));
  };
  expect_saves(pooled("max_pool"), "max_pool1 (max_pool)", "an average_pool of the same windows",
               pooled("average_pool"));
  const auto activated = [&](std::string_view activation) {
    return image_job(layers({"kind = \"dense\"\nunits = 3", activation, dense}));
  };
  expect_saves(activated("kind = \"elu\""), "elu1 (elu)", "a relu", activated("kind = \"relu\""));
}

TEST(Substitutes, OfWideLayersAreNarrower) {
  const auto wide = [](int units) {
    return image_job(
        layers({fmt::format("kind = \"dense\"\nunits = {}", units), "kind = \"relu\"", "kind = \"dense\""}));
  };
  const JobPlan now = plan_of(wide(64)), then = plan_of(wide(32));
  const auto all = cheaper_than(wide(64));
  ASSERT_FALSE(all.empty());
  const bool found = std::any_of(all.begin(), all.end(), [&](const Saving& s) {
    return s.bytes_after == then.bytes() && s.to == "32 units instead of 64";
  });
  EXPECT_TRUE(found);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].layer.empty()) continue;
    EXPECT_LT(all[i].bytes_after, now.bytes());
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(all[i].bytes_after, all[k].bytes_after) << "named once";
  }
}

TEST(Substitutes, OfNetworksByNameAreAtMostThreeLayers) {
  for (const char* network : {"A", "D", "mlp"}) {
    const Job job = image_job(fmt::format("[model]\nnetwork = \"{}\"\n", network));
    const auto all = cheaper_than(job);
    const auto of_layers =
        std::count_if(all.begin(), all.end(), [](const Saving& s) { return !s.layer.empty(); });
    EXPECT_GE(of_layers, 1) << network;
    EXPECT_LE(of_layers, 3) << network;
    for (const Saving& s : all) {
      if (!s.layer.empty()) { EXPECT_LT(s.bytes_after, s.bytes_before) << words(s); }
      EXPECT_LT(s.seconds_after, 1.02 * s.seconds_before) << words(s);
      EXPECT_EQ(to_json(s).at("words"), words(s));
    }
  }
}

TEST(Substitutes, ADenseLayerOnAnImageMayBecomeAConvolution) {
  const Job job = image_job("[model]\nnetwork = \"A\"\n");
  const nn::Graph graph = build_model(job);
  const auto variants = variants_of(job, graph, "dense1");
  const auto conv = std::find_if(variants.begin(), variants.end(),
                                 [](const Variant& v) { return v.to.starts_with("a conv2d of 5 channels"); });
  ASSERT_NE(conv, variants.end());
  EXPECT_EQ(conv->graph.nodes[0].op->name, "Conv");
  EXPECT_LT(conv->graph.parameter_count(), graph.parameter_count());
  // Of nodes that belong to no layer there is none.
  EXPECT_TRUE(variants_of(job, graph, "nothing").empty());
}

TEST(Substitutes, OfAnImportedModelAreOtherOperators) {
  Job job = image_job(layers({"kind = \"conv2d\"\nchannels = 4\nkernel = 3",
                              "kind = \"max_pool\"\nkernel = 2", "kind = \"sigmoid\"", "kind = \"dense\""}));
  const nn::Graph graph = build_model(job);
  job.model.file = "some.onnx";  // its nodes are all that is known of it
  const auto pool = variants_of(job, graph, "max_pool1");
  ASSERT_EQ(pool.size(), 1u);
  EXPECT_EQ(pool[0].graph.nodes[1].op->name, "AveragePool");
  EXPECT_EQ(pool[0].graph.nodes[1].attrs.integers("kernel_shape"), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(variants_of(job, graph, "sigmoid1").at(0).to, "HardSigmoid");
  EXPECT_TRUE(variants_of(job, graph, "conv2d1").empty());
  const JobPlan now = plan_job(job, graph, kRows, kNoTime, kFar),
                then = plan_job(job, pool[0].graph, kRows, kNoTime, kFar);
  EXPECT_LT(then.bytes(), now.bytes());
}

TEST(Substitutes, OfAJobOnASlowLinkAreFewerRounds) {
  // Hardly any bytes, so that rounds are what is dear.
  const Job job = image_job(layers({"kind = \"dense\"\nunits = 4", "kind = \"relu\"", "kind = \"dense\""}));
  const auto all = cheaper_than(job);
  const auto batch =
      std::find_if(all.begin(), all.end(), [](const Saving& s) { return s.to == "batch = 64"; });
  ASSERT_NE(batch, all.end());
  EXPECT_LT(batch->rounds_after, 0.6 * static_cast<double>(batch->rounds_before));
  EXPECT_TRUE(batch->layer.empty());
}

}  // namespace
}  // namespace tacit::planning
