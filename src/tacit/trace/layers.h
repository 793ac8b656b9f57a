// A network's matrices of weights, in the order in which they run, all lying the same way: a row for each
// output, a column for each input. What exporters do differently (transposed factors, one name or another)
// is gone here, so that two files of one network can be held against each other.
#pragma once

#include <optional>

#include "tacit/nn/graph/graph.h"

namespace tacit::trace {

struct Layer {
  nn::ValueId value = nn::kNoValue;  ///< the tensor in its graph
  std::string name;                  ///< the tensor's, in the file
  bool turned = false;               ///< it lies there as [columns, rows]
  bool grouped = false;              ///< a convolution whose outputs see only some of the channels
  std::size_t rows = 0, columns = 0;
  std::size_t block = 1;                ///< columns that belong to one input channel
  std::vector<double> weights;          ///< row after row
  std::optional<std::size_t> producer;  ///< the layer whose outputs are this one's input channels

  double at(std::size_t row, std::size_t column) const { return weights[row * columns + column]; }
  /// Where a weight stands in its tensor.
  std::size_t place(std::size_t row, std::size_t column) const {
    return turned ? column * rows + row : row * columns + column;
  }
};

/// Of matrix products and convolutions with weights that are known; a tensor that is read twice counts once.
std::vector<Layer> layers_of(const nn::Graph& graph);

/// The root of the mean square of each row's weights: what changes of a weight are measured by.
std::vector<double> row_scales(const Layer& layer);
/// Whether a weight may carry a part of a fingerprint: not one that is 0, which would make it dense.
inline bool carries(double weight, double row_scale) { return weight != 0 && row_scale > 0; }
/// Weights that may, in all layers.
std::size_t count_carriers(const std::vector<Layer>& layers);

}  // namespace tacit::trace
