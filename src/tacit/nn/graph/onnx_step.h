// One operator of a file between message and graph: its inputs are known numbers, weights or results of the
// graph.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tacit/nn/graph/graph.h"
#include "tacit/nn/graph/onnx_tensor.h"

namespace tacit::nn::onnx_io {

/// A weight of a file. One that is kept in float32 becomes a tensor once something is computed of it.
class Weight {
 public:
  explicit Weight(Tensor tensor) : tensor_(std::make_shared<const Tensor>(std::move(tensor))) {}
  explicit Weight(Floats floats) : floats_(std::move(floats)) {}

  const Shape& shape() const { return tensor_ ? tensor_->shape : floats_.shape; }
  const TensorPtr& tensor();
  /// The first number that is not finite, or as good as that.
  std::optional<double> out_of_bounds() const;
  /// Its numbers to a parameter; they are moved if `last`, and nobody else holds them.
  void give(ValueInfo& to, bool last);

 private:
  TensorPtr tensor_;
  Floats floats_;  ///< until there is a tensor
};

/// What a name in the file stands for.
struct Operand {
  enum class Is {
    Absent,   ///< an optional input that is left out
    Known,    ///< numbers that no data touch, though they may follow the size of the batch
    Weight,   ///< an initial number of the file, to be a parameter once a node reads it
    Live,     ///< computed from the model's inputs or parameters
    Missing,  ///< the result of an operator that tacit does not have
  };
  Is is = Is::Absent;
  std::string name;
  Element element = Element::Float;
  TensorPtr one, two;                        ///< Known: for a batch of one and of two examples
  ValueId id = kNoValue;                     ///< Live
  bool sole_use = false;                     ///< Weight: no other node reads it
  std::shared_ptr<Weight> weight = nullptr;  ///< Weight

  bool present() const { return is != Is::Absent; }
  bool numbers() const { return is == Is::Known || is == Is::Weight; }
  /// Numbers for a batch of one and of two examples: one and two, or a weight's.
  const TensorPtr& first() const { return weight ? weight->tensor() : one; }
  const TensorPtr& second() const { return weight ? weight->tensor() : two; }
};

Operand known(std::string name, Tensor tensor);
Operand weight(std::string name, Weight weight);
Operand known_integers(std::string name, const std::vector<std::int64_t>& values);

struct Step {
  std::string op, name;
  std::vector<Operand> in;
  Attrs attrs;
  TensorPtr value;               ///< the attribute that is a tensor
  std::vector<std::string> out;  ///< empty where a result is left out
  int opset = 0;
  bool to_softmax = false;  ///< nothing but a softmax reads the result

  bool has(std::size_t i) const { return i < in.size() && in[i].present(); }
  /// "'conv1' (Conv)", for messages
  std::string what() const;
};

/// The attributes without some.
Attrs without(const Attrs& attrs, std::initializer_list<std::string_view> names);

/// An input that must be known before a model runs. Older operator sets have some of these as attributes, and
/// so do tacit's operators.
struct KnownInput {
  std::string_view op;
  std::size_t index;
  std::string_view name;    ///< of the input, and of tacit's attribute
  std::string_view legacy;  ///< of the attribute in older operator sets; empty if it never was one
  enum class Form { Integer, Integers, Real, Reals } form;
  int since;  ///< the operator set that made it an input
};
std::span<const KnownInput> known_inputs();
/// Those of one operator.
std::vector<KnownInput> known_inputs_of(std::string_view op);

}  // namespace tacit::nn::onnx_io
