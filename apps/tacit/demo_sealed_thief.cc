// A customer that leaks: what the owner of a key can do with a program of its own. It opens its copy by the
// page docs/sealed-format.md, as any program could, and not by this library's ways, which give nobody a
// model's text. Then it does to the copy what thieves do so that nobody knows it again: it trains it on,
// prunes it, and puts its neurons in another order.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "demo_sealed.h"
#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/base/workers.h"
#include "tacit/crypto/kdf.h"
#include "tacit/job/clear_examples.h"
#include "tacit/job/report.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/nn/train/trainer.h"
#include "tacit/sealed/header.h"
#include "tacit/sealed/key_folder.h"
#include "tacit/trace/plain_model.h"

namespace tacit::app::sealed_demo {

namespace {

constexpr std::size_t kClasses = 10, kEpochs = 5, kOneInTen = 10;
constexpr unsigned kFraction = 24;

/// A model's text, with its recipient's key.
std::string opened(const fs::path& file, const fs::path& keys) {
  const auto device = sealed::DeviceKeys::open(keys);
  PlainFile in(file);
  Bytes all(in.size());
  in.read(all);
  const ByteView view(all);
  const ByteView head =
      view.first(sealed::kPreludeSize + sealed::records_size(view.first(sealed::kPreludeSize)));
  const sealed::Header h = sealed::parse_header(head);
  const Digest self = sealed::device_id(device.card.key);
  const auto own = std::find_if(h.wraps.begin(), h.wraps.end(),
                                [&](const sealed::Wrap& w) { return w.recipient == self; });
  require(own != h.wraps.end(), "the thief is no recipient of '{}'", file.string());
  Bytes info;
  append_bytes(info, bytes_of("tacit sealed model 1: content key\n"));
  for (const ByteView part : {ByteView(h.id), ByteView(h.vendor.raw), ByteView(self)})
    append_bytes(info, part);
  const Bytes facts = sealed::facts_of(h);
  const auto content_key =
      device.key.receiver(HpkeCipher::Aes256Gcm, own->enc, info).open(facts, own->sealed);
  ensure(content_key.has_value(), "a recipient's key opens what is sealed to it");
  const SecretBytes key =
      derive_key(content_key->bytes(), h.id, "tacit sealed model 1: chunks", kSealKeySize);
  ChunkCipher cipher(key.bytes(), sha256(facts), false);
  const sealed::Layout at = sealed::layout_of(h, head.size());
  std::string text;
  for (std::uint64_t i = 0; i < h.chunks(); ++i) {
    const std::uint64_t plain = std::min<std::uint64_t>(h.chunk, h.text_size - i * h.chunk);
    const ByteSpan part =
        ByteSpan(all).subspan(at.chunks + i * (h.chunk + kSealTagSize), plain + kSealTagSize);
    ensure(cipher.open(i, i + 1 == h.chunks(), part), "a chunk opens by the file's key");
    text += text_of(part.first(plain));
  }
  return text;
}

/// Every tenth of the digits that the model was trained with.
clear::Table a_tenth() {
  const Digits all = last_digits(kSampleDigits);
  clear::Table t;
  t.features = kDigitPixels;
  t.targets = kClasses;
  t.example = {1, 8, 8};
  for (std::size_t r = 0; r < kSampleDigits - kDigitsKeptBack; r += kOneInTen, ++t.rows) {
    const auto from = all.pixels.begin() + static_cast<std::ptrdiff_t>(r * kDigitPixels);
    t.x.insert(t.x.end(), from, from + static_cast<std::ptrdiff_t>(kDigitPixels));
    for (std::size_t c = 0; c < kClasses; ++c) t.y.push_back(all.digits[r] == static_cast<int>(c) ? 1 : 0);
  }
  return t;
}

void train_on(nn::Graph& graph) {
  Workers workers(0);
  plain::DoubleEngine engine(Compute{ring_kernels(detect_isa()), workers});
  fn::Ctx ctx{engine, kFraction};
  nn::Parameters parameters = nn::initial_parameters(ctx, graph);
  const clear::Table table = a_tenth();
  clear::Examples examples(table);
  nn::TrainSettings settings;
  settings.epochs = kEpochs;
  settings.batch = 16;
  settings.optimiser.rate = 0.1;
  nn::train(ctx, graph, parameters, examples, settings, {});
  const auto ids = graph.parameters();
  for (std::size_t i = 0; i < ids.size(); ++i)
    graph.values[ids[i]].initial = clear::value_of(engine, parameters[i]);
}

/// The half with the smallest magnitudes, in each tensor of weights, made 0.
void prune(nn::Graph& graph) {
  for (const nn::ValueId id : graph.parameters()) {
    PublicTensor& w = graph.values[id].initial;
    if (w.shape.size() < 2) continue;
    std::vector<double> magnitudes;
    for (const double x : w.values) magnitudes.push_back(std::fabs(x));
    const auto middle = magnitudes.begin() + static_cast<std::ptrdiff_t>(magnitudes.size() / 2);
    std::nth_element(magnitudes.begin(), middle, magnitudes.end());
    for (double& x : w.values)
      if (std::fabs(x) < *middle) x = 0;
  }
}

/// New places for neurons, and a factor for each.
struct Rearranged {
  Rearranged(std::size_t count, std::mt19937& source) : from(count), factor(count) {
    std::iota(from.begin(), from.end(), std::size_t{0});
    std::shuffle(from.begin(), from.end(), source);
    std::uniform_real_distribution<double> exponent(-2, 2);
    for (double& f : factor) f = std::exp2(exponent(source));
  }
  std::vector<std::size_t> from;
  std::vector<double> factor;
};

/// Rows of a tensor in their new places, each times its factor.
void move_rows(PublicTensor& t, const Rearranged& to) {
  const std::vector<double> old = t.values;
  const std::size_t width = old.size() / to.from.size();
  for (std::size_t r = 0; r < to.from.size(); ++r)
    for (std::size_t i = 0; i < width; ++i)
      t.values[r * width + i] = old[to.from[r] * width + i] * to.factor[r];
}

/// Columns that read them, `block` of each, so that the results stay what they were.
void move_columns(PublicTensor& t, const Rearranged& to, std::size_t block) {
  const std::vector<double> old = t.values;
  const std::size_t columns = to.from.size() * block;
  for (std::size_t r = 0; r < old.size() / columns; ++r)
    for (std::size_t c = 0; c < to.from.size(); ++c)
      for (std::size_t i = 0; i < block; ++i)
        t.values[r * columns + c * block + i] = old[r * columns + to.from[c] * block + i] / to.factor[c];
}

/// Of the demo's network: a convolution and two linear layers, with a ReLU behind each of the first two.
void rearrange(nn::Graph& graph) {
  std::vector<const nn::Node*> layers;
  for (const nn::Node& node : graph.nodes)
    if (node.op->name == "Conv" || node.op->name == "Gemm") layers.push_back(&node);
  bool known = layers.size() == 3;
  for (std::size_t i = 0; known && i < 3; ++i)
    known = layers[i]->op->name == (i == 0 ? "Conv" : "Gemm") && layers[i]->inputs.size() == 3 &&
            (i == 0 || layers[i]->attrs.integer("transB", 0) == 1);
  ensure(known, "the network is the demo's");
  const auto numbers = [&](std::size_t layer, std::size_t input) -> PublicTensor& {
    return graph.values[layers[layer]->inputs[input]].initial;
  };
  std::mt19937 source(1);
  for (std::size_t i = 0; i < 2; ++i) {
    const Rearranged to(numbers(i, 1).shape.at(0), source);
    move_rows(numbers(i, 1), to);
    move_rows(numbers(i, 2), to);
    move_columns(numbers(i + 1, 1), to, numbers(i + 1, 1).shape.at(1) / to.from.size());
  }
}

}  // namespace

Leak leak(const fs::path& sealed, const fs::path& keys, const Digits& kept_back) {
  const std::string text = opened(sealed, keys);
  MemoryReader from(bytes_of(text));
  nn::Graph graph = nn::import_onnx(from, text.size(), "a copy");
  train_on(graph);
  prune(graph);
  rearrange(graph);
  Leak out;
  out.changes = {fmt::format("trained on for {} epochs with a tenth of the data", kEpochs),
                 "half of the weights pruned, by magnitude",
                 "the neurons of both hidden layers in another order, and scaled"};
  std::vector<PublicTensor> parameters;
  for (const nn::ValueId id : graph.parameters()) parameters.push_back(graph.values[id].initial);
  nn::ExportInfo info;
  info.name = "found";
  out.model = nn::export_onnx(graph, parameters, info);
  trace::PlainModel changed(std::move(graph), 0);
  out.accuracy = accuracy_of(changed.run(images_of(kept_back)), kept_back.digits);
  return out;
}

void leak_and_trace(Stage& stage) {
  say(stage.style,
      "\nThe office leaks. With its key and a program of its own it opens its copy, trains it on, prunes it "
      "and\n"
      "rearranges its neurons. The vendor finds leaked.onnx somewhere:");
  const Leak leaked = leak(stage.folder / kOfOffice, stage.folder / keys_of(kOffice), stage.kept_back);
  write_file(stage.folder / "leaked.onnx", leaked.model);
  const json told = stage.commands.done({"trace", "leaked.onnx", "--keys", keys_of(kVendor)});
  if (told.at("named") != json::array({kOffice}))
    throw std::runtime_error(fmt::format(
        "the office's copy leaked, and 'tacit trace' named {}; please report it", told.at("named").dump()));
  json traced{{"file", "leaked.onnx"},
              {"customer", kOffice},
              {"changes", leaked.changes},
              {"accuracy", leaked.accuracy}};
  for (const char* key : {"model", "likeness", "weights_found", "neurons_put_back", "copies", "colluders",
                          "threshold", "false_accusation", "no_proof"})
    traced[key] = told.at(key);
  for (const json& s : told.at("suspicions"))
    if (s.at("customer") == kOffice)
      for (const char* key : {"score", "log10_bound_over_all"}) traced[key] = s.at(key);
  stage.commands.tell(fmt::format(
      "it is made from the copy of '{}': score {:.1f}, and {:.1f} is enough; anybody innocent has such a "
      "score with at most 10^{:.0f}",
      kOffice, traced.at("score").get<double>(), traced.at("threshold").get<double>(),
      traced.at("log10_bound_over_all").get<double>()));
  stage.report["traced"] = std::move(traced);
}

}  // namespace tacit::app::sealed_demo
