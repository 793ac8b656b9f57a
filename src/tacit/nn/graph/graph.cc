#include "tacit/nn/graph/graph.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::nn {

ValueId Graph::add_input(std::string name, Shape example) {
  values.push_back({ValueInfo::Kind::Input, std::move(name), std::move(example), {}});
  inputs.push_back(values.size() - 1);
  return values.size() - 1;
}

ValueId Graph::add_parameter(std::string name, PublicTensor initial) {
  Shape shape = initial.shape;
  values.push_back({ValueInfo::Kind::Parameter, std::move(name), std::move(shape), std::move(initial)});
  return values.size() - 1;
}

ValueId Graph::add_constant(std::string name, PublicTensor value) {
  Shape shape = value.shape;
  values.push_back({ValueInfo::Kind::Constant, std::move(name), std::move(shape), std::move(value)});
  return values.size() - 1;
}

namespace {

std::vector<std::int64_t> whole_numbers(const std::vector<double>& values) {
  std::vector<std::int64_t> out;
  // ONNX writes "to the end" as the largest integer.
  for (double v : values) out.push_back(static_cast<std::int64_t>(std::clamp(v, -0x1p62, 0x1p62)));
  return out;
}

Attr attribute_of(const Setting& setting, const PublicTensor& value) {
  switch (setting.kind) {
    case Setting::Kind::Integers: return whole_numbers(value.values);
    case Setting::Kind::Reals: return value.values;
    case Setting::Kind::Integer: break;
    case Setting::Kind::Real: break;
  }
  require(value.values.size() == 1, "'{}' must be one number, not a tensor of shape {}", setting.name, to_string(value.shape));
  if (setting.kind == Setting::Kind::Real) return value.values[0];
  return whole_numbers(value.values)[0];
}

/// Moves the settings among the inputs to the attributes.
void take_settings(std::vector<ValueInfo>& values, const Op& op, std::vector<ValueId>& in, Attrs& attrs) {
  if (op.settings.empty()) return;
  for (const Setting& setting : op.settings) {
    if (setting.input >= in.size() || in[setting.input] == kNoValue) continue;
    ValueInfo& value = values.at(in[setting.input]);
    require(value.kind == ValueInfo::Kind::Constant || value.kind == ValueInfo::Kind::Parameter,
            "the input '{}' must be a constant: it cannot depend on data", setting.name);
    value.kind = ValueInfo::Kind::Constant;
    attrs.set(setting.name, attribute_of(setting, value.initial));
  }
  if (in.size() > op.settings.front().input) in.resize(op.settings.front().input);
}

}  // namespace

ValueId Graph::add_node(const Op& op, std::string name, std::vector<ValueId> in, Attrs attrs) {
  try {
    take_settings(values, op, in, attrs);
  } catch (const UsageError& e) {
    throw UsageError(fmt::format("'{}' ({}): {}", name, op.name, e.what()));
  }
  require(in.size() >= op.min_inputs && in.size() <= op.max_inputs, "'{}' ({}) takes {} to {} inputs, not {}", name, op.name,
          op.min_inputs, op.max_inputs, in.size());
  std::vector<Shape> shapes;
  for (ValueId id : in) shapes.push_back(id == kNoValue ? Shape{} : values.at(id).shape);
  Shape shape;
  try {
    shape = op.shape(shapes, attrs);
  } catch (const UsageError& e) {
    throw UsageError(fmt::format("'{}' ({}): {}", name, op.name, e.what()));
  }
  for (std::size_t i : op.state)
    if (i < in.size() && in[i] != kNoValue && values[in[i]].kind == ValueInfo::Kind::Parameter)
      values[in[i]].kind = ValueInfo::Kind::State;
  values.push_back({ValueInfo::Kind::Result, name, std::move(shape), {}});
  nodes.push_back({&op, std::move(name), std::move(in), values.size() - 1, std::move(attrs)});
  return values.size() - 1;
}

std::vector<ValueId> Graph::parameters() const {
  std::vector<ValueId> out;
  for (ValueId i = 0; i < values.size(); ++i)
    if (values[i].kind == ValueInfo::Kind::Parameter || values[i].kind == ValueInfo::Kind::State) out.push_back(i);
  return out;
}

std::vector<ValueId> Graph::trained() const {
  std::vector<ValueId> out;
  for (ValueId i = 0; i < values.size(); ++i)
    if (values[i].kind == ValueInfo::Kind::Parameter) out.push_back(i);
  return out;
}

std::size_t Graph::parameter_count() const {
  std::size_t n = 0;
  for (ValueId i : parameters()) n += values[i].initial.values.size();
  return n;
}

}  // namespace tacit::nn
