#include "tacit/nn/graph/onnx_unsupported.h"

#include <algorithm>
#include <array>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::nn::onnx_io {

namespace {

/// How a substitute is priced.
enum class Way {
  Outside,    ///< done before numbers are shared, or after they are released
  Moves,      ///< numbers are only moved
  Each,       ///< these operators, one after the other
  Norm,       ///< a normalisation with weights
  Products,   ///< a product with a square matrix along the last axis
  Attention,  ///< two products and a softmax between them
  Float,      ///< the layer as it was before quantisation
  Unknown,    ///< depends on what it is used for
};

struct Substitute {
  std::string_view op, advice;
  Way way;
  std::array<std::string_view, 2> ops = {};
  bool retrain = false;  ///< another function, to which weights have to get used
};
constexpr Substitute kSubstitutes[] = {
    {"Acos", "its values as a column of the data", Way::Outside},
    {"Asin", "its values as a column of the data", Way::Outside},
    {"Atan", "Tanh", Way::Each, {"Tanh"}, true},
    {"Attention", "MatMul and Softmax", Way::Attention},
    {"BiasGelu", "Add and Gelu", Way::Each, {"Gelu"}},
    {"BitShift", "Mul by a power of two", Way::Moves},
    {"Ceil", "numbers rounded before they are shared", Way::Outside},
    {"Compress", "Slice", Way::Moves},
    {"ConvInteger", "Conv on the float model, before quantisation", Way::Float},
    {"ConvTranspose", "Tile and Conv", Way::Unknown, {}, true},
    {"Cos", "the cosine as a column of the data", Way::Outside},
    {"CumSum", "MatMul with a triangular matrix of ones", Way::Products},
    {"DepthToSpace", "Reshape and Transpose", Way::Moves},
    {"DequantizeLinear", "the float model, before quantisation", Way::Float},
    {"Det", "the determinant as a column of the data", Way::Outside},
    {"DynamicQuantizeLinear", "the float model, before quantisation", Way::Float},
    {"EyeLike", "a constant", Way::Moves},
    {"FastGelu", "Gelu", Way::Each, {"Gelu"}},
    {"Floor", "numbers rounded before they are shared", Way::Outside},
    {"GatherElements", "OneHot and MatMul", Way::Unknown},
    {"GatherND", "OneHot and MatMul", Way::Unknown},
    {"GlobalLpPool", "GlobalAveragePool", Way::Each, {"GlobalAveragePool"}, true},
    {"GroupNormalization", "BatchNormalization", Way::Norm, {"BatchNormalization"}, true},
    {"Hardmax", "ArgMax", Way::Each, {"ArgMax"}},
    {"If", "Where, which computes both branches: a secret cannot decide what runs", Way::Unknown},
    {"InstanceNormalization", "BatchNormalization", Way::Norm, {"BatchNormalization"}, true},
    {"IsInf", "nothing in its place: fixed point has no infinity", Way::Moves},
    {"IsNaN", "nothing in its place: fixed point has none", Way::Moves},
    {"LRN", "BatchNormalization", Way::Norm, {"BatchNormalization"}, true},
    {"Loop", "the loop unrolled: a secret cannot decide how often it runs", Way::Unknown},
    {"LpNormalization", "LayerNormalization", Way::Norm, {"LayerNormalization"}, true},
    {"LpPool", "AveragePool", Way::Unknown, {}, true},
    {"MatMulInteger", "MatMul on the float model, before quantisation", Way::Float},
    {"MeanVarianceNormalization", "BatchNormalization", Way::Norm, {"BatchNormalization"}, true},
    {"Mish", "HardSwish or Relu", Way::Each, {"HardSwish"}, true},
    {"Mod", "features computed before they are shared", Way::Outside},
    {"NonMaxSuppression", "the raw scores as outputs", Way::Outside},
    {"NonZero", "Where: how many there are would not be secret", Way::Unknown},
    {"QLinearConv", "Conv on the float model, before quantisation", Way::Float},
    {"QLinearMatMul", "MatMul on the float model, before quantisation", Way::Float},
    {"QuantizeLinear", "the float model, before quantisation", Way::Float},
    {"QuickGelu", "Gelu", Way::Each, {"Gelu"}, true},
    {"RMSNormalization", "LayerNormalization", Way::Norm, {"LayerNormalization"}, true},
    {"RandomNormal", "a constant", Way::Moves},
    {"RandomNormalLike", "a constant", Way::Moves},
    {"RandomUniform", "a constant", Way::Moves},
    {"RandomUniformLike", "a constant", Way::Moves},
    {"ReduceLogSum", "ReduceSum and Log", Way::Each, {"ReduceSum", "Log"}},
    {"ReduceProd", "Slice and Mul", Way::Unknown},
    {"Round", "numbers rounded before they are shared", Way::Outside},
    {"Scan", "the loop unrolled: a secret cannot decide how often it runs", Way::Unknown},
    {"ScatterElements", "Where with a constant mask", Way::Moves},
    {"ScatterND", "Where with a constant mask", Way::Moves},
    {"Shrink", "Relu", Way::Each, {"Relu"}, true},
    {"Sin", "the sine as a column of the data", Way::Outside},
    {"SkipLayerNormalization", "Add and LayerNormalization", Way::Norm, {"LayerNormalization"}},
    {"SpaceToDepth", "Reshape and Transpose", Way::Moves},
    {"Swish", "HardSwish", Way::Each, {"HardSwish"}, true},
    {"Tan", "its values as a column of the data", Way::Outside},
    {"TopK", "ArgMax", Way::Each, {"ArgMax"}},
    {"Trilu", "Where with a constant mask", Way::Moves},
    {"Unique", "the raw numbers as outputs", Way::Outside},
    {"ZipMap", "an export without it (zipmap=False)", Way::Outside},
};

const Substitute* substitute_for(const std::string& op) {
  const std::string_view bare = std::string_view(op).substr(op.find_last_of('.') + 1);
  for (const Substitute& s : kSubstitutes)
    if (s.op == bare) return &s;
  return nullptr;
}

/// The few nodes that stand for an operator in its price.
class Sketch {
 public:
  ValueId input(Shape shape) { return graph_.add_input("x", std::move(shape)); }
  ValueId weight(Shape shape) { return graph_.add_parameter("w", {std::move(shape), {}}); }
  ValueId node(std::string_view op, std::vector<ValueId> in, Attrs attrs = {}) {
    const Op* known = find_op(op);
    ensure(known != nullptr, "substitutes are operators that there are");
    return graph_.add_node(*known, std::string(op), std::move(in), std::move(attrs));
  }
  const Shape& shape(ValueId id) const { return graph_.values[id].shape; }
  std::optional<NodeCost> total() const {
    const auto costs = node_costs(graph_);
    if (!costs) return std::nullopt;
    NodeCost sum;
    for (const NodeCost& c : *costs) {
      if (!c.problem.empty()) return std::nullopt;
      sum.bytes += c.bytes;
      sum.rounds += c.rounds;
    }
    return sum;
  }

 private:
  Graph graph_;
};

std::optional<NodeCost> normalised(const Substitute& s, const Shape& x) {
  Sketch g;
  const ValueId in = g.input(x);
  const bool layer = s.ops[0] == "LayerNormalization";
  const Shape group{layer ? x.back() : x.at(1)};
  std::vector<ValueId> inputs{in};
  for (std::size_t i = 0; i < (layer ? 2u : 4u); ++i) inputs.push_back(g.weight(group));
  g.node(s.ops[0], inputs);
  return g.total();
}

std::optional<NodeCost> price_of(const Substitute& s, const Shape& x) {
  Sketch g;
  switch (s.way) {
    case Way::Each: {
      ValueId v = g.input(x);
      for (std::string_view op : s.ops)
        if (!op.empty()) v = g.node(op, {v}, op == "ArgMax" ? Attrs{{"axis", std::int64_t{-1}}} : Attrs{});
      return g.total();
    }
    case Way::Norm:
      return x.size() < 2 ? std::nullopt : normalised(s, x);
    case Way::Products:
      if (x.empty()) return std::nullopt;
      g.node("MatMul", {g.input(x), g.weight({x.back(), x.back()})});
      return g.total();
    case Way::Attention: {
      if (x.size() < 2) return std::nullopt;
      Shape turned = x;
      std::swap(turned[x.size() - 1], turned[x.size() - 2]);
      const ValueId scores = g.node("Softmax", {g.node("MatMul", {g.input(x), g.input(turned)})});
      g.node("MatMul", {scores, g.input(x)});
      return g.total();
    }
    default:
      return std::nullopt;
  }
}

std::string fixed_price(Way way) {
  switch (way) {
    case Way::Outside:
      return "nothing in a run";
    case Way::Moves:
      return "nothing in a run: numbers are only moved";
    case Way::Float:
      return "that of the same layer in the float model";
    default:
      return "not counted: it depends on what it is used for";
  }
}

}  // namespace

Suggestion suggestion_for(const std::string& op, const std::optional<Shape>& input) {
  if (op.starts_with("the result")) return {"do without it", fixed_price(Way::Outside), std::nullopt};
  const Substitute* s = substitute_for(op);
  if (s == nullptr) {
    const std::string_view bare = std::string_view(op).substr(op.find_last_of('.') + 1);
    std::vector<std::string_view> names;
    for (const Op* known : all_ops()) names.push_back(known->name);
    const std::string close = nearest(bare, names);
    // Three letters apart is another word.
    const bool meant = edit_distance(bare, close) <= 2;
    return {meant ? fmt::format("is {} meant?", close) : "express it by the operators that tacit has",
            fixed_price(Way::Unknown), std::nullopt};
  }
  Suggestion out{fmt::format("use {}", s->advice), fixed_price(s->way), std::nullopt};
  if (input) {
    try {
      out.costs = price_of(*s, *input);
    } catch (const UsageError&) {
      // It does not fit this input; the words hold all the same.
    }
  }
  if (out.costs) out.price = in_words(*out.costs) + " an example";
  if (s->retrain) out.price += ", and the model is to be trained again";
  return out;
}

std::string unsupported_operators(const std::string& model,
                                  const std::map<std::string, std::size_t>& counts) {
  std::string list;
  for (const auto& [op, n] : counts)
    list +=
        fmt::format("{}{} ({}: {})", list.empty() ? "" : ", ", op,
                    n == 1 ? "one node" : fmt::format("{} nodes", n), suggestion_for(op, std::nullopt).words);
  return fmt::format("{} uses {} that tacit does not have: {}", model,
                     counts.size() == 1 ? "an operator" : "operators", list);
}

std::vector<std::string_view> operators_with_substitutes() {
  std::vector<std::string_view> out;
  for (const Substitute& s : kSubstitutes) out.push_back(s.op);
  return out;
}

}  // namespace tacit::nn::onnx_io
