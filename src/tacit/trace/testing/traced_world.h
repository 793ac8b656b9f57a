// A vendor with a network and customers who have copies of it, and what thieves do to these.
#pragma once

#include <map>
#include <random>

#include "tacit/nn/testing/onnx_models.h"
#include "tacit/trace/copy.h"
#include "tacit/trace/trace.h"

namespace tacit::testing {

/// The weights of a network of a convolution (c: 16 channels) and two linear layers (d: 96 units, e: 10), by
/// the names of tensors.
using NetWeights = std::map<std::string, Numbers>;
/// Drawn anew for each seed.
NetWeights net_weights(unsigned seed);
/// The network as an ONNX file, for images of [1, 8, 8].
Model net(const NetWeights& weights);
/// The weights in such a file.
NetWeights weights_in(const std::string& text);
/// The matrices of a model that is written to a file and read.
std::vector<trace::Layer> layers_in(const Model& model);

// ---- what thieves do

/// Neurons of the hidden layers in another order, each scaled, some turned over where that changes nothing.
NetWeights shuffled(const NetWeights& weights, unsigned seed, bool scaled);
/// The half with the smallest magnitudes, in each tensor of weights, made 0.
NetWeights pruned(const NetWeights& weights);
/// Rounded to 8 bits, one scale a tensor.
NetWeights to_int8(const NetWeights& weights);
/// Rounded to half precision's 11 digits.
NetWeights to_half(const NetWeights& weights);
/// Each weight moved by a normal number times `part` of its tensor's root mean square, as training on does.
NetWeights moved(const NetWeights& weights, double part, unsigned seed);
NetWeights averaged(const std::vector<NetWeights>& all);
/// Without some of the hidden units.
Model net_without_units(const NetWeights& weights, std::size_t units);

struct TracedWorld {
  explicit TracedWorld(unsigned seed = 1);

  /// A customer's copy, as its text.
  std::string copy(const std::string& customer) const;
  NetWeights weights(const std::string& customer) const { return weights_in(copy(customer)); }
  trace::TraceResult trace(const Model& leaked) const;
  trace::TraceResult trace(const NetWeights& leaked) const { return trace(net(leaked)); }
  /// Who is named, with a blank between.
  std::string named(const NetWeights& leaked) const;
  std::string named(const Model& leaked) const;

  ScratchFolder folder;
  Identity vendor = Identity::generate();
  NetWeights own;
  std::string text;  ///< of the original's file
  trace::OriginalModel original;
  mutable trace::Customers customers;
};

}  // namespace tacit::testing
