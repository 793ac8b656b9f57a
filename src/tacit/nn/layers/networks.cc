// Networks by name. A to D are those on which private training is compared: A from SecureML (Mohassel and
// Zhang, 2017), B from MiniONN (Liu et al., 2017), C the LeNet of LeCun et al. (1998) as used by SecureNN
// (Wagh et al., 2019), D from Chameleon (Riazi et al., 2018). The last layer has as many units as the label
// has numbers.
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/nn/layers/layer.h"

namespace tacit::nn {

namespace {

LayerSpec layer(std::string kind, Attrs attrs = {}) { return {std::move(kind), std::move(attrs), {}, {}}; }
LayerSpec dense(std::int64_t units) { return layer("dense", {{"units", units}}); }
LayerSpec output() { return layer("dense"); }
LayerSpec relu() { return layer("relu"); }
LayerSpec conv(std::int64_t channels, std::int64_t kernel) {
  return layer("conv2d", {{"channels", channels}, {"kernel", kernel}});
}
LayerSpec max_pool() { return layer("max_pool", {{"kernel", std::int64_t{2}}}); }

// Pooling before the activation gives the same as after it, and compares a quarter of the numbers.
std::vector<LayerSpec> two_convolutions(std::int64_t first, std::int64_t second, std::int64_t hidden) {
  return {conv(first, 5), max_pool(),    relu(), conv(second, 5), max_pool(),
          relu(),         dense(hidden), relu(), output()};
}

constexpr std::string_view kNames[] = {"A", "B", "C", "D", "linear", "logistic", "mlp"};

}  // namespace

std::span<const std::string_view> network_names() { return kNames; }

std::vector<LayerSpec> network_named(std::string_view name) {
  if (name == "A") return {dense(128), relu(), dense(128), relu(), output()};
  if (name == "B") return two_convolutions(16, 16, 100);
  if (name == "C") return two_convolutions(20, 50, 500);
  if (name == "D")
    return {layer("conv2d", {{"channels", std::int64_t{5}},
                             {"kernel", std::int64_t{5}},
                             {"stride", std::int64_t{2}},
                             {"padding", std::string("same")}}),
            relu(), dense(100), relu(), output()};
  if (name == "linear" || name == "logistic") return {output()};
  if (name == "mlp") return {dense(64), relu(), dense(32), relu(), output()};
  throw UsageError(fmt::format("there is no network '{}': did you mean '{}'?", name, nearest(name, kNames)));
}

}  // namespace tacit::nn
