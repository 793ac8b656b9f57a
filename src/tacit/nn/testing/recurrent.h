// Recurrent layers for tests: their models, as files have them, and loops over ONNX's formulas that say what
// they give. For tests only.
#pragma once

#include <algorithm>
#include <functional>
#include <random>

#include "tacit/nn/testing/onnx_models.h"

namespace tacit::testing::recurrent {

struct Bend {
  std::string name;
  double alpha = 0, beta = 0;
};
inline bool has_alpha(const Bend& b) { return b.name != "Tanh" && b.name != "Sigmoid" && b.name[0] != 'R'; }
inline bool has_beta(const Bend& b) {
  return b.name == "HardSigmoid" || b.name == "Affine" || b.name == "ScaledTanh";
}

inline double bent(const Bend& b, double x) {
  if (b.name == "Tanh") return std::tanh(x);
  if (b.name == "Sigmoid") return 1 / (1 + std::exp(-x));
  if (b.name == "Relu") return std::max(x, 0.0);
  if (b.name == "LeakyRelu") return x < 0 ? b.alpha * x : x;
  if (b.name == "ThresholdedRelu") return x > b.alpha ? x : 0;
  if (b.name == "HardSigmoid") return std::clamp(b.alpha * x + b.beta, 0.0, 1.0);
  if (b.name == "Affine") return b.alpha * x + b.beta;
  if (b.name == "ScaledTanh") return b.alpha * std::tanh(b.beta * x);
  if (b.name == "Elu") return x < 0 ? b.alpha * std::expm1(x) : x;
  throw std::runtime_error("no reference for " + b.name);
}

/// A layer with its numbers in ONNX's layouts; empty where an input is left out.
struct Net {
  std::string op = "LSTM", direction = "forward";
  std::size_t steps = 4, batch = 3, features = 2, hidden = 3;
  bool batch_first = false, reset_after = false, coupled = false;
  double clip = 0;
  std::size_t length = 0;        ///< as sequence_lens has it; 0: left out
  std::vector<Bend> bends = {};  ///< of all directions; empty: ONNX's own
  Numbers w = {}, r = {}, b = {}, h = {}, c = {}, p = {};

  std::size_t directions() const { return direction == "bidirectional" ? 2 : 1; }
  std::size_t gates() const { return op == "LSTM" ? 4 : op == "GRU" ? 3 : 1; }
  std::vector<Bend> all_bends() const {
    if (!bends.empty()) return bends;
    std::vector<Bend> out;
    for (std::size_t d = 0; d < directions(); ++d) {
      if (op != "RNN") out.push_back({"Sigmoid"});
      out.push_back({"Tanh"});
      if (op == "LSTM") out.push_back({"Tanh"});
    }
    return out;
  }
};

inline Numbers drawn(std::mt19937_64& random, std::size_t n) {
  std::uniform_real_distribution<double> uniform(-0.8, 0.8);
  Numbers out(n);
  for (double& v : out) v = static_cast<float>(uniform(random));
  return out;
}

inline Net filled(Net n, std::uint64_t seed, bool bias, bool states, bool peepholes = false) {
  std::mt19937_64 random(seed);
  const std::size_t d = n.directions(), gates = n.gates() * n.hidden;
  n.w = drawn(random, d * gates * n.features);
  n.r = drawn(random, d * gates * n.hidden);
  if (bias) n.b = drawn(random, d * 2 * gates);
  if (states) n.h = drawn(random, d * n.batch * n.hidden);
  if (states && n.op == "LSTM") n.c = drawn(random, d * n.batch * n.hidden);
  if (peepholes) n.p = drawn(random, d * 3 * n.hidden);
  return n;
}

inline Integers dims(std::initializer_list<std::size_t> extents) { return {extents.begin(), extents.end()}; }

/// The same numbers with the first two of three axes exchanged.
inline Numbers exchanged(const Numbers& x, std::size_t first, std::size_t second, std::size_t third) {
  Numbers out;
  for (std::size_t j = 0; j < second; ++j)
    for (std::size_t i = 0; i < first; ++i)
      for (std::size_t k = 0; k < third; ++k) out.push_back(x[(i * second + j) * third + k]);
  return out;
}

/// Inputs of the batch's size, without an open axis: `x`, and of the layer's results those named.
inline Model model_of(const Net& n, const std::vector<std::string>& outputs = {"y", "y_h", "y_c"}) {
  const std::size_t d = n.directions(), gates = n.gates() * n.hidden;
  Model m;
  m.input("x", n.batch_first ? dims({n.batch, n.steps, n.features}) : dims({n.steps, n.batch, n.features}));
  std::vector<std::string> in{"x", "w", "r", "", "", "", "", ""}, out;
  m.hold(floats("w", dims({d, gates, n.features}), n.w)).hold(floats("r", dims({d, gates, n.hidden}), n.r));
  const auto give = [&](std::size_t i, const std::string& name, const Integers& shape, const Numbers& v) {
    if (v.empty()) return;
    m.hold(floats(name, shape, v));
    in[i] = name;
  };
  give(3, "b", dims({d, 2 * gates}), n.b);
  give(7, "p", dims({d, 3 * n.hidden}), n.p);
  for (const auto& [i, name, values] : {std::tuple(5, "h", n.h), std::tuple(6, "c", n.c)}) {
    const auto at = static_cast<std::size_t>(i);
    if (n.batch_first)
      give(at, name, dims({n.batch, d, n.hidden}),
           values.empty() ? values : exchanged(values, d, n.batch, n.hidden));
    else
      give(at, name, dims({d, n.batch, n.hidden}), values);
  }
  if (n.length > 0) {
    in[4] = "lengths";
    m.hold(integers("lengths", dims({n.batch}), Integers(n.batch, static_cast<std::int64_t>(n.length))));
  }
  while (in.back().empty()) in.pop_back();
  for (const char* name : {"y", "y_h", "y_c"}) {
    const bool wanted = std::find(outputs.begin(), outputs.end(), name) != outputs.end();
    if (std::string(name) == "y_c" && n.op != "LSTM") continue;
    out.push_back(wanted ? name : "");
    if (wanted) m.output(name);
  }
  auto& node = m.node(n.op, in, out);
  set(node, "hidden_size", static_cast<std::int64_t>(n.hidden));
  if (n.batch_first) set(node, "layout", std::int64_t{1});
  if (n.reset_after) set(node, "linear_before_reset", std::int64_t{1});
  if (n.coupled) set(node, "input_forget", std::int64_t{1});
  if (n.clip > 0) set_real(node, "clip", n.clip);
  set_text(node, "direction", n.direction);
  if (n.bends.empty()) return m;
  auto &names = *node.add_attribute(), &alphas = *node.add_attribute(), &betas = *node.add_attribute();
  names.set_name("activations"), names.set_type(::onnx::AttributeProto::STRINGS);
  alphas.set_name("activation_alpha"), alphas.set_type(::onnx::AttributeProto::FLOATS);
  betas.set_name("activation_beta"), betas.set_type(::onnx::AttributeProto::FLOATS);
  for (const Bend& b : n.bends) {
    names.add_strings(b.name);
    if (has_alpha(b)) alphas.add_floats(static_cast<float>(b.alpha));
    if (has_beta(b)) betas.add_floats(static_cast<float>(b.beta));
  }
  return m;
}

struct Answer {
  PublicTensor y, h, c;  ///< [steps, directions, examples, hidden], and the last of each
};

/// One direction of one example: x[step][feature], and the states after each step that runs.
inline void by_loops(const Net& n, std::size_t d, const std::vector<Numbers>& x, Numbers h, Numbers c,
                     const std::function<void(std::size_t step, const Numbers& h, const Numbers& c)>& take) {
  const std::size_t H = n.hidden, G = n.gates() * H, length = n.length > 0 ? n.length : n.steps;
  const auto bends = n.all_bends();
  const std::size_t each = bends.size() / n.directions();
  const auto f = [&](std::size_t which, double v) {
    return bent(bends[d * each + which], n.clip > 0 ? std::clamp(v, -n.clip, n.clip) : v);
  };
  const auto bias = [&](std::size_t i) { return n.b.empty() ? 0.0 : n.b[d * 2 * G + i]; };
  const auto peep = [&](std::size_t i) { return n.p.empty() ? 0.0 : n.p[d * 3 * H + i]; };
  const auto by_r = [&](std::size_t row, const Numbers& state) {
    double sum = 0;
    for (std::size_t j = 0; j < H; ++j) sum += n.r[(d * G + row) * H + j] * state[j];
    return sum;
  };
  for (std::size_t s = 0; s < length; ++s) {
    const std::size_t t = d == 1 || n.direction == "reverse" ? length - 1 - s : s;
    Numbers in(G), of_state(G), next(H);
    for (std::size_t row = 0; row < G; ++row) {
      in[row] = bias(row);
      for (std::size_t k = 0; k < n.features; ++k) in[row] += n.w[(d * G + row) * n.features + k] * x[t][k];
      of_state[row] = by_r(row, h) + bias(G + row);
    }
    const auto both = [&](std::size_t gate, std::size_t k) {
      return in[gate * H + k] + of_state[gate * H + k];
    };
    if (n.op == "RNN") {
      for (std::size_t k = 0; k < H; ++k) next[k] = f(0, both(0, k));
    } else if (n.op == "GRU") {
      Numbers reset(H);
      for (std::size_t k = 0; k < H; ++k) reset[k] = f(0, both(1, k)) * h[k];
      for (std::size_t k = 0; k < H; ++k) {
        const double z = f(0, both(0, k)), r = f(0, both(1, k));
        const double state =
            n.reset_after ? r * of_state[2 * H + k] : by_r(2 * H + k, reset) + bias(G + 2 * H + k);
        next[k] = (1 - z) * f(1, in[2 * H + k] + state) + z * h[k];
      }
    } else {
      for (std::size_t k = 0; k < H; ++k) {
        const double i = f(0, both(0, k) + peep(k) * c[k]);
        const double forget = n.coupled ? 1 - i : f(0, both(2, k) + peep(2 * H + k) * c[k]);
        c[k] = forget * c[k] + i * f(1, both(3, k));
        next[k] = f(0, both(1, k) + peep(H + k) * c[k]) * bent(bends[d * each + 2], c[k]);
      }
    }
    h = next;
    take(t, h, c);
  }
}

/// x: [steps, examples, features], also where the layer has the examples first.
inline Answer answer_of(const Net& n, const PublicTensor& x) {
  const std::size_t D = n.directions(), N = n.batch, H = n.hidden;
  Answer out{{{n.steps, D, N, H}, Numbers(n.steps * D * N * H)}, {{D, N, H}, Numbers(D * N * H)}, {}};
  out.c = out.h;
  for (std::size_t d = 0; d < D; ++d)
    for (std::size_t e = 0; e < N; ++e) {
      std::vector<Numbers> rows;
      for (std::size_t t = 0; t < n.steps; ++t) {
        const auto at = x.values.begin() + static_cast<std::ptrdiff_t>((t * N + e) * n.features);
        rows.emplace_back(at, at + static_cast<std::ptrdiff_t>(n.features));
      }
      const std::size_t place = (d * N + e) * H;
      const auto state = [&](const Numbers& all) {
        if (all.empty()) return Numbers(H);
        const auto at = all.begin() + static_cast<std::ptrdiff_t>(place);
        return Numbers(at, at + static_cast<std::ptrdiff_t>(H));
      };
      by_loops(n, d, rows, state(n.h), state(n.c), [&](std::size_t t, const Numbers& h, const Numbers& c) {
        for (std::size_t k = 0; k < H; ++k) {
          out.y.values[((t * D + d) * N + e) * H + k] = h[k];
          out.h.values[place + k] = h[k], out.c.values[place + k] = c[k];
        }
      });
    }
  return out;
}

/// As exporters write it: examples first, turned, and states of zeros of the batch's size.
inline Model as_exported(const Net& n) {
  Model m = model_of(n, {"y"});
  m.graph().clear_input(), m.graph().clear_output();
  ::onnx::NodeProto layer = m.graph().node(0);
  m.graph().clear_node();
  m.input("in", {0, static_cast<std::int64_t>(n.steps), static_cast<std::int64_t>(n.features)}).output("out");
  set(m.node("Transpose", {"in"}, {"x"}), "perm", Integers{1, 0, 2});
  m.node("Shape", {"x"}, {"s"});
  set(m.node("Constant", {}, {"one"}), "value", integers("", {1}, {1}));
  set(m.node("Constant", {}, {"sizes"}), "value",
      integers("", {2}, {static_cast<std::int64_t>(n.directions()), static_cast<std::int64_t>(n.hidden)}));
  set(m.node("Constant", {}, {"zero"}), "value", integers("", {1}, {0}));
  m.node("Gather", {"s", "one"}, {"examples"});
  m.node("Gather", {"sizes", "zero"}, {"directions"});
  m.node("Gather", {"sizes", "one"}, {"hidden"});
  set(m.node("Concat", {"directions", "examples", "hidden"}, {"state"}), "axis", std::int64_t{0});
  m.node("ConstantOfShape", {"state"}, {"zeros"});
  while (layer.input_size() < (n.op == "LSTM" ? 7 : 6)) layer.add_input("");
  for (int i = 5; i < layer.input_size(); ++i) layer.set_input(i, "zeros");
  *m.graph().add_node() = layer;
  set(m.node("Transpose", {"y"}, {"out"}), "perm", Integers{2, 0, 1, 3});
  return m;
}

}  // namespace tacit::testing::recurrent
