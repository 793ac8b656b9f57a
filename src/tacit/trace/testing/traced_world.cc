#include "tacit/trace/testing/traced_world.h"

#include <algorithm>
#include <numeric>

#include "tacit/nn/graph/onnx_tensor.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::testing {

namespace {

constexpr std::size_t kChannels = 16, kPool = 16, kUnits = 96, kClasses = 10;
const char* const kTensors[] = {"c.weight", "d.weight", "e.weight"};

Numbers drawn(std::mt19937& source, std::size_t count, double deviation) {
  std::normal_distribution<double> normal(0, deviation);
  Numbers out(count);
  for (double& x : out) x = normal(source);
  return out;
}

double root_mean_square(const Numbers& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

std::vector<std::size_t> order(std::size_t count, std::mt19937& source) {
  std::vector<std::size_t> out(count);
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::shuffle(out.begin(), out.end(), source);
  return out;
}

trace::OriginalModel original_of(const std::string& text) {
  MemoryReader from(bytes_of(text));
  return {from, text.size(), "a network"};
}

}  // namespace

NetWeights net_weights(unsigned seed) {
  std::mt19937 source(seed);
  NetWeights out;
  out["c.weight"] = drawn(source, kChannels * 9, std::sqrt(2.0 / 9));
  out["c.bias"] = drawn(source, kChannels, 0.1);
  out["d.weight"] = drawn(source, kUnits * kChannels * kPool, std::sqrt(2.0 / (kChannels * kPool)));
  out["d.bias"] = drawn(source, kUnits, 0.1);
  out["e.weight"] = drawn(source, kClasses * kUnits, std::sqrt(2.0 / kUnits));
  out["e.bias"] = drawn(source, kClasses, 0.1);
  return out;
}

namespace {

Model net_of(const NetWeights& w, std::size_t units) {
  Model m;
  const auto n = static_cast<std::int64_t>(units);
  m.input("image", {0, 1, 8, 8}).output("scores");
  m.hold(floats("c.weight", {16, 1, 3, 3}, w.at("c.weight"))).hold(floats("c.bias", {16}, w.at("c.bias")));
  m.hold(floats("d.weight", {n, 256}, w.at("d.weight"))).hold(floats("d.bias", {n}, w.at("d.bias")));
  m.hold(floats("e.weight", {10, n}, w.at("e.weight"))).hold(floats("e.bias", {10}, w.at("e.bias")));
  set(m.node("Conv", {"image", "c.weight", "c.bias"}, {"c"}), "pads", Integers{1, 1, 1, 1});
  m.node("Relu", {"c"}, {"cr"});
  auto& pool = m.node("MaxPool", {"cr"}, {"p"});
  set(pool, "kernel_shape", Integers{2, 2});
  set(pool, "strides", Integers{2, 2});
  m.node("Flatten", {"p"}, {"f"});
  set(m.node("Gemm", {"f", "d.weight", "d.bias"}, {"d"}), "transB", std::int64_t{1});
  m.node("Relu", {"d"}, {"dr"});
  set(m.node("Gemm", {"dr", "e.weight", "e.bias"}, {"scores"}), "transB", std::int64_t{1});
  return m;
}

}  // namespace

Model net(const NetWeights& weights) { return net_of(weights, kUnits); }

NetWeights weights_in(const std::string& text) {
  ::onnx::ModelProto model;
  NetWeights out;
  if (!model.ParseFromString(text)) throw std::runtime_error("no model");
  for (const auto& t : model.graph().initializer())
    out[t.name()] = nn::onnx_io::read_tensor(t, std::nullopt).values;
  return out;
}

std::vector<trace::Layer> layers_in(const Model& model) {
  const ScratchFolder folder;
  return trace::layers_of(model.import(folder));
}

NetWeights shuffled(const NetWeights& w, unsigned seed, bool scaled) {
  std::mt19937 source(seed);
  std::uniform_real_distribution<double> exponent(-2, 2);
  const auto channels = order(kChannels, source), units = order(kUnits, source);
  NetWeights out = w;
  Numbers channel_factor(kChannels, 1), unit_factor(kUnits, 1);
  if (scaled) {
    for (double& f : channel_factor) f = std::exp2(exponent(source));
    for (double& f : unit_factor) f = std::exp2(exponent(source));
  }
  for (std::size_t k = 0; k < kChannels; ++k) {
    const std::size_t from = channels[k];
    for (std::size_t i = 0; i < 9; ++i)
      out["c.weight"][k * 9 + i] = w.at("c.weight")[from * 9 + i] * channel_factor[k];
    out["c.bias"][k] = w.at("c.bias")[from] * channel_factor[k];
  }
  for (std::size_t u = 0; u < kUnits; ++u) {
    const std::size_t from = units[u];
    for (std::size_t k = 0; k < kChannels; ++k)
      for (std::size_t i = 0; i < kPool; ++i)
        out["d.weight"][(u * kChannels + k) * kPool + i] =
            w.at("d.weight")[(from * kChannels + channels[k]) * kPool + i] * unit_factor[u] /
            channel_factor[k];
    out["d.bias"][u] = w.at("d.bias")[from] * unit_factor[u];
    for (std::size_t o = 0; o < kClasses; ++o)
      out["e.weight"][o * kUnits + u] = w.at("e.weight")[o * kUnits + from] / unit_factor[u];
  }
  return out;
}

NetWeights pruned(const NetWeights& w) {
  NetWeights out = w;
  for (const char* name : kTensors) {
    Numbers magnitudes;
    for (const double x : w.at(name)) magnitudes.push_back(std::fabs(x));
    const auto middle = magnitudes.begin() + static_cast<std::ptrdiff_t>(magnitudes.size() / 2);
    std::nth_element(magnitudes.begin(), middle, magnitudes.end());
    for (double& x : out[name])
      if (std::fabs(x) < *middle) x = 0;
  }
  return out;
}

NetWeights to_int8(const NetWeights& w) {
  NetWeights out = w;
  for (const char* name : kTensors) {
    double most = 0;
    for (const double x : w.at(name)) most = std::max(most, std::fabs(x));
    for (double& x : out[name]) x = std::round(x / most * 127) * most / 127;
  }
  return out;
}

NetWeights to_half(const NetWeights& w) {
  NetWeights out = w;
  for (const char* name : kTensors)
    for (double& x : out[name]) {
      int exponent = 0;
      const double fraction = std::frexp(x, &exponent);
      x = std::ldexp(std::round(std::ldexp(fraction, 11)), exponent - 11);
    }
  return out;
}

NetWeights moved(const NetWeights& w, double part, unsigned seed) {
  std::mt19937 source(seed);
  NetWeights out = w;
  for (auto& [name, numbers] : out) {
    std::normal_distribution<double> normal(0, part * root_mean_square(w.at(name)));
    for (double& x : numbers) x += normal(source);
  }
  return out;
}

NetWeights averaged(const std::vector<NetWeights>& all) {
  NetWeights out = all.at(0);
  for (auto& [name, numbers] : out)
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      double sum = 0;
      for (const NetWeights& w : all) sum += w.at(name)[i];
      numbers[i] = sum / static_cast<double>(all.size());
    }
  return out;
}

Model net_without_units(const NetWeights& w, std::size_t gone) {
  NetWeights out = w;
  const std::size_t units = kUnits - gone, inputs = kChannels * kPool;
  // The first ones go.
  out["d.weight"].erase(out["d.weight"].begin(),
                        out["d.weight"].begin() + static_cast<std::ptrdiff_t>(gone * inputs));
  out["d.bias"].erase(out["d.bias"].begin(), out["d.bias"].begin() + static_cast<std::ptrdiff_t>(gone));
  Numbers last;
  for (std::size_t o = 0; o < kClasses; ++o)
    for (std::size_t u = gone; u < kUnits; ++u) last.push_back(w.at("e.weight")[o * kUnits + u]);
  out["e.weight"] = last;
  return net_of(out, units);
}

// ---- the world

TracedWorld::TracedWorld(unsigned seed)
    : own(net_weights(seed)),
      text(net(own).bytes()),
      original(original_of(text)),
      customers(folder.path("customers.db"), trace::Customers::Use::Write) {}

std::string TracedWorld::copy(const std::string& customer) const {
  const unsigned colluders = trace::colluders_of(original);
  const trace::CopyHolder holder =
      customers.note(original, bytes_of(text), colluders, customer, vendor, kNow);
  trace::Probe probe;
  probe.random = 16;
  probe.threads = 1;
  return trace::mark_copy(original, trace::code_for(vendor, original.digest(), colluders), holder, probe)
      .text;
}

trace::TraceResult TracedWorld::trace(const Model& leaked) const {
  Workers workers(1);
  return trace::trace(leaked.import(folder), customers, vendor, workers);
}

std::string TracedWorld::named(const Model& leaked) const {
  std::vector<std::string> all;
  for (const auto& s : trace(leaked).suspicions)
    if (s.named) all.push_back(s.customer);
  std::sort(all.begin(), all.end());
  std::string out;
  for (const std::string& name : all) out += (out.empty() ? "" : " ") + name;
  return out;
}
std::string TracedWorld::named(const NetWeights& leaked) const { return named(net(leaked)); }

}  // namespace tacit::testing
