#include "tacit/nn/graph/onnx_cells.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_lower.h"

namespace tacit::nn::onnx_io {

namespace {

constexpr CellKind kCellKinds[] = {
    {"GRU", 3, "Sigmoid,Tanh"}, {"LSTM", 4, "Sigmoid,Tanh,Tanh"}, {"RNN", 1, "Tanh"}};

/// ONNX names no number for these, or runtimes take another one.
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
/// With the numbers that they have where a file gives none.
constexpr CellActivation kCellActivations[] = {
    {"Affine", 2, kNone, kNone},
    {"Elu", 1, 1, 0},
    {"HardSigmoid", 2, 0.2, 0.5},
    {"LeakyRelu", 1, 0.01, 0},
    {"Relu", 0, 0, 0},
    {"ScaledTanh", 2, kNone, kNone},
    {"Sigmoid", 0, 0, 0},
    {"Softplus", 0, 0, 0},
    {"Softsign", 0, 0, 0},
    {"Tanh", 0, 0, 0},
    {"ThresholdedRelu", 1, kNone, 0},
};

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> out{""};
  for (char c : text) {
    if (c == ',')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

/// Runtimes take the names of activations in any case.
bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

Operand bent(PartWriter& to, const CellActivation& a, const Operand& x, const std::string& role) {
  // Factors of 1 and terms of 0 are left out.
  const auto times = [&](const Operand& v, double factor, std::string_view name) {
    return factor == 1 ? v : to.product(v, to.number(factor), fmt::format("{}_{}", role, name));
  };
  if (a.name == "ScaledTanh") {
    const Operand y = to.node("Tanh", role, {times(x, a.beta, "beta")});
    return times(y, a.alpha, "alpha");
  }
  if (a.name == "Affine") {
    const Operand y = times(x, a.alpha, "alpha");
    return a.beta == 0 ? y : to.sum(y, to.number(a.beta), role);
  }
  Attrs attrs;
  if (a.numbers > 0) attrs.set("alpha", a.alpha);
  if (a.numbers > 1) attrs.set("beta", a.beta);
  return to.node(a.name, role, {x}, attrs);
}

/// What gates come to.
Operand activated(PartWriter& to, const Cell& cell, std::size_t which, Operand x, const std::string& role) {
  if (cell.clip > 0) x = to.node("Clip", role + "_clip", {x, to.number(-cell.clip), to.number(cell.clip)});
  return bent(to, cell.activations.at(which), x, role);
}

/// Some gates of all that lie in a tensor's last axis.
Operand gates(PartWriter& to, const Cell& cell, const Operand& x, std::size_t first, std::size_t count,
              std::string_view suffix) {
  if (!x.present()) return x;
  return to.slice(x, 2, first * cell.hidden, (first + count) * cell.hidden, suffix);
}

/// The product with the state, and its bias; absent if both are zero.
Operand of_state(PartWriter& to, const Cell& cell, const Operand& h) {
  Operand y;
  if (h.present()) y = to.node("MatMul", "state", {h, cell.weights});
  return to.sum(y, cell.bias, "state_biased");
}

CellState rnn_step(PartWriter& to, const Cell& cell, const Operand& inputs, const CellState& before) {
  return {activated(to, cell, 0, to.sum(inputs, of_state(to, cell, before.h), "sum"), "h"), {}};
}

// Gates z, r, n. The new state (1 - z) n + z h is n + z (h - n): one product.
CellState gru_step(PartWriter& to, const Cell& cell, const Operand& inputs, const CellState& before) {
  const Operand& h = before.h;
  const Operand state = of_state(to, cell, h);
  const std::size_t used = state.present() ? 2 : 1;  // there is nothing to reset in the first step
  const Operand zr = activated(to, cell, 0,
                               to.sum(gates(to, cell, inputs, 0, used, "input_zr"),
                                      gates(to, cell, state, 0, used, "state_zr"), "sum_zr"),
                               "zr");
  const Operand z = gates(to, cell, zr, 0, 1, "z");
  Operand kept;
  if (used == 2) {
    const Operand r = gates(to, cell, zr, 1, 1, "r");
    if (cell.reset_after)
      kept = to.product(r, gates(to, cell, state, 2, 1, "state_n"), "reset");
    else
      kept = to.node("MatMul", "state_n", {to.product(r, h, "reset"), cell.new_weights});
  }
  const Operand n =
      activated(to, cell, 1, to.sum(gates(to, cell, inputs, 2, 1, "input_n"), kept, "sum_n"), "n");
  if (!h.present()) return {to.node("Sub", "h", {n, to.product(z, n, "z_n")}), {}};
  return {to.sum(n, to.product(z, to.node("Sub", "change", {h, n}), "z_change"), "h"), {}};
}

// Gates i, o, f, g, in the order of ONNX; peepholes of i, o, f.
CellState lstm_step(PartWriter& to, const Cell& cell, const Operand& inputs, const CellState& before) {
  const Operand& c = before.c;
  const Operand all = to.sum(inputs, of_state(to, cell, before.h), "sum");
  const auto peeped = [&](std::size_t gate, const Operand& seen, const std::string& name) {
    const Operand of_cell =
        to.product(gates(to, cell, cell.peepholes, gate, 1, name + "_peephole"), seen, name + "_peep");
    return activated(to, cell, 0,
                     to.sum(gates(to, cell, all, gate, 1, name + "_sum"), of_cell, name + "_all"), name);
  };
  const bool peeps = cell.peepholes.present();
  Operand together;
  if (!peeps) together = activated(to, cell, 0, gates(to, cell, all, 0, 3, "iof_sum"), "iof");
  const auto gate = [&](std::size_t which, const Operand& seen, const std::string& name) {
    return peeps ? peeped(which, seen, name) : gates(to, cell, together, which, 1, name);
  };
  const Operand i = gate(0, c, "i");
  const Operand g = activated(to, cell, 1, gates(to, cell, all, 3, 1, "g_sum"), "g");
  CellState after;
  if (!c.present())
    after.c = to.product(i, g, "c");
  else if (cell.coupled)  // (1 - i) c + i g
    after.c = to.sum(c, to.product(i, to.node("Sub", "change", {g, c}), "i_change"), "c");
  else
    after.c = to.sum(to.product(gate(2, c, "f"), c, "f_c"), to.product(i, g, "i_g"), "c");
  // Runtimes clip gates, and not this.
  const Operand shown = bent(to, cell.activations.at(2), after.c, "shown");
  after.h = to.product(gate(1, after.c, "o"), shown, "h");
  return after;
}

}  // namespace

const CellKind& cell_kind(std::string_view op) {
  const auto at = std::find_if(std::begin(kCellKinds), std::end(kCellKinds),
                               [&](const CellKind& k) { return k.op == op; });
  ensure(at != std::end(kCellKinds), "only cells that there are are asked for");
  return *at;
}

std::vector<CellActivation> activations_of(const Step& step, const CellKind& kind, std::size_t directions) {
  const std::size_t each = split_at_commas(kind.activations).size();
  std::string usual(kind.activations);
  if (directions == 2) usual += "," + usual;
  const std::vector<std::string> names = split_at_commas(step.attrs.text("activations", usual));
  require(names.size() == each * directions, "{} names {} activations, and needs {}", step.what(),
          names.size(), each * directions);
  const auto alphas = step.attrs.reals("activation_alpha", {}),
             betas = step.attrs.reals("activation_beta", {});
  std::vector<CellActivation> out;
  std::size_t alpha = 0, beta = 0;
  for (const std::string& name : names) {
    const auto at = std::find_if(std::begin(kCellActivations), std::end(kCellActivations),
                                 [&](const CellActivation& a) { return same_word(a.name, name); });
    require(at != std::end(kCellActivations),
            "{} has the activation '{}', which ONNX does not have for it; use Sigmoid, Tanh, Relu or "
            "HardSigmoid",
            step.what(), printable(name));
    CellActivation a = *at;
    // The file's numbers are handed out in order, to those that take any.
    if (a.numbers > 0 && alpha < alphas.size()) a.alpha = alphas[alpha++];
    if (a.numbers > 1 && beta < betas.size()) a.beta = betas[beta++];
    require(
        !std::isnan(a.alpha) && !std::isnan(a.beta),
        "{} has the activation '{}' without its numbers, for which programs take different ones; give them "
        "as 'activation_alpha' and 'activation_beta'",
        step.what(), a.name);
    out.push_back(a);
  }
  return out;
}

CellState cell_step(PartWriter& to, const Cell& cell, const Operand& inputs, const CellState& before) {
  if (cell.op == "GRU") return gru_step(to, cell, inputs, before);
  return cell.op == "LSTM" ? lstm_step(to, cell, inputs, before) : rnn_step(to, cell, inputs, before);
}

Operand PartWriter::node(std::string_view op, std::string_view suffix, std::vector<Operand> in, Attrs attrs) {
  return builder_.emit(
      helper(step_, op, fmt::format("{}{}", prefix_, suffix), std::move(in), std::move(attrs)));
}

Operand PartWriter::slice(const Operand& x, std::size_t axis, std::size_t begin, std::size_t end,
                          std::string_view suffix) {
  if (begin == 0 && end == builder_.shape(x).at(axis)) return x;
  return node("Slice", suffix,
              {x, integers("starts", {static_cast<std::int64_t>(begin)}),
               integers("ends", {static_cast<std::int64_t>(end)}),
               integers("axes", {static_cast<std::int64_t>(axis)})});
}

Operand PartWriter::joined(const std::vector<Operand>& parts, std::int64_t axis, std::string_view suffix) {
  return parts.size() == 1 ? parts[0] : node("Concat", suffix, parts, {{"axis", axis}});
}
Operand PartWriter::transposed(const Operand& x, const std::vector<std::int64_t>& order,
                               std::string_view suffix) {
  return node("Transpose", suffix, {x}, {{"perm", order}});
}
Operand PartWriter::reshaped(const Operand& x, const std::vector<std::int64_t>& shape,
                             std::string_view suffix) {
  return node("Reshape", suffix, {x, integers(fmt::format("{}.shape", suffix), shape)});
}

Operand PartWriter::sum(const Operand& a, const Operand& b, std::string_view suffix) {
  if (!a.present() || !b.present()) return a.present() ? a : b;
  return node("Add", suffix, {a, b});
}
Operand PartWriter::product(const Operand& a, const Operand& b, std::string_view suffix) {
  if (!a.present() || !b.present()) return {};
  return node("Mul", suffix, {a, b});
}

Operand PartWriter::number(double value) const {
  return known(fmt::format("{}.{}", step_.out.at(0), value), {Element::Float, {}, {value}});
}
Operand PartWriter::integers(std::string_view name, const std::vector<std::int64_t>& values) const {
  return known_integers(fmt::format("{}.{}", step_.out.at(0), name), values);
}

}  // namespace tacit::nn::onnx_io
