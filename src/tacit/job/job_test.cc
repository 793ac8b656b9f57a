// What a job means: its canonical text, of which the hash is taken, and the network that it describes.
#include "tacit/job/job.h"

#include <gtest/gtest.h>

#include <set>

#include "tacit/job/testing/sample_job.h"
#include "tacit/nn/graph/onnx_export.h"

namespace tacit {
namespace {

using testing::read_job_text;
using testing::sample_job_text;
using testing::ScratchFolder;
using testing::small_job_text;
using testing::usage_error;

std::string hash(std::string_view text) {
  const ScratchFolder folder;
  return to_hex(job_hash(read_job_text(folder, text)));
}

struct Change {
  const char* from;  ///< in the sample, once
  const char* to;
};

/// Every key that carries a meaning, changed by itself.
const Change kMeanings[] = {
    {"name = \"sample\"", "name = \"sample2\""},
    {"profile = \"wan\"", "profile = \"lan\""},
    {"fraction_bits = 14", "fraction_bits = 15"},
    {"\npatience = 2.5", "\npatience = 2.501"},
    {"name = \"alpha\"", "name = \"alph\""},
    {"5555\"", "5556\""},
    {"2222\"", "2223\""},
    {"[[owner]]\nname = \"north\"",
     "[[owner]]\nname = \"centre\"\nkey = "
     "\"ed25519:6666666666666666666666666666666666666666666666666666666666666666\"\n[[owner]]\n"
     "name = \"north\""},
    {"partition = \"rows\"", "partition = \"columns\""},
    {"owners = [\"south\", \"north\"]", "owners = [\"north\", \"south\"]"},
    {"owners = [\"south\", \"north\"]", "owners = [\"south\"]"},
    {"test_fraction = 0.25", "test_fraction = 0.26"},
    {"metric = \"log_loss\"", "metric = \"accuracy\""},
    {"id = \"number\"", "id = \"name\""},
    {"missing = [\"\", \"none\"]", "missing = [\"\"]"},
    {"shape = [2, 4]", "shape = [4, 2]"},
    {"label = { name = \"state\"", "label = { name = \"stage\""},
    {"values = [\"well\", \"ill\"]", "values = [\"ill\", \"well\"]"},
    {"name = \"age\"", "name = \"Age\""},
    {"range = [0, 120]", "range = [0, 121]"},
    {"range = [1, 300]", "range = [0, 300]"},
    {"scaling = \"standard\", mean = 40, deviation = 20.5", "scaling = \"symmetric\""},
    {"mean = 40", "mean = 41"},
    {"deviation = 20.5", "deviation = 20"},
    {"fill = 41", "fill = 40"},
    {"values = [\"a\", \"b\", \"c\"]", "values = [\"a\", \"b\", \"d\"]"},
    {"fill = \"b\"", "fill = \"a\""},
    {"values = [\"no\", \"yes\"]", "values = [\"no\", \"Yes\"]"},
    {"values = [\"no\", \"yes\"], fill = \"no\"", "values = [\"no\", \"yes\"]"},
    {"name = \"flag\", type = \"binary\"", "name = \"flag\", type = \"number\", range = [0, 1]"},
    {"seed = 77", "seed = 78"},
    {"kind = \"flatten\"", "kind = \"relu\""},
    {"name = \"block\"", "name = \"blok\""},
    {"units = 8", "units = 9"},
    {"slope = 0.125", "slope = 0.25"},
    {"kind = \"leaky_relu\"\nslope = 0.125", "kind = \"relu\""},
    {"[[model.layer]]\nkind = \"dense\"", "[[model.layer.layer]]\nkind = \"dense\""},
    {"epochs = 12", "epochs = 13"},
    {"batch = 48", "batch = 49"},
    {"seed = 99", "seed = 98"},
    {"checkpoint_every = 25", "checkpoint_every = 0"},
    {"loss = \"softmax_cross_entropy\"", "loss = \"squared_error\""},
    {"name = \"adam\"", "name = \"amsgrad\""},
    {"rate = 0.015625", "rate = 0.0156250001"},
    {"momentum = 0.75", "momentum = 0.5"},
    {"beta1 = 0.875", "beta1 = 0.8"},
    {"beta2 = 0.9375", "beta2 = 0.9"},
    {"epsilon = 0.03125", "epsilon = 0.03"},
    {"weight_decay = 0.0625", "weight_decay = 0.06"},
    {"clip = 2.5", "clip = 0"},
    {"schedule = \"step\"", "schedule = \"cosine\""},
    {"schedule_factor = 0.5", "schedule_factor = 0.4"},
    {"schedule_epochs = 3", "schedule_epochs = 4"},
    {"to = [\"everyone\"]", "to = [\"parties\"]"},
    {"times = 7", "times = 8"},
    {"purpose = \"south uses it\"", "purpose = \"South uses it\""},
    {"to = [\"owners\", \"beta\"]", "to = [\"owners\"]"},
    {"[[release]]\nwhat = \"model\"\nto = [\"south\"]\npurpose = \"south uses it\"", ""},
    {"what = \"metric\"", "what = \"scores\""},
};

TEST(JobHash, EveryMeaningCounts) {
  std::set<std::string> seen{hash(sample_job_text())};
  for (const auto& [from, to] : kMeanings)
    EXPECT_TRUE(seen.insert(hash(sample_job_text(from, to))).second)
        << from << " -> " << to << " is no other job";
}

TEST(JobHash, FormDoesNotCount) {
  const std::string plain = hash(sample_job_text());
  const Change changes[] = {
      {"address = \"beta.example:7101\"", "address = \"10.0.0.7:9\""},
      {"start_patience = 30", "start_patience = 31"},
      {"start_patience = 30\n", ""},
      {"threat = \"semi-honest\"\n", ""},
      {"epochs = 12\nbatch = 48", "# a comment\nbatch = 48\n\nepochs   = 12"},
      {"units = 8", "units = 0x8"},
      {"clip = 2.5", "clip = 25e-1"},
      {"to = [\"owners\", \"beta\"]", "to = [\"beta\", \"south\", \"north\", \"beta\"]"},
      {"to = [\"everyone\"]", "to = [\"owners\", \"parties\"]"},
      {"scaling = \"standard\", mean = 40, deviation = 20.5",
       "deviation = 20.5, scaling = \"standard\", mean = 40.0"}};
  for (const auto& [from, to] : changes)
    EXPECT_EQ(hash(sample_job_text(from, to)), plain) << from << " -> " << to;
}

TEST(JobHash, DefaultsAreAsGoodAsWritten) {
  EXPECT_EQ(hash(small_job_text()),
            hash("# written out\n" + std::string(small_job_text())
                                         .replace(0, 5,
                                                  "[job]\nprotocol = \"aby3\"\nprofile = \"lan\"\n"
                                                  "fraction_bits = 16\npatience = 5\n")));
}

TEST(JobHash, TextsCannotRunIntoOneAnother) {
  // The same letters, cut otherwise.
  EXPECT_NE(hash(sample_job_text("missing = [\"\", \"none\"]", "missing = [\"a\", \"bc\"]")),
            hash(sample_job_text("missing = [\"\", \"none\"]", "missing = [\"ab\", \"c\"]")));
  EXPECT_NE(hash(sample_job_text("purpose = \"south uses it\"", "purpose = \"x\"\ntimes = 2")),
            hash(sample_job_text("purpose = \"south uses it\"", "purpose = \"x\\ntimes = 2\"")));
}

class ModelFile : public ::testing::Test {
 protected:
  /// The job with an ONNX file as its model, exported from the network that it names.
  std::string with_file(std::string_view name, std::uint64_t seed) {
    const Job job = read_job_text(folder_, small_job_text());
    const nn::Graph graph =
        nn::build_graph(feature_shape(job.data.schema), nn::network_named("mlp"), 1, seed);
    std::vector<PublicTensor> parameters;
    for (nn::ValueId id : graph.parameters()) parameters.push_back(graph.values[id].initial);
    folder_.write(name, nn::export_onnx(graph, parameters, {}));
    return with_path(name);
  }
  std::string with_path(std::string_view name) {
    std::string text = small_job_text();
    const std::string_view network = "network = \"logistic\"";
    return text.replace(text.find(network), network.size(), fmt::format("file = \"{}\"", name));
  }
  std::string hash_here(std::string_view text) { return to_hex(job_hash(read_job_text(folder_, text))); }
  ScratchFolder folder_;
};

TEST_F(ModelFile, ItsContentCountsAndItsPathDoesNot) {
  const std::string one = hash_here(with_file("one.onnx", 1));
  EXPECT_EQ(hash_here(with_file("copy.onnx", 1)), one);
  EXPECT_NE(hash_here(with_file("one.onnx", 2)), one);
  EXPECT_EQ(usage_error(folder_, [&] { hash_here(with_path("nowhere.onnx")); }),
            "cannot read the model file 'nowhere.onnx'");
}

TEST_F(ModelFile, IsTheNetwork) {
  const nn::Graph graph = build_model(read_job_text(folder_, with_file("one.onnx", 5)));
  EXPECT_EQ(graph.parameter_count(), 2u * 64 + 64 + 64 * 32 + 32 + 32 + 1);
}

TEST_F(ModelFile, MustFitTheData) {
  std::string text = with_file("one.onnx", 1);
  const std::string_view column = "  { name = \"b\", type = \"number\", range = [0, 4] },\n";
  text.erase(text.find(column), column.size());
  const Job job = read_job_text(folder_, text);
  EXPECT_EQ(usage_error(folder_, [&] { build_model(job); }),
            "the model 'one.onnx' takes examples of shape 1x2, and the data have 1x1");
}

TEST(BuildModel, FollowsTheJob) {
  const ScratchFolder folder;
  const nn::Graph graph = build_model(read_job_text(folder, small_job_text()));
  EXPECT_EQ(graph.parameter_count(), 3u);
  EXPECT_EQ(graph.values[graph.outputs[0]].shape, (Shape{1, 1}));
  // The seed alone decides the initial weights.
  const nn::Graph again = build_model(read_job_text(folder, small_job_text()));
  EXPECT_EQ(graph.values[graph.parameters()[0]].initial.values,
            again.values[again.parameters()[0]].initial.values);
}

TEST(BuildModel, RefusesAModelOfOtherOutputs) {
  const ScratchFolder folder;
  std::string text = small_job_text();
  const std::string_view network = "network = \"logistic\"";
  text.replace(text.find(network), network.size(), "[[model.layer]]\nkind = \"dense\"\nunits = 3\n");
  const Job job = read_job_text(folder, text);
  EXPECT_EQ(usage_error(folder, [&] { build_model(job); }),
            "the model gives 3 numbers an example, and the label 'sold' is encoded as 1");
}

TEST(Job, NamesTheNearestPlace) {
  const ScratchFolder folder;
  const Job job = read_job_text(folder, small_job_text());
  EXPECT_EQ(usage_error(folder, [&] { job.endpoint("gama"); }),
            "'gama' is no party and no owner of this job: did you mean 'gamma'?");
  EXPECT_TRUE(job.is_party(job.endpoint("gamma")));
  EXPECT_FALSE(job.is_party(job.endpoint("south")));
}

}  // namespace
}  // namespace tacit
