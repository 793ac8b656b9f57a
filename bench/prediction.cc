// Forward passes of trained networks.
#include <nlohmann/json.hpp>

#include "networks.h"
#include "three_parties.h"

namespace tacit::bench {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

void predict(Context& c, std::string_view name, std::size_t images, std::size_t times) {
  const nn::Graph graph = network(name);
  const char* profile = c.link ? "wan" : "lan";
  const auto all = on_three_parties(c, profile, 1, [&](Seat& s) -> json {
    fn::Ctx ctx{s.engine, 16};
    const nn::Parameters parameters = nn::initial_parameters(ctx, graph);
    SharedImages examples(ctx, graph, images, 1);
    const Secret<Real> inputs[] = {examples.batch(ctx, {}).features};
    nn::forward(ctx, graph, parameters, inputs);
    std::vector<double> seconds;
    Cost one;
    for (std::size_t i = 0; i < times; ++i) {
      s.synchronize();
      const Cost before = s.party.meter().total();
      const auto begin = Clock::now();
      nn::forward(ctx, graph, parameters, inputs);
      seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
      one.payload = s.party.meter().total().payload - before.payload;
      one.rounds = s.party.meter().total().rounds - before.rounds;
    }
    return {{"seconds", median(seconds)}, {"payload", one.payload}, {"rounds", one.rounds}};
  });
  double payload = 0;
  for (const json& j : all) payload += j.at("payload").get<double>();
  const std::string prefix =
      "predict." + std::string(name) + std::to_string(images) + (c.link ? ".link" : "");
  c.add(prefix + ".seconds", all[0].at("seconds").get<double>(), "s");
  c.add(prefix + ".bytes_total", payload, "bytes over all links");
  c.add(prefix + ".rounds", all[0].at("rounds").get<double>(), "rounds");
}

void a1(Context& c) { predict(c, "A", 1, c.link ? 3 : 101); }
void a128(Context& c) { predict(c, "A", 128, c.link ? 3 : 51); }
void c1(Context& c) { predict(c, "C", 1, c.link ? 3 : 51); }

}  // namespace

std::vector<Benchmark> prediction_benchmarks() {
  return {{"predict.A1", "one image through network A", a1},
          {"predict.A128", "128 images through network A", a128},
          {"predict.C1", "one image through LeNet", c1}};
}

}  // namespace tacit::bench
