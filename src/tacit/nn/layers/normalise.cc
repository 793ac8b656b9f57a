// batch_norm (Ioffe and Szegedy, 2015), layer_norm (Ba et al., 2016) and dropout (Srivastava et al., 2014).
#include "tacit/base/error.h"
#include "tacit/nn/layers/layers.h"

namespace tacit::nn {

namespace {

using Type = LayerAttribute::Type;

ValueId batch_norm(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  require(g.shape(in).size() >= 2, "a batch norm needs channels");
  const Shape channels{g.shape(in)[1]};
  const ValueId scale = g.filled(".scale", channels, 1), shift = g.filled(".shift", channels, 0);
  const ValueId mean = g.filled(".mean", channels, 0), variance = g.filled(".variance", channels, 1);
  return g.node(
      "BatchNormalization", {in, scale, shift, mean, variance},
      {{"epsilon", layer.attrs.real("epsilon", 1e-3)}, {"momentum", layer.attrs.real("momentum", 0.9)}});
}

ValueId layer_norm(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  const Shape last{g.shape(in).back()};
  return g.node("LayerNormalization", {in, g.filled(".scale", last, 1), g.filled(".shift", last, 0)},
                {{"epsilon", layer.attrs.real("epsilon", 1e-3)}});
}

ValueId dropout(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  return g.node("Dropout", {in}, {{"ratio", layer.attrs.real("ratio", 0.5)}});
}

constexpr LayerAttribute kEpsilon{"epsilon", Type::Real, false,
                                  1e-7,      1,          "added to the variance; 0.001 if missing"};

}  // namespace

const Layer kBatchNormLayer{
    "batch_norm",
    "each channel shifted and scaled to what training finds best, after normalising over the batch",
    {kEpsilon, {"momentum", Type::Real, false, 0, 1, "of the running averages; 0.9 if missing"}},
    false,
    batch_norm};
const Layer kLayerNormLayer{
    "layer_norm", "the same over the last axis of each example", {kEpsilon}, false, layer_norm};
const Layer kDropoutLayer{"dropout",
                          "in training, some numbers are dropped; which ones is public",
                          {{"ratio", Type::Real, false, 0, 0.99, "how many; 0.5 if missing"}},
                          false,
                          dropout};

}  // namespace tacit::nn
