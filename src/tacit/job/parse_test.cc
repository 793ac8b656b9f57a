// The job file: every key arrives where it belongs, and every mistake is told with file, line and key.
#include <gtest/gtest.h>

#include "tacit/job/testing/sample_job.h"

namespace tacit {
namespace {

using testing::line_of;
using testing::read_job_text;
using testing::refusal;
using testing::sample_job_text;
using testing::ScratchFolder;
using testing::small_job_text;

TEST(Parse, EveryKeyArrives) {
  const ScratchFolder folder;
  const Job job = read_job_text(folder, sample_job_text());
  EXPECT_EQ(job.name, "sample");
  EXPECT_EQ(job.protocol, "aby3");
  EXPECT_EQ(job.profile, "wan");
  EXPECT_EQ(job.fraction_bits, 14u);
  EXPECT_EQ(job.patience.count(), 2500);
  EXPECT_EQ(job.start_patience.count(), 30000);
  EXPECT_EQ(job.names(), (std::vector<std::string>{"alpha", "beta", "gamma", "north", "south"}));
  EXPECT_EQ(to_string(job.parties[2].address), "gamma.example:7102");
  EXPECT_EQ(to_string(job.owners[1].key), "ed25519:" + std::string(64, '5'));
  EXPECT_EQ(index(job.endpoint("north")), 3u);

  const DataSpec& d = job.data;
  EXPECT_EQ(d.holding, Holding::AllColumns);
  EXPECT_EQ(d.owners, (std::vector<std::string>{"south", "north"}));
  EXPECT_EQ(d.test_fraction, 0.25);
  EXPECT_EQ(d.schema.metric, Metric::LogLoss);
  EXPECT_EQ(d.schema.id, "number");
  EXPECT_EQ(d.schema.missing, (std::vector<std::string>{"", "none"}));
  EXPECT_EQ(d.schema.shape, (Shape{2, 4}));
  const std::vector<Column> columns{{"age", NumberCoding{{0, 120, Scaling::Standard, 40, 20.5}, 41.0}},
                                    {"weight", NumberCoding{{1, 300, Scaling::Unit, 0, 1}, std::nullopt}},
                                    {"ward", CategoryCoding{{"a", "b", "c"}, "b", true}},
                                    {"smokes", BinaryCoding{"no", "yes", "no"}},
                                    {"flag", BinaryCoding{"0", "1", std::nullopt}}};
  EXPECT_EQ(d.schema.features, columns);
  EXPECT_EQ(d.schema.label, (Column{"state", CategoryCoding{{"well", "ill"}, std::nullopt, false}}));

  ASSERT_EQ(job.model.layers.size(), 3u);
  EXPECT_EQ(job.model.seed, 77u);
  EXPECT_EQ(job.model.layers[1].name, "block");
  ASSERT_EQ(job.model.layers[1].inner.size(), 2u);
  EXPECT_EQ(job.model.layers[1].inner[0].kind, "dense");
  EXPECT_EQ(std::get<std::int64_t>(job.model.layers[1].inner[0].attrs.all().at("units")), 8);
  EXPECT_EQ(std::get<double>(job.model.layers[1].inner[1].attrs.all().at("slope")), 0.125);

  const nn::TrainSettings& t = job.training;
  EXPECT_EQ(t.epochs, 12u);
  EXPECT_EQ(t.batch, 48u);
  EXPECT_EQ(t.seed, 99u);
  EXPECT_EQ(job.checkpoint_every, 25u);
  EXPECT_EQ(t.loss, "softmax_cross_entropy");
  const nn::OptimiserSettings& o = t.optimiser;
  EXPECT_EQ(o.name, "adam");
  EXPECT_EQ(o.schedule, "step");
  EXPECT_EQ((std::vector<double>{o.rate, o.momentum, o.beta1, o.beta2, o.epsilon, o.weight_decay, o.clip,
                                 o.schedule_factor, o.schedule_epochs}),
            (std::vector<double>{0.015625, 0.75, 0.875, 0.9375, 0.03125, 0.0625, 2.5, 0.5, 3}));

  ASSERT_EQ(job.releases.size(), 3u);
  EXPECT_EQ(job.releases[0].to, (std::vector<std::string>{"alpha", "beta", "gamma", "north", "south"}));
  EXPECT_EQ(job.releases[0].times, 7u);
  EXPECT_EQ(job.releases[1].to, (std::vector<std::string>{"beta", "north", "south"}));
  EXPECT_EQ(job.releases[1].times, 1u);
  EXPECT_EQ(job.releases[2].purpose, "south uses it");
}

TEST(Parse, DefaultsAreThoseOfTheGuide) {
  const ScratchFolder folder;
  const Job job = read_job_text(folder, small_job_text());
  EXPECT_EQ(job.protocol, "aby3");
  EXPECT_EQ(job.profile, "lan");
  EXPECT_EQ(job.fraction_bits, 16u);
  EXPECT_EQ(job.patience.count(), 5000);
  EXPECT_EQ(job.start_patience.count(), 60000);
  EXPECT_EQ(job.data.owners, (std::vector<std::string>{"north", "south"}));
  EXPECT_EQ(job.data.schema.metric, Metric::Accuracy);
  EXPECT_EQ(job.data.schema.missing, (std::vector<std::string>{"", "?", "NA", "NaN", "null"}));
  EXPECT_EQ(job.model.seed, 1u);
  EXPECT_EQ(job.training.batch, 128u);
  EXPECT_EQ(job.checkpoint_every, 100u);
  EXPECT_EQ(job.training.optimiser.name, "sgd");
  EXPECT_EQ(job.training.optimiser.rate, 0.1);
}

TEST(Parse, ColumnsBringARuleOfTheirOwn) {
  const ScratchFolder folder;
  const Job job = read_job_text(folder, sample_job_text("partition = \"rows\"", "partition = \"columns\""));
  EXPECT_EQ(job.data.holding, Holding::SomeColumns);
  ASSERT_EQ(job.releases.size(), 4u);
  EXPECT_EQ(job.releases[3].what, "same rows");
  EXPECT_EQ(job.releases[3].to, job.names());
}

TEST(Parse, KeysMayComeLater) {
  const ScratchFolder folder;
  const std::string text = sample_job_text("key = \"ed25519:" + std::string(64, '4') + "\"", "key = \"\"");
  EXPECT_EQ(read_job_text(folder, text, Keys::MadeLater).owners[0].key, PublicKey{});
  EXPECT_EQ(
      refusal(text),
      fmt::format("job.toml:{}: [owner #1] key: is empty: make north a key with 'tacit keys new north', and "
                  "write the public one here",
                  line_of(text, "key = \"\"")));
}

struct Mistake {
  const char* from;  ///< in the sample, once
  const char* to;
  const char* told;  ///< after "job.toml:LINE: "
};

void PrintTo(const Mistake& m, std::ostream* out) { *out << m.to; }

class ParseMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(ParseMistake, IsToldWithItsPlace) {
  const auto& [from, to, told] = GetParam();
  const std::string text = sample_job_text(from, to), message = refusal(text);
  // What was put in stands on the line that is named.
  EXPECT_EQ(message, fmt::format("job.toml:{}: {}", line_of(text, to), told)) << "for " << to;
}

const Mistake kMistakes[] = {
    {"name = \"sample\"", "name = \"a b\"",
     "[job] name: 'a b' is no name: use up to 40 letters, digits, '-' and '_'"},
    {"protocol = \"aby3\"", "protocol = \"aby4\"",
     "[job] protocol: there is no protocol 'aby4': did you mean 'aby3'?"},
    {"threat = \"semi-honest\"", "threat = \"malicious\"",
     "[job] threat: the protocol aby3 withstands one of three parties, semi-honest, not 'malicious'"},
    {"profile = \"wan\"", "profile = \"man\"", "[job] profile: there is no profile 'man': choose lan or wan"},
    {"fraction_bits = 14", "fraction_bits = 25", "[job] fraction_bits: 25 is not between 8 and 24"},
    {"patience = 2.5", "patience = 0.25", "[job] patience: 0.25 is not between 0.5 and 3600"},
    {"start_patience = 30", "start_patiense = 30",
     "there is no key 'start_patiense' in [job]: did you mean 'start_patience'?"},
    {"address = \"beta.example:7101\"", "address = \"beta\"",
     "[party #2] address: 'beta' is not an address: write HOST:PORT, for example 10.0.0.7:7100"},
    {"address = \"beta.example:7101\"", "address = \"beta:99999\"",
     "[party #2] address: 'beta:99999' is not an address: write HOST:PORT, for example 10.0.0.7:7100"},
    {"partition = \"rows\"", "partition = \"cells\"",
     "[data] partition: 'cells' is not known: owners hold different \"rows\" or different \"columns\""},
    {"owners = [\"south\", \"north\"]", "owners = [\"south\", \"nort\"]",
     "[data] owners: 'nort' is no owner of this job: did you mean 'north'?"},
    {"owners = [\"south\", \"north\"]", "owners = []", "[data] owners: nobody brings data: add an [[owner]]"},
    {"test_fraction = 0.25", "test_fraction = 0.95", "[data] test_fraction: 0.95 is not between 0 and 0.9"},
    {"shape = [2, 4]", "shape = [2, 0]", "[data] shape: cannot hold 0"},
    {"type = \"number\", range = [1, 300]", "type = \"numbre\", range = [1, 300]",
     "[data.column #2] type: there is no type 'numbre': did you mean 'number'?"},
    {"range = [1, 300]", "range = [1]", "[data.column #2] range: must be [lowest, highest]"},
    {"range = [1, 300]", "rnge = [1, 300]",
     "[data.column #2] range: is missing: write range = [lowest, highest]"},
    {"range = [1, 300]", "range = [1, 300], fil = 2",
     "there is no key 'fil' in [data.column #2]: did you mean 'fill'?"},
    {"values = [\"no\", \"yes\"]", "values = [\"no\"]",
     "[data.column #4] values: must name two values: the one read as 0 and the one read as 1"},
    {"fill = 41", "fill = 141", "[data.column #1] fill: 141 is not between 0 and 120"},
    {"kind = \"leaky_relu\"\nslope = 0.125", "kind = \"leaky_relu\"\nslope = 3.0",
     "[model.layer #2.layer #2] kind: slope of a leaky_relu layer must lie between 0 and 1, not 3"},
    {"epochs = 12", "epochs = 0", "[training] epochs: 0 is not between 1 and 1000000"},
    {"checkpoint_every = 25", "checkpoint_every = -1",
     "[training] checkpoint_every: -1 is not between 0 and 1000000"},
    {"batch = 48", "batch = 4.5", "[training] batch: must be a whole number, not a number"},
    {"loss = \"softmax_cross_entropy\"", "loss = \"softmax\"",
     "[training] loss: there is no loss 'softmax': did you mean 'squared_error'?"},
    {"name = \"adam\"", "name = \"adm\"",
     "[training.optimiser] name: there is no optimiser 'adm': did you mean 'adam'?"},
    {"rate = 0.015625", "rate = 17", "[training.optimiser] rate: 17 is not between 1e-09 and 16"},
    {"what = \"loss\"", "what = \"losses\"",
     "[release #1] what: 'losses' cannot be released: did you mean 'loss'?"},
    {"purpose = \"south uses it\"", "purpose = \"\"",
     "[release #3] purpose: say in a few words what it is for"},
    {"times = 7", "times = 0", "[release #1] times: 0 is not between 1 and 9223372036854775807"},
    {"to = [\"south\"]", "to = [\"sout\"]",
     "[release #3] to: 'sout' is no party and no owner of this job: did you mean 'south'?"},
    {"to = [\"south\"]", "to = []",
     "[release #3] to: names nobody: write to = [\"alpha\"], [\"parties\"], [\"owners\"] or [\"everyone\"]"},
    {"to = [\"south\"]", "to = [\"everyone\"] # here",
     "[release #3] to: a compute party cannot receive the model: it is released to owners only"},
    {"what = \"metric\"", "what = \"loss\" # again",
     "[release #2] what: there are two rules for 'loss': make them one"},
};
INSTANTIATE_TEST_SUITE_P(All, ParseMistake, ::testing::ValuesIn(kMistakes));

TEST(Parse, TellsWhatDoesNotFitTogether) {
  // These are found in the whole, and told at its beginning.
  auto told = [](std::string_view from, std::string_view to, std::string_view part) {
    const std::string message = refusal(sample_job_text(from, to));
    EXPECT_TRUE(message.starts_with("job.toml:") && message.find(part) != std::string::npos) << message;
  };
  told("name = \"north\"", "name = \"south\"", "party: the name 'south' is used twice");
  told("ed25519:" + std::string(64, '2'), "ed25519:" + std::string(64, '3'),
       "party: 'beta' and 'gamma' have the same key: one who holds two places could read the data");
  told("[[owner]]\nname = \"north\"", "[[party]]\naddress = \"d:1\"\nname = \"north\"",
       "party: the protocol aby3 needs 3 parties, and the job names 4");
  told("seed = 77", "seed = 77\nnetwork = \"A\"",
       "a model is either a network by name, a list of [[model.layer]], or an ONNX file");
  told("metric = \"log_loss\"", "metric = \"mse\"", "[data]");
  told("shape = [2, 4]", "shape = [2, 5]", "[data]");
  told("metric = \"log_loss\"", "metric = \"auc\"",
       "[data] metric: the metric 'auc' is not computed on shares");
  told("[training]\n", "", "job.toml");
  told("[training.optimiser]", "[trainng.optimiser]",
       "there is no key 'trainng' in the job file: did you mean 'training'?");
}

}  // namespace
}  // namespace tacit
