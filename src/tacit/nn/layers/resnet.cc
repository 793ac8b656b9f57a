#include "tacit/nn/layers/resnet.h"

#include "tacit/base/error.h"
#include "tacit/nn/layers/layer.h"

namespace tacit::nn {

namespace {

/// Channels that a block has for each of its inner ones.
constexpr std::size_t kExpansion = 4;
constexpr std::size_t kMostStages = 8;

class ResNetBuilder {
 public:
  ResNetBuilder(const ResNetSize& size, std::uint64_t seed)
      : g_({3, size.image, size.image}, size.classes, seed) {}

  Graph build(const ResNetSize& size) {
    require(size.width > 0 && size.classes > 0 && !size.blocks.empty() && size.blocks.size() <= kMostStages,
            "a residual network needs channels, classes and 1 to {} stages", kMostStages);
    ValueId x = conv("conv1", g_.input(), size.width, 7, 2);
    // Pooling before the activation gives the same as after it, and compares fewer numbers.
    x = g_.node("MaxPool", {x},
                {{"kernel_shape", both(3)}, {"strides", both(2)}, {"pads", Integers{1, 1, 1, 1}}}, "pool");
    x = g_.node("Relu", {x}, {}, "relu1");
    for (std::size_t stage = 0; stage < size.blocks.size(); ++stage)
      for (std::size_t i = 0; i < size.blocks[stage]; ++i)
        x = block(fmt::format("stage{}.block{}", stage + 1, i + 1), x, size.width << stage,
                  stage > 0 && i == 0 ? 2 : 1);
    x = g_.node("Flatten", {g_.node("GlobalAveragePool", {x}, {}, "mean")}, {}, "flatten");
    const std::size_t inputs = g_.shape(x)[1];
    const ValueId w = g_.weights("dense.weight", {size.classes, inputs}, inputs);
    const ValueId b = g_.filled("dense.bias", {size.classes}, 0);
    Graph graph = g_.finish(g_.node("Gemm", {x, w, b}, {{"transB", std::int64_t{1}}}, "dense"));
    for (const auto& [id, middle] : around_)
      for (double& v : graph.values[id].initial.values) v += middle;
    return graph;
  }

 private:
  using Integers = std::vector<std::int64_t>;
  static Integers both(std::size_t n) { return Integers(2, static_cast<std::int64_t>(n)); }

  /// A convolution that keeps height and width but for its stride, and its normalisation.
  ValueId conv(const std::string& name, ValueId in, std::size_t channels, std::size_t kernel,
               std::size_t stride, double factor = 1) {
    const std::size_t inputs = g_.shape(in)[1];
    const auto pad = static_cast<std::int64_t>(kernel / 2);
    const ValueId w =
        g_.weights(name + ".weight", {channels, inputs, kernel, kernel}, inputs * kernel * kernel);
    const ValueId y = g_.node(
        "Conv", {in, w},
        {{"kernel_shape", both(kernel)}, {"strides", both(stride)}, {"pads", Integers{pad, pad, pad, pad}}},
        name);
    const std::string norm = name + ".norm";
    const ValueId scale = near(norm + ".scale", channels, factor), shift = near(norm + ".shift", channels, 0),
                  mean = near(norm + ".mean", channels, 0), variance = near(norm + ".variance", channels, 1);
    return g_.node("BatchNormalization", {y, scale, shift, mean, variance}, {{"epsilon", 1e-5}}, norm);
  }

  /// Numbers of a channel, within 0.1 of `middle`.
  ValueId near(const std::string& name, std::size_t channels, double middle) {
    constexpr std::size_t kFanIn = 600;  // sqrt(6 / 600)
    const ValueId id = g_.weights(name, {channels}, kFanIn);
    if (middle != 0) around_.emplace_back(id, middle);
    return id;
  }

  ValueId block(const std::string& name, ValueId in, std::size_t inner, std::size_t stride) {
    ValueId x = g_.node("Relu", {conv(name + ".conv1", in, inner, 1, 1)}, {}, name + ".relu1");
    x = g_.node("Relu", {conv(name + ".conv2", x, inner, 3, stride)}, {}, name + ".relu2");
    x = conv(name + ".conv3", x, kExpansion * inner, 1, 1, 0.25);
    const bool same = g_.shape(x) == g_.shape(in);
    const ValueId way = same ? in : conv(name + ".skip", in, kExpansion * inner, 1, stride);
    return g_.node("Relu", {g_.node("Add", {x, way}, {}, name + ".sum")}, {}, name + ".relu3");
  }

  GraphBuilder g_;
  std::vector<std::pair<ValueId, double>> around_;
};

}  // namespace

Graph resnet(const ResNetSize& size, std::uint64_t seed) { return ResNetBuilder(size, seed).build(size); }

}  // namespace tacit::nn
