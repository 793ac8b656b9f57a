// flatten and reshape: the same numbers in another shape.
#include "tacit/base/error.h"
#include "tacit/nn/layers/layers.h"

namespace tacit::nn {

namespace {

using Type = LayerAttribute::Type;

ValueId flatten(GraphBuilder& g, const LayerSpec&, ValueId in) { return g.node("Flatten", {in}); }

ValueId reshape(GraphBuilder& g, const LayerSpec& layer, ValueId in) {
  std::vector<std::int64_t> shape{0};  // 0: the batch as it is
  Shape example;
  for (std::int64_t e : layer.attrs.integers("shape")) {
    shape.push_back(e);
    example.push_back(static_cast<std::size_t>(e));
  }
  require(elements(example) == elements(g.shape(in)), "{} numbers do not fill the shape {}",
          elements(g.shape(in)), to_string(example));
  return g.node("Reshape", {in}, {{"shape", std::move(shape)}});
}

}  // namespace

const Layer kFlattenLayer{"flatten", "all numbers of an example in a row", {}, false, flatten};
const Layer kReshapeLayer{"reshape",
                          "an example's numbers in another shape",
                          {{"shape", Type::Shape, true, 1, 1 << 20, "of one example"}},
                          false,
                          reshape};

}  // namespace tacit::nn
