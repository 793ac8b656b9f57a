#include <algorithm>
#include <cmath>
#include <utility>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/prg.h"
#include "tacit/nn/layers/layers.h"

namespace tacit::nn {

namespace {

/// 16 GiB as words: far above any model that three parties train, far below what a slip of the keyboard asks
/// for.
constexpr double kMostWeights = 1u << 31;

void require_sensible(const Shape& shape) {
  double n = 1;
  for (std::size_t d : shape) n *= static_cast<double>(d);
  require(n <= kMostWeights, "would have {} weights, in a tensor of {}: at most 2^31 can be", n,
          to_string(shape));
}

}  // namespace

GraphBuilder::GraphBuilder(const Shape& example, std::size_t outputs, std::uint64_t seed)
    : outputs_(outputs), seed_(seed) {
  Shape batch = example;
  batch.insert(batch.begin(), 1);
  graph_.add_input("input", std::move(batch));
}

std::string GraphBuilder::unique(const LayerSpec& layer) {
  std::string name = layer.name;
  for (std::size_t n = 1; name.empty(); ++n) {
    name = fmt::format("{}{}", layer.kind, n);
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) name.clear();
  }
  require(std::find(names_.begin(), names_.end(), name) == names_.end(), "two layers are called '{}'", name);
  names_.push_back(name);
  return name;
}

ValueId GraphBuilder::append(std::span<const LayerSpec> layers, ValueId in) {
  for (const LayerSpec& layer : layers) {
    check_layer(layer);
    const std::string outer = std::exchange(name_, unique(layer));
    try {
      in = layer_named(layer.kind).build(*this, layer, in);
    } catch (const UsageError& e) {
      const std::string what = e.what();
      throw UsageError(what.find(name_) != std::string::npos ? what
                                                             : fmt::format("layer '{}': {}", name_, what));
    }
    name_ = outer;
  }
  return in;
}

Graph GraphBuilder::finish(ValueId out) {
  require(!graph_.nodes.empty(), "a model needs at least one layer");
  graph_.outputs = {out};
  return std::move(graph_);
}

ValueId GraphBuilder::node(std::string_view op, std::vector<ValueId> in, Attrs attrs,
                           std::string_view suffix) {
  const Op* found = find_op(op);
  ensure(found != nullptr, "a layer asks for an operator that does not exist");
  return graph_.add_node(*found, name_ + std::string(suffix), std::move(in), std::move(attrs));
}

ValueId GraphBuilder::weights(std::string_view suffix, Shape shape, std::size_t fan_in) {
  require_sensible(shape);
  // Only exactly rounded operations, so that all parties have the same bits whatever their machines.
  const std::string name = name_ + std::string(suffix);
  const SecretBytes key = derive_key(std::as_bytes(std::span(&seed_, 1)), "weights " + name, Prg::kKeySize);
  std::vector<Word> random(elements(shape));
  Prg(key.bytes(), Isa::Portable).fill(0, 0, random);
  const double limit = std::sqrt(6.0 / static_cast<double>(std::max<std::size_t>(fan_in, 1)));
  std::vector<double> values(random.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = limit * (static_cast<double>(random[i] >> 11) * 0x1p-52 - 1.0);
  return graph_.add_parameter(name, {std::move(shape), std::move(values)});
}

ValueId GraphBuilder::filled(std::string_view suffix, Shape shape, double value) {
  require_sensible(shape);
  std::vector<double> values(elements(shape), value);
  return graph_.add_parameter(name_ + std::string(suffix), {std::move(shape), std::move(values)});
}

Graph build_graph(const Shape& example, std::span<const LayerSpec> layers, std::size_t outputs,
                  std::uint64_t seed) {
  GraphBuilder builder(example, outputs, seed);
  return builder.finish(builder.append(layers, builder.input()));
}

std::vector<std::int64_t> pair_of(const LayerSpec& layer, std::string_view name, std::int64_t otherwise) {
  if (!layer.attrs.has(name)) return {otherwise, otherwise};
  const Attr& value = layer.attrs.all().at(std::string(name));
  if (const auto* one = std::get_if<std::int64_t>(&value)) return {*one, *one};
  return layer.attrs.integers(name);
}

}  // namespace tacit::nn
