// max_pool, average_pool and global_average_pool: over windows of [channels, height, width]. A pool's stride
// is its kernel unless it is given.
#include "tacit/nn/layers/layers.h"
#include "tacit/nn/layers/window_attributes.h"

namespace tacit::nn {

Attrs window_attrs(const LayerSpec& layer, std::int64_t stride) {
  Attrs attrs;
  attrs.set("strides", pair_of(layer, "stride", stride));
  if (!layer.attrs.has("padding")) return attrs;
  const Attr& padding = layer.attrs.all().at("padding");
  if (std::holds_alternative<std::string>(padding)) {
    attrs.set("auto_pad", std::string("SAME_UPPER"));
    return attrs;
  }
  auto p = pair_of(layer, "padding", 0);
  if (p.size() == 2) p = {p[0], p[1], p[0], p[1]};
  attrs.set("pads", std::move(p));
  return attrs;
}

namespace {

using Type = LayerAttribute::Type;

Attrs pool_attrs(const LayerSpec& layer) {
  const auto kernel = pair_of(layer, "kernel", 2);
  Attrs attrs = window_attrs(layer);
  if (!layer.attrs.has("stride")) attrs.set("strides", kernel);
  attrs.set("kernel_shape", kernel);
  return attrs;
}

ValueId max_pool(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  return g.node("MaxPool", {in}, pool_attrs(layer));
}
ValueId average_pool(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  return g.node("AveragePool", {in}, pool_attrs(layer));
}
ValueId global_average_pool(GraphBuilder& g, const LayerSpec&, ValueId in) {
  return g.node("GlobalAveragePool", {in});
}

const std::vector<LayerAttribute> kWindow{
    {"kernel", Type::Pair, true, 1, 1024, "size of the window"},
    {"stride", Type::Pair, false, 1, 1024, "step of the window; the kernel if missing"},
    {"padding", Type::Padding, false, 0, 1024, "places around the input; none if missing"}};

}  // namespace

const Layer kMaxPoolLayer{"max_pool", "the largest of each window", kWindow, false, max_pool};
const Layer kAveragePoolLayer{"average_pool", "the mean of each window", kWindow, false, average_pool};
const Layer kGlobalAveragePoolLayer{
    "global_average_pool", "the mean of each channel", {}, false, global_average_pool};

}  // namespace tacit::nn
