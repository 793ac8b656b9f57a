// Steps of training: networks A to D at batch 128, three processes over TLS.
#include <nlohmann/json.hpp>

#include "networks.h"
#include "tacit/job/report.h"
#include "tacit/job/shares.h"
#include "three_parties.h"

namespace tacit::bench {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 128;

json timed_steps(Seat& s, const nn::Graph& graph, nn::Examples& examples, std::size_t warm_up) {
  fn::Ctx ctx{s.engine, 16};
  nn::Parameters parameters = nn::initial_parameters(ctx, graph);
  nn::TrainSettings settings;
  settings.epochs = 1;
  settings.batch = kBatch;
  std::vector<double> seconds;
  auto last = Clock::now();
  Cost before = s.party.meter().total();
  std::size_t counted = 0;
  nn::TrainHooks hooks;
  hooks.after_step = [&](const nn::StepInfo& info) {
    const auto now = Clock::now();
    if (info.step >= warm_up) {
      seconds.push_back(std::chrono::duration<double>(now - last).count());
      ++counted;
    }
    last = now;
    if (info.step + 1 == warm_up) before = s.party.meter().total();
  };
  nn::train(ctx, graph, parameters, examples, settings, hooks);
  const Cost after = s.party.meter().total();
  return {{"seconds", median(seconds)},
          {"payload", static_cast<double>(after.payload - before.payload) / static_cast<double>(counted)},
          {"rounds", static_cast<double>(after.rounds - before.rounds) / static_cast<double>(counted)},
          {"rss", peak_memory()}};
}

void training(Context& c, std::string_view name, std::size_t steps) {
  const nn::Graph graph = network(name);
  const char* profile = c.link ? "wan" : "lan";
  const auto all = on_three_parties(c, profile, 1, [&](Seat& s) -> json {
    fn::Ctx ctx{s.engine, 16};
    SharedImages images(ctx, graph, kBatch, steps);
    return timed_steps(s, graph, images, 2);
  });
  double payload = 0;
  for (const json& j : all) payload += j.at("payload").get<double>();
  const std::string prefix = "training." + std::string(name) + (c.link ? ".link" : "");
  c.add(prefix + ".seconds_per_step", all[0].at("seconds").get<double>(), "s");
  c.add(prefix + ".bytes_total", payload, "bytes a step over all links");
  c.add(prefix + ".rounds", all[0].at("rounds").get<double>(), "rounds a step");
  const StepCost wan = declared_step(graph, "wan", kBatch);
  c.add("training." + std::string(name) + ".wan.rounds", static_cast<double>(wan.rounds),
        "rounds a step, wan profile");
  c.add("training." + std::string(name) + ".wan.bytes_total", static_cast<double>(wan.payload_all),
        "bytes a step, wan profile");
}

/// Examples as large as MNIST, as a party keeps them: components from seeds, and one in full, in a file.
class StoredImages final : public nn::Examples {
 public:
  StoredImages(const nn::Graph& graph, std::size_t rows, std::size_t batches, std::size_t self)
      : shape_(graph.values[graph.inputs[0]].shape),
        classes_(graph.values[graph.outputs[0]].shape.back()),
        rows_(rows),
        batches_(batches) {
    const std::size_t width = elements(shape_) + classes_;
    for (std::size_t c : {self, (self + 1) % 3}) {
      if (c != 2) {
        components_.push_back(seed_component(Bytes(16, std::byte(c)), width, detect_isa()));
        continue;
      }
      // Party 1 and 2 hold component 2 in full. What is in it does not matter for what is measured here.
      ComponentWriter writer(std::filesystem::temp_directory_path(), width, {});
      const Prg noise(Bytes(16, std::byte{9}), detect_isa());
      std::vector<Word> block(1000 * width);
      for (std::size_t r = 0; r < rows; r += 1000) {
        noise.fill(0, r * width, block);
        writer.append(block);
      }
      components_.push_back(writer.finish());
    }
  }
  std::size_t rows() const override { return batches_ * kBatch; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t> rows) override {
    Shape shape = shape_;
    shape[0] = rows.size();
    const Shape target_shape{rows.size(), classes_};
    const std::size_t width = elements(shape_);
    std::vector<RingTensor> x, y;
    for (const auto& c : components_) {
      x.emplace_back(shape);
      y.emplace_back(target_shape);
      Word *xs = x.back().data(), *ys = y.back().data();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        c->read(rows[i] * 7919 % rows_, 0, {xs + i * width, width});
        c->read(rows[i] * 7919 % rows_, width, {ys + i * classes_, classes_});
      }
    }
    return {fn::adopt(ctx, std::move(x), shape), fn::adopt(ctx, std::move(y), target_shape)};
  }

 private:
  Shape shape_;
  std::size_t classes_, rows_, batches_;
  std::vector<std::unique_ptr<Component>> components_;
};

void memory(Context& c) {
  const nn::Graph graph = network("C");
  const auto all = on_three_parties(c, "lan", 1, [&](Seat& s) -> json {
    StoredImages images(graph, 60000, 6, s.self());
    return timed_steps(s, graph, images, 1);
  });
  double worst = 0;
  for (const json& j : all) worst = std::max(worst, j.at("rss").get<double>());
  c.add("training.C.rss_bytes", worst, "bytes, the largest party, 60,000 images stored");
}

/// What guarding against overflow adds to a step: where every batch is guarded, once bounds have settled, and
/// where one alone is. Bytes and rounds are declared; seconds are measured for network A.
void guarded(Context& c) {
  constexpr std::size_t kSteps = 12, kAlone = 4;
  for (const char* name : {"A", "B", "C", "D"}) {
    const nn::Graph graph = network(name);
    for (const char* profile : {"lan", "wan"}) {
      const StepCost plain = declared_step(graph, profile, kBatch);
      const auto every = declared_steps(graph, profile, kBatch, kSteps, 1),
                 some = declared_steps(graph, profile, kBatch, kAlone + 1, kAlone);
      const std::string prefix = std::string("training.") + name + "." + profile + ".guard.";
      auto add = [&](const std::string& what, const StepCost& step) {
        c.add(prefix + what + ".bytes_total", static_cast<double>(step.payload_all),
              "bytes a step over all links");
        c.add(prefix + what + ".rounds", static_cast<double>(step.rounds), "rounds a step");
        c.add(prefix + what + ".bytes_ratio",
              static_cast<double>(step.payload_all) / static_cast<double>(plain.payload_all),
              "times an unguarded step");
      };
      add("every", every.back());
      add("alone", some.back());
    }
  }
  const nn::Graph graph = network("A");
  for (const std::size_t guard_every : {std::size_t{0}, std::size_t{1}}) {
    const auto all = on_three_parties(c, "lan", 1, [&](Seat& s) -> json {
      GuardEngine guard(s.engine);
      fn::Ctx ctx{guard, 16};
      DeclaredImages images(ctx, graph, kBatch, 52);
      nn::Parameters parameters = nn::initial_parameters(ctx, graph);
      nn::TrainSettings settings;
      settings.epochs = 1;
      settings.batch = kBatch;
      nn::TrainHooks hooks = guarding(guard, guard_every);
      std::vector<double> seconds;
      auto last = Clock::now();
      hooks.after_step = [&, check = hooks.after_step](const nn::StepInfo& info) {
        check(info);
        const auto now = Clock::now();
        if (info.step >= kSteps) seconds.push_back(std::chrono::duration<double>(now - last).count());
        last = now;
      };
      nn::train(ctx, graph, parameters, images, settings, hooks);
      return median(seconds);
    });
    c.add(std::string("training.A.guard.") + (guard_every == 0 ? "off" : "every") + ".seconds_per_step",
          all[0].get<double>(), "s");
  }
}

void a(Context& c) { training(c, "A", c.link ? 6 : 202); }
void b(Context& c) { training(c, "B", c.link ? 4 : 22); }
void net_c(Context& c) { training(c, "C", c.link ? 4 : 14); }
void d(Context& c) { training(c, "D", c.link ? 6 : 62); }

}  // namespace

std::vector<Benchmark> training_benchmarks() {
  return {{"training.A", "one SGD step of 784-128-128-10", a},
          {"training.B", "one SGD step of network B (two convolutions of 16)", b},
          {"training.C", "one SGD step of LeNet", net_c},
          {"training.D", "one SGD step of network D (one convolution of 5)", d},
          {"training.guard", "a step guarded against overflow beside one that is not", guarded},
          {"training.memory", "LeNet over stored shares of 60,000 images: the memory of a party", memory}};
}

}  // namespace tacit::bench
