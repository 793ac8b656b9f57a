// The graph that grows while a file is read, and a second one of the same nodes for a batch of two examples:
// what differs between them follows the batch, and what cannot be built twice works for one example only.
#pragma once

#include <map>

#include "tacit/nn/graph/onnx_step.h"

namespace tacit::nn::onnx_io {

class Builder {
 public:
  /// `budget` bounds the numbers that folding may read and write.
  explicit Builder(std::uint64_t budget) : budget_(budget) {}

  /// Inputs, with the shapes for a batch of one and of two.
  Operand input(const std::string& name, Element element, Shape one, Shape two);
  /// A step in tacit's forms: computed now if all is known, else a node. Of several results only the first.
  Operand emit(const Step& step);

  /// An input, of floats, whose first axis is the batch; nothing if there is none.
  const std::optional<Operand>& batch() const { return batch_; }

  const Shape& shape(const Operand& x) const;
  const Shape& shape_of_two(const Operand& x) const;
  /// The value of an operand in the graph; weights become parameters, known numbers constants.
  ValueId value(const Operand& x, const Step& step);

  /// The parameter that came of a weight of the file; nothing if no node reads it.
  std::optional<ValueId> parameter(const std::string& weight) const;

  /// Books numbers that are computed while the file is read; UsageError if they are more than it should need.
  void spend(std::uint64_t numbers);

  /// Counts of the operators that tacit does not have.
  const std::map<std::string, std::size_t>& missing() const { return missing_; }
  /// Its parameters have no numbers before give_numbers().
  Graph& graph() { return graph_; }
  const Graph& graph() const { return graph_; }
  /// Once nobody needs operands any more: numbers that nobody else holds are moved.
  void give_numbers();

 private:
  Operand fold(const Step& step, TensorPtr (*pick)(const Operand&));
  bool folds(const Step& step) const;
  Operand folded(const Step& step);
  Operand shape_constant(const Step& step);
  Operand live(const Step& step, const Op& op);
  ValueId constant(const Operand& x, const Step& step);
  /// Takes back what was added since there were so many values, in both graphs.
  void forget_from(ValueId first);

  Graph graph_, two_;
  std::optional<Operand> batch_;
  /// Parameters and constants by their name in the file: one tensor may be read as both.
  std::map<std::pair<Operand::Is, std::string>, ValueId> placed_;
  std::map<ValueId, std::shared_ptr<Weight>> weights_;  ///< what the parameters begin as
  std::map<std::string, std::size_t> missing_;
  std::uint64_t budget_;
};

/// Operators that broadcast: an entry for every example that is the same for all may stand once.
bool broadcasts(std::string_view op);
/// The axis along which known numbers stand once for each example, all the same; nothing if they do not.
std::optional<std::size_t> axis_of_examples(const Operand& x);

/// Numbers of an operand that must be known before the model runs; UsageError, naming the step, if it is not.
TensorPtr numbers_of(const Operand& x, const Step& step, std::string_view input);

}  // namespace tacit::nn::onnx_io
