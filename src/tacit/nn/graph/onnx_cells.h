// One time step of an LSTM, a GRU or an RNN, written as operators that tacit has.
#pragma once

#include <span>

#include "tacit/nn/graph/onnx_builder.h"

namespace tacit::nn::onnx_io {

/// A kind of cell: how many gates it has, and the activations that ONNX gives it.
struct CellKind {
  std::string_view op;
  std::size_t gates;
  std::string_view activations;
};
const CellKind& cell_kind(std::string_view op);

struct CellActivation {
  std::string_view name;  ///< ONNX's
  std::size_t numbers;    ///< 1: it has an alpha; 2: an alpha and a beta
  double alpha, beta;
  bool operator==(const CellActivation&) const = default;
};
/// Those of all directions, one after the other; UsageError if they are not what the step can have.
std::vector<CellActivation> activations_of(const Step& step, const CellKind& kind, std::size_t directions);

/// Writes operators into the graph, as parts of a step of a file and under its name.
class PartWriter {
 public:
  PartWriter(Builder& builder, Step step) : builder_(builder), step_(std::move(step)) {}

  /// What stands before the names of parts: the time step at hand.
  void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }

  Operand node(std::string_view op, std::string_view suffix, std::vector<Operand> in, Attrs attrs = {});
  /// From `begin` to before `end` along an axis; the tensor itself if that is all of it.
  Operand slice(const Operand& x, std::size_t axis, std::size_t begin, std::size_t end,
                std::string_view suffix);
  Operand joined(const std::vector<Operand>& parts, std::int64_t axis, std::string_view suffix);
  Operand transposed(const Operand& x, const std::vector<std::int64_t>& order, std::string_view suffix);
  Operand reshaped(const Operand& x, const std::vector<std::int64_t>& shape, std::string_view suffix);
  /// Absent operands are zeros.
  Operand sum(const Operand& a, const Operand& b, std::string_view suffix);
  Operand product(const Operand& a, const Operand& b, std::string_view suffix);
  Operand number(double value) const;
  Operand integers(std::string_view name, const std::vector<std::int64_t>& values) const;

 private:
  Builder& builder_;
  Step step_;
  std::string prefix_;
};

/// What is the same in all steps. Tensors have a first axis of directions that run side by side.
struct Cell {
  std::string_view op;
  std::size_t hidden = 0;
  std::vector<CellActivation> activations;
  double clip = 0;           ///< of what gates' activations take; 0: not
  bool coupled = false;      ///< LSTM: what is forgotten is what is let in
  bool reset_after = false;  ///< GRU: the state is reset after its product
  Operand weights;           ///< [.., hidden, gates]: of the state's product
  Operand new_weights;       ///< GRU that resets before the product: those of the new state, apart
  Operand bias;              ///< [.., 1, gates]: of the state's product; absent: it is with the inputs'
  Operand peepholes;         ///< LSTM: [.., 1, 3 hidden], or absent
};

/// [directions, examples, hidden]; absent: zeros.
struct CellState {
  Operand h, c;
};

/// The state after a step. `inputs`: [directions, examples, gates], the products with the step's inputs.
CellState cell_step(PartWriter& to, const Cell& cell, const Operand& inputs, const CellState& before);

}  // namespace tacit::nn::onnx_io
