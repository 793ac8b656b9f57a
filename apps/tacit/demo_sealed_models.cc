// The model, its sealed copies, and what they answer.
#include <algorithm>
#include <cmath>

#include "demo_sealed.h"
#include "sealed_options.h"
#include "tacit/base/error.h"
#include "tacit/data/write.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/trace/plain_model.h"

namespace tacit::app::sealed_demo {

namespace {

/// Of the largest output: what another order of sums may change.
constexpr double kTolerance = 1e-5;
constexpr sealed::Seconds kYear = 365 * 86400;

std::size_t width_of(const PublicTensor& scores) { return scores.values.size() / scores.shape.at(0); }

std::size_t best_of(const PublicTensor& scores, std::size_t row) {
  const auto from = scores.values.begin() + static_cast<std::ptrdiff_t>(row * width_of(scores));
  return static_cast<std::size_t>(
      std::max_element(from, from + static_cast<std::ptrdiff_t>(width_of(scores))) - from);
}

/// What two models answer to the same questions.
json compared(const PublicTensor& got, const PublicTensor& plain, double tolerance) {
  ensure(got.values.size() == plain.values.size(), "two models answer the same questions");
  double largest = 0, worst = 0;
  std::size_t equal = 0, same = 0;
  for (const double v : plain.values) largest = std::max(largest, std::fabs(v));
  for (std::size_t i = 0; i < plain.values.size(); ++i) {
    const double off = std::fabs(got.values[i] - plain.values[i]) / std::max(largest, 1e-30);
    worst = std::max(worst, off);
    equal += off <= tolerance;
  }
  const std::size_t rows = plain.shape.at(0);
  for (std::size_t r = 0; r < rows; ++r) same += best_of(got, r) == best_of(plain, r);
  return {{"examples", rows},    {"scores", plain.values.size()}, {"equal_scores", equal},
          {"same_answer", same}, {"worst_difference", worst},     {"tolerance", tolerance}};
}

PublicTensor predictions_in(const json& told) {
  PublicTensor out{told.at("shape").get<Shape>(), {}};
  for (const json& row : told.at("predictions"))
    for (const json& v : row) out.values.push_back(v.get<double>());
  return out;
}

}  // namespace

void seal_one(Stage& stage, const std::string& file, const std::vector<std::string>& to, bool copy,
              const std::vector<std::string>& options) {
  std::vector<std::string> words{"seal", "model.onnx"};
  for (const std::string& device : to) words.insert(words.end(), {"--to", keys_of(device) + "/device.pub"});
  words.insert(words.end(), {"--expires", stage.sealed_until});
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), {"--keys", keys_of(kVendor), "-o", file});
  const json told = stage.commands.done(words);
  const auto level = told.at("level_name").get<std::string>();
  stage.commands.tell(fmt::format("level {}, {}: {}", told.at("level").get<int>(), level,
                                  told.at("promise").get<std::string>()));
  json sealed{{"file", file},
              {"level", told.at("level")},
              {"level_name", level},
              {"promise", told.at("promise")},
              {"customer", copy ? json(to.at(0)) : json(nullptr)},
              {"to", to},
              {"bytes", told.at("bytes")},
              {"expires", told.at("expires")},
              {"does_not_stop", told.at("does_not_stop")}};
  for (const char* more : {"fingerprint", "segment"})
    if (told.contains(more)) sealed[more] = told.at(more);
  stage.report["sealed"].push_back(std::move(sealed));
}

void run_one(Stage& stage, const std::string& device, const std::string& file, const std::string& input,
             const PublicTensor& plain, double tolerance) {
  const json told = stage.commands.done({"run", file, input, "--keys", keys_of(device)});
  json run{{"device", device}, {"file", file}, {"level", told.at("level")}};
  run.update(compared(predictions_in(told), plain, tolerance));
  const auto equal = run.at("equal_scores").get<std::size_t>(), all = run.at("scores").get<std::size_t>();
  // A copy of level 4 is another model, if only by a little.
  if (told.at("level") != 4 && equal != all)
    throw std::runtime_error(fmt::format(
        "at '{}' {} of {} scores differ from the plain model's; please report it", device, all - equal, all));
  stage.commands.tell(fmt::format("{} of {} answers as of the plain model, {} of {} scores equal",
                                  run.at("same_answer").get<std::size_t>(),
                                  run.at("examples").get<std::size_t>(), equal, all));
  for (json& d : stage.report["devices"])
    if (d.at("name") == device) d["ran"] = true;
  stage.report["runs"].push_back(std::move(run));
}

PublicTensor images_of(const Digits& digits) { return {{digits.rows(), 1, 8, 8}, digits.pixels}; }

double accuracy_of(const PublicTensor& scores, const std::vector<int>& digits) {
  std::size_t right = 0;
  for (std::size_t r = 0; r < digits.size(); ++r)
    right += best_of(scores, r) == static_cast<std::size_t>(digits[r]);
  return static_cast<double>(right) / static_cast<double>(digits.size());
}

void train_model(Stage& stage) {
  const json trained = demo({.out = stage.folder / "training", .quick = stage.quick},
                            Style{.json = true, .quiet = stage.style.quiet});
  ensure(trained.at("job").at("test_rows") == kDigitsKeptBack, "the rows that the demo keeps back");
  fs::copy_file(stage.folder / "training" / "model.onnx", stage.folder / "model.onnx");
  const Digits all = last_digits(kSampleDigits);
  write_npy(stage.folder / "input.npy", {stage.kept_back.rows(), 1, 8, 8}, stage.kept_back.pixels);
  write_npy(stage.folder / "digits.npy", {all.rows(), 1, 8, 8}, all.pixels);
  stage.sealed_until = sealed::moment_text(clock_now() + kYear).substr(0, 10);
  stage.report["trained"] = {{"rows", trained.at("job").at("train_rows")},
                             {"kept_back", trained.at("job").at("test_rows")},
                             {"accuracy", trained.at("accuracy").at("private")},
                             {"parameters", trained.at("job").at("parameters")},
                             {"seconds", trained.at("seconds")},
                             {"report", "training/report.html"}};
}

void seal_copies(Stage& stage) {
  say(stage.style,
      "\nThe vendor seals the model: once to both devices, and to each customer a copy of its own, which "
      "bears\n"
      "its fingerprint. The clinic's is for a key in a TPM alone:");
  seal_one(stage, kForBoth, {kOffice, kClinic}, false, {});
  seal_one(stage, kOfOffice, {kOffice}, true, {"--fingerprint", kOffice});
  seal_one(stage, kOfClinic, {kClinic}, true, {"--fingerprint", kClinic, "--require", "tpm"});
  say(stage.style, "\n  What the office's file does not stop:");
  for (const json& sealed : stage.report["sealed"])
    if (sealed.at("file") == kOfOffice)
      for (const json& line : sealed.at("does_not_stop"))
        say(stage.style, "    - " + line.get<std::string>());
}

void run_copies(Stage& stage) {
  say(stage.style, "\nBoth customers ask about digits that were kept back from training:");
  const nn::Graph model = nn::import_onnx(stage.folder / "model.onnx", {.fold_batch_norm = true});
  const PublicTensor scores = trace::PlainModel(model, 0).run(images_of(stage.kept_back));
  stage.report["trained"]["accuracy_of_the_file"] = accuracy_of(scores, stage.kept_back.digits);
  for (const char* device : {kOffice, kClinic})
    run_one(stage, device, kForBoth, "input.npy", scores, kTolerance);
  run_one(stage, kOffice, kOfOffice, "input.npy", scores, kTolerance);
  run_one(stage, kClinic, kOfClinic, "input.npy", scores, kTolerance);
}

}  // namespace tacit::app::sealed_demo
