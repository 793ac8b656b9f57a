// Forward passes: of networks A and C, and of ResNet-50 on an image of full size.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "networks.h"
#include "tacit/crypto/prg.h"
#include "tacit/job/report.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/graph/onnx_passes.h"
#include "tacit/nn/layers/resnet.h"
#include "tacit/secret/gate.h"
#include "three_parties.h"

namespace tacit::bench {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

/// The model's numbers, which party 0 has, as shares that hide them.
nn::Parameters shared_parameters(fn::Ctx& ctx, const nn::Graph& graph) {
  const bool mine = index(ctx.mpc.self()) == 0;
  nn::Parameters out;
  for (const nn::ValueId id : graph.parameters()) {
    const PublicTensor& numbers = graph.values[id].initial;
    out.push_back(fn::input(ctx, party_id(0), mine ? &numbers : nullptr, numbers.shape));
  }
  return out;
}

/// Seconds, traffic and rounds of `forward`, called once before and then so many times.
json timed(Seat& s, std::size_t times, const std::function<void()>& forward) {
  forward();
  std::vector<double> seconds;
  Cost one;
  for (std::size_t i = 0; i < times; ++i) {
    s.synchronize();
    const Cost before = s.party.meter().total();
    const auto begin = Clock::now();
    forward();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    one.payload = s.party.meter().total().payload - before.payload;
    one.rounds = s.party.meter().total().rounds - before.rounds;
  }
  return {{"seconds", median(seconds)}, {"payload", one.payload}, {"rounds", one.rounds}};
}

void add_figures(Context& c, const std::string& prefix, const std::vector<json>& all) {
  double payload = 0, seconds = 0;
  for (const json& j : all) {
    payload += j.at("payload").get<double>();
    seconds = std::max(seconds, j.at("seconds").get<double>());
  }
  c.add(prefix + ".seconds", seconds, "s, the slowest party");
  c.add(prefix + ".bytes_total", payload, "bytes over all links");
  c.add(prefix + ".rounds", all[0].at("rounds").get<double>(), "rounds");
}

void predict(Context& c, std::string_view name, std::size_t images, std::size_t times) {
  const nn::Graph graph = network(name);
  const char* profile = c.link ? "wan" : "lan";
  const auto all = on_three_parties(c, profile, 1, [&](Seat& s) -> json {
    fn::Ctx ctx{s.engine, 16};
    const nn::Parameters parameters = shared_parameters(ctx, graph);
    SharedImages examples(ctx, graph, images, 1);
    const Secret<Real> inputs[] = {examples.batch(ctx, {}).features};
    return timed(s, times, [&] { nn::forward(ctx, graph, parameters, inputs); });
  });
  add_figures(c, "predict." + std::string(name) + std::to_string(images) + (c.link ? ".link" : ""), all);
}

void a1(Context& c) { predict(c, "A", 1, c.link ? 3 : 101); }
void a128(Context& c) { predict(c, "A", 128, c.link ? 3 : 51); }
void c1(Context& c) { predict(c, "C", 1, c.link ? 3 : 51); }

/// An image of noise, which costs what any other does.
PublicTensor noise(const Shape& shape) {
  std::vector<Word> random(elements(shape));
  Prg(Bytes(Prg::kKeySize), detect_isa()).fill(0, 0, random);
  PublicTensor out{shape, {}};
  for (const Word w : random) out.values.push_back(static_cast<double>(w >> 11) * 0x1p-53);
  return out;
}

std::vector<double> scores_in_the_clear(const nn::Graph& graph, const PublicTensor& image) {
  Workers workers(0);
  plain::DoubleEngine engine(Compute{ring_kernels(detect_isa()), workers});
  fn::Ctx ctx{engine, 16};
  const Secret<Real> inputs[] = {fn::constant(ctx, image)};
  const auto scores = nn::forward(ctx, graph, nn::initial_parameters(ctx, graph), inputs);
  const std::vector<std::string> one{"clear"};
  RevealPolicy policy({{"scores", one, "to compare", 1}}, one);
  Ledger ledger;
  return Gate::reveal(engine, ledger, scores[0], policy.permit("scores")).opened->values;
}

/// Seconds of one forward run in each kind of operator, of `runs` that were booked.
json seconds_by_operator(const nn::Graph& graph, const Meter& meter, std::size_t runs) {
  std::map<std::string, double> out;
  for (const nn::Node& node : graph.nodes) {
    const auto at = meter.scopes().find(node.name);
    if (at != meter.scopes().end())
      out[std::string(node.op->name)] += at->second.seconds / static_cast<double>(runs);
  }
  return out;
}

void resnet50(Context& c) {
  if (c.say) c.say("the weights are random numbers from a seed; this takes some GB of memory");
  nn::Graph graph = nn::resnet({}, 50);
  nn::onnx_io::fold_batch_norms(graph);
  const PublicTensor image = noise(graph.values[graph.inputs[0]].shape);
  const std::size_t times = c.link ? 1 : 5;
  const char* profile = c.link ? "wan" : "lan";
  const auto all = on_three_parties(c, profile, 1, [&](Seat& s) -> json {
    fn::Ctx ctx{s.engine, 16};
    const nn::Parameters parameters = shared_parameters(ctx, graph);
    const Secret<Real> inputs[] = {
        fn::input(ctx, party_id(0), s.self() == 0 ? &image : nullptr, image.shape)};
    std::vector<Secret<Real>> scores;
    json out = timed(s, times, [&] { scores = nn::forward(ctx, graph, parameters, inputs); });
    out["operators"] = seconds_by_operator(graph, s.party.meter(), times + 1);
    out["rss"] = peak_memory();
    const std::vector<std::string> parties{"alpha", "beta", "gamma"};
    RevealPolicy policy({{"scores", parties, "to compare", 1}}, parties);
    Ledger ledger;
    out["scores"] = Gate::reveal(s.engine, ledger, scores[0], policy.permit("scores")).opened->values;
    return out;
  });
  const std::string prefix = std::string("predict.resnet50") + (c.link ? ".link" : "");
  add_figures(c, prefix, all);
  double worst = 0;
  for (const json& j : all) worst = std::max(worst, j.at("rss").get<double>());
  c.add(prefix + ".rss_bytes", worst, "bytes, the largest party");
  for (const auto& [op, seconds] : all[0].at("operators").items())
    c.add(prefix + "." + op + ".seconds", seconds.get<double>(), "s of it, at the first party");
  const auto got = all[0].at("scores").get<std::vector<double>>();
  const auto want = scores_in_the_clear(graph, image);
  double error = 0, largest = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    error = std::max(error, std::fabs(got.at(i) - want[i]));
    largest = std::max(largest, std::fabs(want[i]));
  }
  c.add(prefix + ".score_error", error, "largest difference of a score from double precision");
  c.add(prefix + ".score_largest", largest, "largest score");
}

}  // namespace

std::vector<Benchmark> prediction_benchmarks() {
  return {{"predict.A1", "one image through network A", a1},
          {"predict.A128", "128 images through network A", a128},
          {"predict.C1", "one image through LeNet", c1},
          {"resnet50", "one image of 224x224 through ResNet-50 with random weights", resnet50, true}};
}

}  // namespace tacit::bench
