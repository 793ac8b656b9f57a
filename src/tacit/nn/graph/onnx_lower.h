// Every operator of a file brought to the newest form of ONNX's operators, and to what tacit has.
#pragma once

#include "tacit/nn/graph/onnx_builder.h"

namespace tacit::nn::onnx_io {

/// How the file was made.
struct Origin {
  int opset = 0;
  /// The batch size that literal shapes of the file were written for.
  std::int64_t batch = 1;
  /// Whether the first axis of inputs is a batch, whose size shall be open.
  bool batched = true;
};

/// The step's results; those that are left out may be missing at the end.
std::vector<Operand> lower(Builder& builder, Step step, const Origin& origin);

// The parts, by what they do.
/// Attributes that newer operator sets have as inputs become inputs.
Step with_newest_inputs(Step step);
/// A reshape that works for every size of the batch.
Operand lower_reshape(Builder& builder, Step step, const Origin& origin);
/// Another operator on some inputs, under a name of its own, as a part of a step.
Step helper(const Step& step, std::string_view op, std::string_view suffix, std::vector<Operand> in,
            Attrs attrs = {});
/// Expand or Tile to the size of the batch of what is the same for every example; nothing if it is not that.
std::optional<Operand> lower_for_each(Builder& builder, const Step& step);
/// What is the same for every example stands once; here it is given to each, for an operator that needs that.
Step with_each_example(Builder& builder, Step step);
/// A convolution or a pool of a tensor of three axes.
Operand lower_one_axis(Builder& builder, const Step& step);
/// A matrix product of which a factor may be a vector.
Operand lower_matmul(Builder& builder, Step step, const Origin& origin);
/// Rows of a table at places that come from data: a product with one-hot rows.
Operand lower_embedding(Builder& builder, const Step& step, const Origin& origin);
/// Sums of products by names of axes, of one or two tensors: transpositions and a matrix product.
Operand lower_einsum(Builder& builder, const Step& step, const Origin& origin);
/// LSTM, GRU or RNN, step by step.
std::vector<Operand> lower_recurrent(Builder& builder, const Step& step);
/// Resize or Upsample, axis by axis: elements taken, or products with matrices of weights.
std::vector<Operand> lower_resize(Builder& builder, const Step& step, const Origin& origin);

}  // namespace tacit::nn::onnx_io
