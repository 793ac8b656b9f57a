#include "tacit/nn/graph/graph.h"

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

ValueId Graph::add_node(const Op& op, std::string name, std::vector<ValueId> in, Attrs attrs) {
  require(in.size() >= op.min_inputs && in.size() <= op.max_inputs, "'{}' ({}) takes {} to {} inputs, not {}",
          name, op.name, op.min_inputs, op.max_inputs, in.size());
  std::vector<Shape> shapes;
  for (ValueId id : in) shapes.push_back(id == kNoValue ? Shape{} : values.at(id).shape);
  Shape shape;
  try {
    shape = op.shape(shapes, attrs);
  } catch (const UsageError& e) { throw UsageError(fmt::format("'{}' ({}): {}", name, op.name, e.what())); }
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
    if (values[i].kind == ValueInfo::Kind::Parameter || values[i].kind == ValueInfo::Kind::State)
      out.push_back(i);
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
  for (ValueId i : parameters()) n += elements(values[i].shape);
  return n;
}

}  // namespace tacit::nn
