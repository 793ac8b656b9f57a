// Activations: functions applied to every number, without parameters.
#include "tacit/base/error.h"
#include "tacit/nn/layers/layers.h"

namespace tacit::nn {

namespace {

using Type = LayerAttribute::Type;

ValueId relu(GraphBuilder& g, const LayerSpec&, ValueId in) { return g.node("Relu", {in}); }
ValueId sigmoid(GraphBuilder& g, const LayerSpec&, ValueId in) { return g.node("Sigmoid", {in}); }
ValueId tanh(GraphBuilder& g, const LayerSpec&, ValueId in) { return g.node("Tanh", {in}); }
ValueId softplus(GraphBuilder& g, const LayerSpec&, ValueId in) { return g.node("Softplus", {in}); }
ValueId gelu(GraphBuilder& g, const LayerSpec&, ValueId in) { return g.node("Gelu", {in}); }
ValueId hard_swish(GraphBuilder& g, const LayerSpec&, ValueId in) { return g.node("HardSwish", {in}); }
ValueId elu(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  return g.node("Elu", {in}, {{"alpha", layer.attrs.real("alpha", 1)}});
}
ValueId leaky_relu(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  return g.node("LeakyRelu", {in}, {{"alpha", layer.attrs.real("slope", 0.01)}});
}
ValueId hard_sigmoid(GraphBuilder& g, const LayerSpec&, ValueId in) {
  return g.node("HardSigmoid", {in}, {{"alpha", 1.0 / 6}, {"beta", 0.5}});
}
ValueId clip(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  const double low = layer.attrs.real("low", 0), high = layer.attrs.real("high", 6);
  require(low < high, "low = {} must lie below high = {}", low, high);
  return g.node("Clip", {in}, {{"min", low}, {"max", high}});
}

}  // namespace

const Layer kReluLayer{"relu", "max(x, 0)", {}, false, relu};
const Layer kSigmoidLayer{"sigmoid", "1 / (1 + e^-x)", {}, false, sigmoid};
const Layer kTanhLayer{"tanh", "the hyperbolic tangent", {}, false, tanh};
const Layer kSoftplusLayer{"softplus", "log(1 + e^x)", {}, false, softplus};
const Layer kGeluLayer{"gelu", "x times the normal distribution's share below x", {}, false, gelu};
const Layer kHardSwishLayer{"hard_swish", "x times its hard sigmoid", {}, false, hard_swish};
const Layer kEluLayer{"elu",
                      "x where x >= 0, and alpha (e^x - 1) below",
                      {{"alpha", Type::Real, false, 0, 100, "1 if missing"}},
                      false,
                      elu};
const Layer kLeakyReluLayer{"leaky_relu",
                            "x where x >= 0, and slope x below",
                            {{"slope", Type::Real, false, 0, 1, "below 0; 0.01 if missing"}},
                            false,
                            leaky_relu};
const Layer kHardSigmoidLayer{"hard_sigmoid", "x/6 + 1/2, clipped to [0, 1]", {}, false, hard_sigmoid};
const Layer kClipLayer{"clip",
                       "x, clipped to [low, high]: [0, 6] is ReLU6",
                       {{"low", Type::Real, false, -1e4, 1e4, "0 if missing"},
                        {"high", Type::Real, false, -1e4, 1e4, "6 if missing"}},
                       false,
                       clip};

}  // namespace tacit::nn
