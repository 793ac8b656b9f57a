// residual: x + f(x), f being the inner layers (He et al., 2015, "Deep residual learning"). Where f changes
// the number of channels or the size, x goes through a convolution of one by one with the stride that fits.
#include "tacit/base/error.h"
#include "tacit/nn/layers/layers.h"

namespace tacit::nn {

namespace {

ValueId build(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  require(!layer.inner.empty(), "a residual block needs inner layers: [[model.layer.layer]]");
  const ValueId out = g.append(layer.inner, in);
  const Shape x = g.shape(in), y = g.shape(out);
  ValueId skip = in;
  if (x != y) {
    require(x.size() == 4 && y.size() == 4 && y[2] > 0 && y[3] > 0,
            "its inner layers turn {} into {}, which cannot be added", to_string(x), to_string(y));
    const std::vector<std::int64_t> strides{static_cast<std::int64_t>((x[2] + y[2] - 1) / y[2]),
                                            static_cast<std::int64_t>((x[3] + y[3] - 1) / y[3])};
    const ValueId w = g.weights(".skip.weight", {y[1], x[1], 1, 1}, x[1]);
    skip = g.node("Conv", {in, w}, {{"kernel_shape", std::vector<std::int64_t>{1, 1}}, {"strides", strides}},
                  ".skip");
    require(g.shape(skip) == y, "its inner layers turn {} into {}, which no stride of the input reaches",
            to_string(x), to_string(y));
  }
  return g.node("Add", {out, skip});
}

}  // namespace

const Layer kResidualLayer{"residual", "the input plus what the inner layers make of it", {}, true, build};

}  // namespace tacit::nn
