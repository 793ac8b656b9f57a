// Cutting a network so that no node takes much of it: the vendor's part of level 2.
#include <algorithm>
#include <map>
#include <optional>

#include "tacit/base/error.h"
#include "tacit/sealed/tiles.h"

namespace tacit::sealed {

namespace {

using nn::Graph, nn::Node, nn::ValueId, nn::ValueInfo;

/// How a node's outputs follow from parts of its weights.
struct Cut {
  std::size_t weight = 1;       ///< which input
  std::size_t weight_axis = 0;  ///< the outputs' axis of it
  std::size_t result_axis = 0;
  bool bias = false;  ///< input 2 is cut along its last axis
};

std::optional<Cut> cut_of(const Graph& g, const Node& node) {
  const auto own = [&](std::size_t i) {
    return i < node.inputs.size() && node.inputs[i] != nn::kNoValue && has_numbers(g.values[node.inputs[i]]);
  };
  if (!own(1)) return std::nullopt;
  const Shape& weight = g.values[node.inputs[1]].shape;
  const std::size_t axes = g.values[node.output].shape.size();
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != nn::kNoValue;
  if (has_bias && !own(2)) return std::nullopt;
  Cut cut;
  if (node.op->name == "MatMul" && weight.size() == 2 && axes >= 2) {
    cut.weight_axis = 1;
    cut.result_axis = axes - 1;
  } else if (node.op->name == "Gemm" && weight.size() == 2) {
    cut.weight_axis = node.attrs.integer("transB", 0) != 0 ? 0 : 1;
    cut.result_axis = 1;
    if (has_bias) {
      const Shape& bias = g.values[node.inputs[2]].shape;
      cut.bias = !bias.empty() && bias.back() == weight[cut.weight_axis];
    }
  } else if (node.op->name == "Conv" && weight.size() == 4 && node.attrs.integer("group", 1) == 1) {
    cut.weight_axis = 0;
    cut.result_axis = 1;
    cut.bias = has_bias;
  } else {
    return std::nullopt;
  }
  return cut;
}

PublicTensor part_of(const PublicTensor& t, std::size_t axis, std::size_t begin, std::size_t end) {
  PublicTensor out{t.shape, {}};
  out.shape[axis] = end - begin;
  std::size_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < axis; ++i) outer *= t.shape[i];
  for (std::size_t i = axis + 1; i < t.shape.size(); ++i) inner *= t.shape[i];
  out.values.reserve(outer * (end - begin) * inner);
  for (std::size_t o = 0; o < outer; ++o) {
    const auto from = t.values.begin() + static_cast<std::ptrdiff_t>((o * t.shape[axis] + begin) * inner);
    out.values.insert(out.values.end(), from, from + static_cast<std::ptrdiff_t>((end - begin) * inner));
  }
  return out;
}

class Cutter {
 public:
  Cutter(const Graph& from, std::size_t most) : from_(from), most_(most) {
    for (const ValueId id : from.inputs)
      ids_[id] = out_.add_input(from.values[id].name, from.values[id].shape);
  }
  Graph all() {
    for (const Node& node : from_.nodes) {
      const auto cut = cut_of(from_, node);
      const std::size_t parts = cut ? parts_of(node, *cut) : 1;
      if (parts > 1)
        in_parts(node, *cut, parts);
      else
        whole(node);
    }
    for (const ValueId id : from_.outputs) {
      require(ids_.contains(id), "the model's output is no result of a node");
      out_.outputs.push_back(ids_.at(id));
    }
    return std::move(out_);
  }

 private:
  /// As many parts as keep each within the bound; 1 where not even one output would be.
  std::size_t parts_of(const Node& node, const Cut& cut) const {
    const Shape& shape = from_.values[node.inputs[cut.weight]].shape;
    const std::size_t numbers = elements(shape), outputs = shape[cut.weight_axis];
    if (numbers <= most_ || outputs == 0) return 1;
    const std::size_t each = std::max<std::size_t>(1, most_ / (numbers / outputs));
    return (outputs + each - 1) / each;
  }
  ValueId add(const ValueInfo& v, std::string name, PublicTensor numbers) {
    return v.kind == ValueInfo::Kind::Constant ? out_.add_constant(std::move(name), std::move(numbers))
                                               : out_.add_parameter(std::move(name), std::move(numbers));
  }
  ValueId taken(ValueId id) {
    if (id == nn::kNoValue) return id;
    if (const auto at = ids_.find(id); at != ids_.end()) return at->second;
    const ValueInfo& v = from_.values[id];
    ensure(has_numbers(v), "a result is made before it is taken");
    return ids_[id] = add(v, v.name, v.initial);
  }
  void whole(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(taken(id));
    ids_[node.output] = out_.add_node(*node.op, node.name, std::move(inputs), node.attrs);
  }
  void in_parts(const Node& node, const Cut& cut, std::size_t parts) {
    const ValueInfo& weight = from_.values[node.inputs[cut.weight]];
    const std::size_t outputs = weight.shape[cut.weight_axis];
    std::vector<ValueId> made;
    for (std::size_t p = 0; p < parts; ++p) {
      const std::size_t begin = outputs * p / parts, end = outputs * (p + 1) / parts;
      const auto name = [&](const std::string& of) { return fmt::format("{} ({} of {})", of, p + 1, parts); };
      std::vector<ValueId> inputs;
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const ValueId id = node.inputs[i];
        if (i == cut.weight) {
          inputs.push_back(
              add(weight, name(weight.name), part_of(weight.initial, cut.weight_axis, begin, end)));
        } else if (i == 2 && cut.bias && id != nn::kNoValue) {
          const ValueInfo& bias = from_.values[id];
          inputs.push_back(
              add(bias, name(bias.name), part_of(bias.initial, bias.shape.size() - 1, begin, end)));
        } else {
          inputs.push_back(taken(id));
        }
      }
      made.push_back(out_.add_node(*node.op, name(node.name), std::move(inputs), node.attrs));
    }
    const nn::Op* concat = nn::find_op("Concat");
    ensure(concat != nullptr, "there is Concat");
    nn::Attrs attrs;
    attrs.set("axis", static_cast<std::int64_t>(cut.result_axis));
    ids_[node.output] = out_.add_node(*concat, node.name, std::move(made), std::move(attrs));
  }

  const Graph& from_;
  std::size_t most_;
  Graph out_;
  std::map<ValueId, ValueId> ids_;
};

}  // namespace

Graph in_tiles(const Graph& graph, std::size_t most) {
  Graph out = Cutter(graph, most).all();
  check_tiles(out);
  return out;
}

}  // namespace tacit::sealed
