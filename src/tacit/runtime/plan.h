// A network made ready for operands of given shapes: a step a node, and where in one stretch of memory each
// result lies, so that results that are not needed at the same time share a place.
#pragma once

#include <span>

#include "tacit/runtime/network.h"

namespace tacit::runtime {

class Plan {
 public:
  /// Packs what is to be packed of the weights, unless that was done. UsageError if the shapes do not fit.
  /// The graph and the weights must outlive it.
  Plan(const nn::Graph& graph, const std::vector<Item>& items, Weights& weights, const FloatKernels& kernels,
       const std::vector<Shape>& inputs);

  const std::vector<Shape>& outputs() const { return outputs_; }
  /// Numbers that a run needs beside the weights; of several threads.
  std::size_t workspace(unsigned threads) const { return arena_ + common_ + threads * slot_; }
  /// Of the values that are needed as they are, whatever was packed of them.
  const std::vector<bool>& needed() const { return needed_; }

  /// `out`: as many numbers an output as its shape has. Any threads may call it at a time, each with its own
  /// workspace.
  void run(const Weights& weights, const FloatKernels& kernels, Workers& workers, float* workspace,
           std::span<const float* const> in, std::span<float* const> out) const;

 private:
  struct Place {
    enum class Kind { None, Input, Weight, Arena } kind = Kind::None;
    std::size_t at = 0;  ///< number of the input or value, or where in the arena
  };
  struct Ready {
    Step step;
    std::vector<Place> in;
    Place out;
  };
  class Layout;
  const float* find(const Place& place, const Weights& weights, const float* arena,
                    std::span<const float* const> in) const;

  std::vector<Ready> steps_;
  std::vector<Shape> outputs_;
  std::vector<Place> output_places_;
  std::vector<bool> needed_;
  std::size_t arena_ = 0, common_ = 0, slot_ = 0;
};

}  // namespace tacit::runtime
