#include "tacit/nn/graph/onnx_node.h"

#include <charconv>

#include "tacit/base/error.h"

namespace tacit::nn::onnx_io {

namespace {

/// The number that was meant: 0.1f is a tenth, not 0.100000001490116.
double meant(float v) {
  char text[32];
  const auto end = std::to_chars(std::begin(text), std::end(text), v).ptr;
  double out = v;
  std::from_chars(text, end, out);
  return out;
}

/// Nothing for attributes that hold tensors, graphs or types.
std::optional<Attr> attribute(const ::onnx::AttributeProto& a) {
  using Type = ::onnx::AttributeProto;
  // Files from before the field for the type say by what is there.
  const bool untyped = !a.has_type() || a.type() == Type::UNDEFINED;
  if (a.type() == Type::FLOAT || (untyped && a.has_f())) return meant(a.f());
  if (a.type() == Type::INT || (untyped && a.has_i())) return a.i();
  if (a.type() == Type::STRING || (untyped && a.has_s())) return a.s();
  if (a.type() == Type::INTS || (untyped && a.ints_size() > 0))
    return std::vector<std::int64_t>(a.ints().begin(), a.ints().end());
  if (a.type() == Type::FLOATS || (untyped && a.floats_size() > 0)) {
    std::vector<double> values;
    for (float v : a.floats()) values.push_back(meant(v));
    return values;
  }
  if (a.type() == Type::STRINGS || (untyped && a.strings_size() > 0)) {
    // Names, none of which holds a comma.
    std::string names;
    for (const std::string& name : a.strings()) names += (names.empty() ? "" : ",") + name;
    return names;
  }
  return std::nullopt;
}

}  // namespace

Step read_node(const ::onnx::NodeProto& node, int opset, const DataFolder& folder) {
  Step step;
  const bool own = node.domain().empty() || node.domain() == "ai.onnx";
  step.op = own ? node.op_type() : node.domain() + "." + node.op_type();
  step.opset = opset;
  step.out.assign(node.output().begin(), node.output().end());
  require(!step.out.empty(), "the node '{}' ({}) has no result; export the model again",
          printable(node.name()), printable(step.op));
  step.name = clean(node.name().empty() ? step.out[0] : node.name());
  for (const auto& a : node.attribute()) {
    require(!a.name().empty() && !step.attrs.has(a.name()),
            "{} has the attribute '{}' twice; export the model again", step.what(), printable(a.name()));
    if (auto value = attribute(a)) {
      step.attrs.set(a.name(), std::move(*value));
    } else if (a.has_t()) {
      step.value = std::make_shared<const Tensor>(read_tensor(a.t(), folder, step.what()));
    }
  }
  return step;
}

InputForm read_input(const ::onnx::ValueInfoProto& input) {
  const std::string what = fmt::format("the input '{}'", printable(input.name()));
  require(input.has_type() && input.type().has_tensor_type(),
          "{} is no tensor; export the model with tensors as inputs", what);
  const auto& type = input.type().tensor_type();
  require(type.has_shape(), "{} has no shape; export the model with one", what);
  require(type.shape().dim_size() <= 16, "{} has {} axes, more than any model needs", what,
          type.shape().dim_size());
  InputForm out{input.name(), element_of(type.elem_type(), what), {}};
  for (const auto& d : type.shape().dim()) {
    require(!d.has_dim_value() || (d.dim_value() >= 0 && d.dim_value() < (std::int64_t{1} << 31)),
            "{} has an axis of {}", what, d.dim_value());
    out.extents.push_back(d.has_dim_value() && d.dim_value() > 0 ? d.dim_value() : -1);
  }
  return out;
}

std::int64_t batch_of(const std::vector<InputForm>& inputs, const std::string& model) {
  std::int64_t batch = 0;
  for (const InputForm& in : inputs) {
    if (in.extents.empty() || in.extents[0] == -1) continue;
    require(batch == 0 || batch == in.extents[0],
            "{} has inputs for {} and for {} examples; export it with one batch size, or an open one", model,
            batch, in.extents[0]);
    batch = in.extents[0];
  }
  return std::max<std::int64_t>(batch, 1);
}

}  // namespace tacit::nn::onnx_io
