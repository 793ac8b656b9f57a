// conv2d: two-dimensional convolution on [channels, height, width], with a bias a channel.
#include "tacit/base/error.h"
#include "tacit/nn/layers/layers.h"
#include "tacit/nn/layers/window_attributes.h"

namespace tacit::nn {

namespace {

using Type = LayerAttribute::Type;

ValueId build(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  const Shape& x = g.shape(in);
  require(x.size() == 4, "a convolution needs examples of [channels, height, width], not {}",
          to_string(Shape(x.begin() + 1, x.end())));
  const auto kernel = pair_of(layer, "kernel", 1);
  const auto channels = static_cast<std::size_t>(layer.attrs.integer("channels"));
  const auto groups = static_cast<std::size_t>(layer.attrs.integer("groups", 1));
  require(x[1] % groups == 0 && channels % groups == 0, "{} and {} channels cannot be divided into {} groups",
          x[1], channels, groups);
  const std::size_t inputs = x[1] / groups, h = static_cast<std::size_t>(kernel[0]),
                    w = static_cast<std::size_t>(kernel[1]);
  Attrs attrs = window_attrs(layer);
  attrs.set("kernel_shape", kernel);
  attrs.set("dilations", pair_of(layer, "dilation", 1));
  attrs.set("group", static_cast<std::int64_t>(groups));
  const ValueId weight = g.weights(".weight", {channels, inputs, h, w}, inputs * h * w);
  return g.node("Conv", {in, weight, g.filled(".bias", {channels}, 0)}, std::move(attrs));
}

}  // namespace

const Layer kConv2dLayer{
    "conv2d",
    "convolution over height and width",
    {{"channels", Type::Integer, true, 1, 1 << 16, "of the output"},
     {"kernel", Type::Pair, true, 1, 1024, "size of the window"},
     {"stride", Type::Pair, false, 1, 1024, "step of the window; 1 if missing"},
     {"padding", Type::Padding, false, 0, 1024, "zeros around the input; none if missing"},
     {"dilation", Type::Pair, false, 1, 1024, "distance of the window's places; 1 if missing"},
     {"groups", Type::Integer, false, 1, 1 << 16,
      "channels are convolved within so many groups; 1 if missing"}},
    false,
    build};

}  // namespace tacit::nn
