// dense: y = W x + b on all of an example's numbers. One Gemm, with W as [units, inputs].
#include "tacit/base/error.h"
#include "tacit/nn/layers/layers.h"

namespace tacit::nn {

namespace {

ValueId build(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  if (g.shape(in).size() != 2) in = g.node("Flatten", {in}, {}, ".flatten");
  const auto units =
      static_cast<std::size_t>(layer.attrs.integer("units", static_cast<std::int64_t>(g.outputs())));
  require(units > 0, "say how many units it has: units = 10");
  const std::size_t inputs = g.shape(in)[1];
  const ValueId w = g.weights(".weight", {units, inputs}, inputs);
  const ValueId b = g.filled(".bias", {units}, 0);
  return g.node("Gemm", {in, w, b}, {{"transB", std::int64_t{1}}});
}

}  // namespace

const Layer kDenseLayer{
    "dense",
    "every output from every input: W x + b",
    {{"units", LayerAttribute::Type::Integer, false, 1, 1 << 20, "outputs; those of the label if missing"}},
    false,
    build};

}  // namespace tacit::nn
