#include "tacit/nn/graph/onnx_step.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::nn::onnx_io {

const TensorPtr& Weight::tensor() {
  if (!tensor_) {
    tensor_ = std::make_shared<const Tensor>(
        Tensor{Element::Float, floats_.shape, {floats_.values.begin(), floats_.values.end()}});
    floats_ = {};
  }
  return tensor_;
}

std::optional<double> Weight::out_of_bounds() const {
  return tensor_ ? onnx_io::out_of_bounds(tensor_->values) : floats_.out_of_bounds;
}

void Weight::give(ValueInfo& to, bool last) {
  if (!tensor_)
    to.floats = last ? std::move(floats_.values) : floats_.values;
  else if (last && tensor_.use_count() == 1)
    to.initial.values = std::move(std::const_pointer_cast<Tensor>(tensor_)->values);
  else
    to.initial.values = tensor_->values;
}

Operand weight(std::string name, Weight weight) {
  Operand out;
  out.is = Operand::Is::Weight;
  out.name = std::move(name);
  out.weight = std::make_shared<Weight>(std::move(weight));
  return out;
}

Operand known(std::string name, Tensor tensor) {
  Operand out;
  out.is = Operand::Is::Known;
  out.name = std::move(name);
  out.element = tensor.element;
  out.one = out.two = std::make_shared<Tensor>(std::move(tensor));
  return out;
}

Operand known_integers(std::string name, const std::vector<std::int64_t>& values) {
  Tensor t{Element::Int, {values.size()}, {}};
  for (std::int64_t v : values)
    t.values.push_back(std::clamp(static_cast<double>(v), -kLargestInt, kLargestInt));
  return known(std::move(name), std::move(t));
}

std::string Step::what() const { return fmt::format("'{}' ({})", printable(name), printable(op)); }

Attrs without(const Attrs& attrs, std::initializer_list<std::string_view> names) {
  Attrs out;
  for (const auto& [name, value] : attrs.all())
    if (std::find(names.begin(), names.end(), name) == names.end()) out.set(name, value);
  return out;
}

std::span<const KnownInput> known_inputs() {
  using Form = KnownInput::Form;
  static constexpr KnownInput kAll[] = {
      {"Clip", 1, "min", "min", Form::Real, 11},
      {"Clip", 2, "max", "max", Form::Real, 11},
      {"CumSum", 1, "axis", "", Form::Integer, 11},
      {"Dropout", 1, "ratio", "ratio", Form::Real, 12},
      {"Dropout", 2, "training_mode", "", Form::Integer, 12},
      {"Expand", 1, "shape", "", Form::Integers, 8},
      {"GRU", 4, "sequence_lens", "", Form::Integers, 1},
      {"Gather", 1, "indices", "", Form::Integers, 1},
      {"LSTM", 4, "sequence_lens", "", Form::Integers, 1},
      {"OneHot", 1, "depth", "", Form::Integer, 9},
      {"OneHot", 2, "values", "", Form::Reals, 9},
      {"Pad", 1, "pads", "pads", Form::Integers, 11},
      {"Pad", 2, "constant_value", "value", Form::Real, 11},
      {"Pad", 3, "axes", "", Form::Integers, 18},
      {"Pow", 1, "exponent", "", Form::Real, 7},
      {"RNN", 4, "sequence_lens", "", Form::Integers, 1},
      {"ReduceL1", 1, "axes", "axes", Form::Integers, 18},
      {"ReduceL2", 1, "axes", "axes", Form::Integers, 18},
      {"ReduceLogSum", 1, "axes", "axes", Form::Integers, 18},
      {"ReduceLogSumExp", 1, "axes", "axes", Form::Integers, 18},
      {"ReduceMax", 1, "axes", "axes", Form::Integers, 18},
      {"ReduceMean", 1, "axes", "axes", Form::Integers, 18},
      {"ReduceMin", 1, "axes", "axes", Form::Integers, 18},
      {"ReduceProd", 1, "axes", "axes", Form::Integers, 18},
      {"ReduceSum", 1, "axes", "axes", Form::Integers, 13},
      {"ReduceSumSquare", 1, "axes", "axes", Form::Integers, 18},
      {"Reshape", 1, "shape", "", Form::Integers, 5},
      {"Resize", 1, "roi", "", Form::Reals, 11},
      {"Resize", 2, "scales", "", Form::Reals, 11},
      {"Resize", 3, "sizes", "", Form::Integers, 11},
      {"Slice", 1, "starts", "starts", Form::Integers, 10},
      {"Slice", 2, "ends", "ends", Form::Integers, 10},
      {"Slice", 3, "axes", "axes", Form::Integers, 10},
      {"Slice", 4, "steps", "", Form::Integers, 10},
      {"Split", 1, "split", "split", Form::Integers, 13},
      {"Squeeze", 1, "axes", "axes", Form::Integers, 13},
      {"Tile", 1, "repeats", "", Form::Integers, 6},
      {"TopK", 1, "k", "", Form::Integer, 10},
      {"Unsqueeze", 1, "axes", "axes", Form::Integers, 13},
      {"Upsample", 1, "scales", "", Form::Reals, 9},
  };
  return kAll;
}

std::vector<KnownInput> known_inputs_of(std::string_view op) {
  std::vector<KnownInput> out;
  for (const KnownInput& k : known_inputs())
    if (k.op == op) out.push_back(k);
  return out;
}

}  // namespace tacit::nn::onnx_io
