#include "tacit/nn/graph/onnx_export.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_step.h"

namespace tacit::nn {

namespace {

using namespace onnx_io;
using Kind = ValueInfo::Kind;
/// An operator set, and the version of the file's form that belongs to it.
struct Version {
  int opset, ir;
};
/// The operator set that has this node.
int opset_for(const Node& node) {
  const std::string_view op = node.op->name;
  if (op == "Gelu") return 20;
  if (op == "AveragePool" && node.attrs.has("dilations")) return 19;
  if (op != "ReduceSum" && node.attrs.has("noop_with_empty_axes"))
    return op == "ReduceMax" || op == "ReduceMin" ? 20 : 18;
  return 17;
}
/// The oldest that has every operator of the graph, so that most programs can read the file.
Version version_for(const Graph& graph) {
  int opset = 17;
  for (const Node& node : graph.nodes) opset = std::max(opset, opset_for(node));
  return {opset, opset < 19 ? 8 : 9};
}

int type_of(Element e) {
  using Type = ::onnx::TensorProto;
  return e == Element::Float ? Type::FLOAT : e == Element::Int ? Type::INT64 : Type::BOOL;
}

void write_attribute(::onnx::NodeProto& node, const std::string& name, const Attr& value) {
  using Type = ::onnx::AttributeProto;
  auto& a = *node.add_attribute();
  a.set_name(name);
  if (const auto* i = std::get_if<std::int64_t>(&value))
    a.set_type(Type::INT), a.set_i(*i);
  else if (const auto* f = std::get_if<double>(&value))
    a.set_type(Type::FLOAT), a.set_f(static_cast<float>(*f));
  else if (const auto* s = std::get_if<std::string>(&value))
    a.set_type(Type::STRING), a.set_s(*s);
  else if (const auto* is = std::get_if<std::vector<std::int64_t>>(&value)) {
    a.set_type(Type::INTS);
    for (std::int64_t v : *is) a.add_ints(v);
  } else {
    a.set_type(Type::FLOATS);
    for (double v : std::get<std::vector<double>>(value)) a.add_floats(static_cast<float>(v));
  }
}

PublicTensor numbers_of(const Attr& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) return {{}, {static_cast<double>(*i)}};
  if (const auto* f = std::get_if<double>(&value)) return {{}, {*f}};
  if (const auto* is = std::get_if<std::vector<std::int64_t>>(&value))
    return {{is->size()}, {is->begin(), is->end()}};
  const auto* fs = std::get_if<std::vector<double>>(&value);
  require(fs != nullptr, "an attribute that ONNX wants as a tensor is text");
  return {{fs->size()}, *fs};
}

bool one_of(std::string_view op, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), op) != names.end();
}

bool arranges(std::string_view op) {
  return one_of(op, {"Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Transpose",
                     "Unsqueeze"});
}

// Comparisons give truth values and ArgMax places; logic wants truth values, and all else numbers, but for
// what only arranges its input. In a graph all of them are numbers.
Element wanted_by(std::string_view op, std::size_t i, const std::vector<Element>& in) {
  if (one_of(op, {"And", "Not", "Or", "Xor"}) || (op == "Where" && i == 0)) return Element::Bool;
  if ((op == "Gather" && i == 1) || (op == "OneHot" && i == 0)) return Element::Int;
  const bool alike = op == "Concat" && std::equal(in.begin() + 1, in.end(), in.begin());
  return (arranges(op) && i == 0) || alike ? in[0] : Element::Float;
}
Element result_of(std::string_view op, const std::vector<Element>& in) {
  if (one_of(op, {"And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or", "Xor"}))
    return Element::Bool;
  if (one_of(op, {"ArgMax", "ArgMin"})) return Element::Int;
  // The places that OneHot reads are no numbers of its result.
  return op == "OneHot" || op == "Where" ? Element::Float : wanted_by(op, 0, in);
}

/// Inputs that are read as places, at once or arranged first: integers, in a file.
std::vector<ValueId> places(const Graph& graph) {
  std::vector<std::size_t> reads(graph.values.size()), as_places(graph.values.size());
  const auto all_places = [&](ValueId id) { return reads[id] > 0 && reads[id] == as_places[id]; };
  for (ValueId id : graph.outputs) ++reads[id];
  for (std::size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue) continue;
      ++reads[node.inputs[i]];
      if (i == 0 && (node.op->name == "OneHot" || (arranges(node.op->name) && all_places(node.output))))
        ++as_places[node.inputs[i]];
    }
  }
  std::vector<ValueId> out;
  std::copy_if(graph.inputs.begin(), graph.inputs.end(), std::back_inserter(out), all_places);
  return out;
}

class Exporter {
 public:
  Exporter(const Graph& graph, const std::vector<PublicTensor>& parameters, int opset)
      : graph_(graph), opset_(opset), names_(graph.values.size()) {
    const auto ids = graph.parameters();
    require(parameters.size() == ids.size(), "the model has {} parameters, and {} tensors are given",
            ids.size(), parameters.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const ValueInfo& value = graph.values[ids[i]];
      require(parameters[i].shape == value.shape,
              "the parameter '{}' has shape {}, and numbers of shape {} are given", value.name,
              to_string(value.shape), to_string(parameters[i].shape));
    }
    elements_.resize(graph.values.size(), Element::Float);
    for (ValueId id : places(graph)) elements_[id] = Element::Int;
    // The names of inputs and outputs are what users see: they are given first.
    for (ValueId id : graph.inputs) name(id);
    for (ValueId id : graph.outputs) name(id);
    for (std::size_t i = 0; i < ids.size(); ++i)
      write_floats(*out_.add_initializer(), name(ids[i]), parameters[i]);
  }

  ::onnx::GraphProto run(const std::string& title) {
    out_.set_name(title.empty() ? "tacit" : title);
    for (ValueId id : graph_.inputs) declare(*out_.add_input(), id);
    for (const Node& node : graph_.nodes) add(node);
    std::unordered_set<ValueId> given;
    for (ValueId id : graph_.outputs) {
      if (graph_.values[id].kind == Kind::Constant) place_constant(id);
      auto& output = *out_.add_output();
      declare(output, id);
      // Each output is the result of a node, and of one that no other output is.
      if (graph_.values[id].kind == Kind::Result && given.insert(id).second) continue;
      auto& copy = *out_.add_node();
      copy.set_op_type("Identity");
      copy.set_name(fresh(nodes_, name(id) + ".copy"));
      copy.add_input(name(id));
      copy.add_output(fresh(taken_, name(id) + ".copy"));
      output.set_name(copy.output(0));
    }
    return std::move(out_);
  }

 private:
  std::string fresh(std::unordered_set<std::string>& taken, std::string base) {
    if (base.empty()) base = "value";
    std::string name = base;
    for (int i = 2; !taken.insert(name).second; ++i) name = fmt::format("{}_{}", base, i);
    return name;
  }
  const std::string& name(ValueId id) {
    if (names_[id].empty()) names_[id] = fresh(taken_, graph_.values[id].name);
    return names_[id];
  }

  void declare(::onnx::ValueInfoProto& info, ValueId id) {
    info.set_name(name(id));
    auto& type = *info.mutable_type()->mutable_tensor_type();
    type.set_elem_type(type_of(elements_[id]));
    type.mutable_shape();  // a scalar's has no axes, but is there
    const ValueInfo& value = graph_.values[id];
    const bool batch = value.kind == Kind::Input || value.kind == Kind::Result;
    for (std::size_t i = 0; i < value.shape.size(); ++i) {
      auto& d = *type.mutable_shape()->add_dim();
      if (i == 0 && batch && value.shape[i] == 1)
        d.set_dim_param("N");
      else
        d.set_dim_value(static_cast<std::int64_t>(value.shape[i]));
    }
  }

  /// A constant of the graph, as a node: initializers are what can be trained.
  void place_constant(ValueId id) {
    if (!names_[id].empty() && placed_.contains(id)) return;
    placed_.insert(id);
    auto& node = *out_.add_node();
    node.set_op_type("Constant");
    node.set_name(fresh(nodes_, name(id)));
    node.add_output(name(id));
    auto& a = *node.add_attribute();
    a.set_name("value");
    a.set_type(::onnx::AttributeProto::TENSOR);
    write_floats(*a.mutable_t(), "", graph_.values[id].initial);
  }

  /// Numbers that a node reads in a form of their own.
  std::string side_input(const std::string& base, const PublicTensor& numbers, bool integers) {
    const std::string given = fresh(taken_, base);
    auto& tensor = *out_.add_initializer();
    integers ? write_integers(tensor, given, numbers) : write_floats(tensor, given, numbers);
    return given;
  }

  std::string as(ValueId id, Element wanted, const std::string& reader) {
    if (elements_[id] == wanted) return name(id);
    auto& node = *out_.add_node();
    node.set_op_type("Cast");
    node.set_name(fresh(nodes_, reader + ".cast"));
    node.add_input(name(id));
    node.add_output(fresh(taken_, name(id) + ".cast"));
    write_attribute(node, "to", std::int64_t{type_of(wanted)});
    return node.output(0);
  }

  void add(const Node& node) {
    const std::string op(node.op->name);
    Attrs attrs = node.attrs;
    std::vector<std::string> in;
    std::vector<Element> kinds;
    for (ValueId id : node.inputs) kinds.push_back(id == kNoValue ? Element::Float : elements_[id]);
    const auto known = known_inputs_of(op);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      const auto k =
          std::find_if(known.begin(), known.end(), [i](const KnownInput& one) { return one.index == i; });
      const Element wanted = wanted_by(op, i, kinds);
      if (id == kNoValue) {
        in.emplace_back();
      } else if (graph_.values[id].kind != Kind::Constant) {
        in.push_back(as(id, wanted, node.name));
      } else if (k != known.end() && k->since > opset_) {
        in.emplace_back();
        attrs.set(k->name, attribute_of(*k, graph_.values[id].initial));
      } else if (k != known.end() || wanted == Element::Int) {
        in.push_back(
            side_input(graph_.values[id].name, graph_.values[id].initial, k == known.end() || integers(*k)));
      } else {
        place_constant(id);
        in.push_back(as(id, wanted, node.name));
      }
    }
    for (const KnownInput& k : known) {
      const auto at = attrs.all().find(std::string(k.name));
      if (at == attrs.all().end() || k.since > opset_ || k.name == "training_mode") continue;
      if (in.size() <= k.index) in.resize(k.index + 1);
      PublicTensor numbers = numbers_of(at->second);
      if (op == "Gather" && attrs.has("indices_shape")) {
        const auto shape = attrs.integers("indices_shape");
        numbers.shape.assign(shape.begin(), shape.end());
      }
      in[k.index] = side_input(fmt::format("{}.{}", node.name, k.name), numbers, integers(k));
      attrs = without(attrs, {k.name});
    }
    while (!in.empty() && in.back().empty()) in.pop_back();
    // The file is for inference, where a batch has no statistics of its own and nothing is dropped.
    attrs = without(attrs, {"training_mode", "indices_shape"});
    if (op == "Rsqrt") {
      auto& root = *out_.add_node();
      root.set_op_type("Sqrt");
      root.set_name(fresh(nodes_, node.name + ".root"));
      root.add_input(in.at(0));
      root.add_output(in[0] = fresh(taken_, node.name + ".root"));
    }
    auto& out = *out_.add_node();
    out.set_op_type(op == "Rsqrt" ? "Reciprocal" : op);
    out.set_name(fresh(nodes_, node.name));
    for (std::string& one : in) out.add_input(std::move(one));
    for (const auto& [key, value] : attrs.all()) write_attribute(out, key, value);
    out.add_output(name(node.output));
    elements_[node.output] = result_of(op, kinds);
  }

  static bool integers(const KnownInput& k) {
    return k.form == KnownInput::Form::Integer || k.form == KnownInput::Form::Integers;
  }
  static Attr attribute_of(const KnownInput& k, const PublicTensor& t) {
    using Form = KnownInput::Form;
    if (integers(k)) {
      const auto values = integers_of({Element::Int, t.shape, t.values}, std::string(k.name));
      if (k.form == Form::Integers) return values;
      return values.at(0);
    }
    if (k.form == Form::Reals) return t.values;
    return t.values.at(0);
  }

  const Graph& graph_;
  int opset_;
  ::onnx::GraphProto out_;
  std::vector<std::string> names_;
  std::vector<Element> elements_;
  std::unordered_set<std::string> taken_, nodes_;
  std::unordered_set<ValueId> placed_;
};

}  // namespace

std::string export_onnx(const Graph& graph, const std::vector<PublicTensor>& parameters,
                        const ExportInfo& info) {
  ::onnx::ModelProto model;
  const Version version = version_for(graph);
  model.set_ir_version(version.ir);
  auto& set = *model.add_opset_import();
  set.set_domain("");
  set.set_version(version.opset);
  model.set_producer_name("tacit");
  for (const auto& [key, value] : info.properties) {
    auto& property = *model.add_metadata_props();
    property.set_key(key);
    property.set_value(value);
  }
  *model.mutable_graph() = Exporter(graph, parameters, version.opset).run(info.name);
  std::string out;
  require(model.ByteSizeLong() < (std::size_t{1} << 31) && model.SerializeToString(&out),
          "the model '{}' is larger than 2 GiB, the most that an ONNX file holds", info.name);
  return out;
}

}  // namespace tacit::nn
