#include "tacit/job/testing/sample_job.h"

#include <algorithm>

namespace tacit::testing {

namespace {

/// An identity's public key; which one does not matter, but that they differ.
std::string key(char digit) { return "ed25519:" + std::string(64, digit); }

std::string places() {
  std::string t;
  const char* parties[] = {"alpha", "beta", "gamma"};
  for (std::size_t i = 0; i < 3; ++i)
    t += fmt::format("[[party]]\nname = \"{0}\"\naddress = \"{0}.example:710{1}\"\nkey = \"{2}\"\n\n",
                     parties[i], i, key(static_cast<char>('1' + i)));
  t += fmt::format(
      "[[owner]]\nname = \"north\"\nkey = \"{}\"\n\n[[owner]]\nname = \"south\"\nkey = \"{}\"\n\n", key('4'),
      key('5'));
  return t;
}

}  // namespace

std::string sample_job_text() {
  return R"([job]
name = "sample"
protocol = "aby3"
threat = "semi-honest"
profile = "wan"
fraction_bits = 14
patience = 2.5
start_patience = 30

)" + places() +
         R"([data]
partition = "rows"
owners = ["south", "north"]
test_fraction = 0.25
metric = "log_loss"
id = "number"
missing = ["", "none"]
shape = [2, 4]
label = { name = "state", type = "category", values = ["well", "ill"] }
column = [
  { name = "age", type = "number", range = [0, 120], scaling = "standard", )"
         R"(mean = 40, deviation = 20.5, fill = 41 },
  { name = "weight", type = "number", range = [1, 300] },
  { name = "ward", type = "category", values = ["a", "b", "c"], other = true, fill = "b" },
  { name = "smokes", type = "binary", values = ["no", "yes"], fill = "no" },
  { name = "flag", type = "binary" },
]

[model]
seed = 77
[[model.layer]]
kind = "flatten"
[[model.layer]]
kind = "residual"
name = "block"
[[model.layer.layer]]
kind = "dense"
units = 8
[[model.layer.layer]]
kind = "leaky_relu"
slope = 0.125
[[model.layer]]
kind = "dense"

[training]
epochs = 12
batch = 48
seed = 99
checkpoint_every = 25
loss = "softmax_cross_entropy"
[training.optimiser]
name = "adam"
rate = 0.015625
momentum = 0.75
beta1 = 0.875
beta2 = 0.9375
epsilon = 0.03125
weight_decay = 0.0625
clip = 2.5
schedule = "step"
schedule_factor = 0.5
schedule_epochs = 3

[[release]]
what = "loss"
to = ["everyone"]
purpose = "to see it converge"
times = 7
[[release]]
what = "metric"
to = ["owners", "beta"]
purpose = "to know how good it is"
[[release]]
what = "model"
to = ["south"]
purpose = "south uses it"
)";
}

std::string sample_job_text(std::string_view from, std::string_view to) {
  std::string text = sample_job_text();
  const std::size_t at = text.find(from);
  ensure(at != std::string::npos && text.find(from, at + 1) == std::string::npos,
         "the text to replace occurs once");
  return text.replace(at, from.size(), to);
}

std::string small_job_text() {
  return "[job]\nname = \"small\"\n\n" + places() + R"([data]
test_fraction = 0.25
label = { name = "sold", type = "binary", values = ["no", "yes"] }
column = [
  { name = "a", type = "number", range = [-10, 10], scaling = "none" },
  { name = "b", type = "number", range = [0, 4] },
]
[model]
network = "logistic"
[training]
epochs = 1
loss = "binary_cross_entropy"
[[release]]
what = "metric"
to = ["everyone"]
purpose = "a test looks at it"
)";
}

Job read_job_text(const ScratchFolder& folder, std::string_view text, Keys keys) {
  return read_job(folder.write("job.toml", text), keys);
}

std::string refusal(std::string_view text, Keys keys) {
  const ScratchFolder folder;
  return usage_error(folder, [&] { read_job_text(folder, text, keys); });
}

std::size_t line_of(std::string_view text, std::string_view part) {
  const std::size_t at = text.find(part);
  ensure(at != std::string_view::npos, "the part occurs");
  return 1 + static_cast<std::size_t>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace tacit::testing
