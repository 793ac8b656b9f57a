// Layers: what a model is described by in a job file. Each turns its attributes into nodes and parameters of
// a graph; gradients come from the operators. One file each, listed in table.cc.
#pragma once

#include "tacit/nn/graph/graph.h"

namespace tacit::nn {

struct LayerSpec {
  std::string kind;
  Attrs attrs;
  std::vector<LayerSpec> inner;  ///< of a layer that wraps others
  std::string name;              ///< of its nodes and parameters; empty: its kind and a number
};

/// An attribute of a kind of layer.
struct LayerAttribute {
  enum class Type {
    Integer,
    Real,
    Pair,     ///< one whole number, or [height, width]
    Padding,  ///< a Pair, [top, left, bottom, right], or "same"
    Shape,    ///< a list of whole numbers
  };
  std::string_view name;
  Type type;
  bool required;
  double low, high;  ///< what each number must lie between
  std::string_view help;
};

class GraphBuilder;

struct Layer {
  std::string_view kind;
  std::string_view summary;
  std::vector<LayerAttribute> attributes;
  bool wraps;  ///< takes inner layers
  /// Appends the layer's nodes; UsageError if the input does not fit.
  ValueId (*build)(GraphBuilder&, const LayerSpec&, ValueId in);
};

/// Builds a graph layer after layer.
class GraphBuilder {
 public:
  /// `outputs`: numbers that the model gives an example; what a dense layer without `units` has.
  GraphBuilder(const Shape& example, std::size_t outputs, std::uint64_t seed);

  ValueId append(std::span<const LayerSpec> layers, ValueId in);
  Graph finish(ValueId out);

  // For layers:
  ValueId input() const { return graph_.inputs.front(); }
  const Shape& shape(ValueId id) const { return graph_.values[id].shape; }
  std::size_t outputs() const { return outputs_; }
  /// The name of the layer that is being built.
  const std::string& name() const { return name_; }
  /// A node called by the layer's name, with a suffix where a layer has several.
  ValueId node(std::string_view op, std::vector<ValueId> in, Attrs attrs = {}, std::string_view suffix = {});
  /// Weights uniform in ±sqrt(6 / fan_in) (He et al., 2015, section 2.2): the same on every machine.
  ValueId weights(std::string_view suffix, Shape shape, std::size_t fan_in);
  ValueId filled(std::string_view suffix, Shape shape, double value);

 private:
  std::string unique(const LayerSpec& layer);

  Graph graph_;
  std::size_t outputs_;
  std::uint64_t seed_;
  std::string name_;
  std::vector<std::string> names_;
};

/// All kinds of layer, in alphabetical order.
std::span<const Layer* const> all_layers();
/// UsageError, naming the attribute and the nearest right one, if kind or attributes are not right.
void check_layer(const LayerSpec& layer);

/// A network of the literature, or a regression, by name: see networks.cc. UsageError with the nearest name.
std::vector<LayerSpec> network_named(std::string_view name);
std::span<const std::string_view> network_names();

/// The graph of some layers on examples of the given shape, with its initial weights.
Graph build_graph(const Shape& example, std::span<const LayerSpec> layers, std::size_t outputs,
                  std::uint64_t seed);

/// An attribute that is one whole number for both axes, or two.
std::vector<std::int64_t> pair_of(const LayerSpec& layer, std::string_view name, std::int64_t otherwise);

}  // namespace tacit::nn
