#include "tacit/sealed/tiles.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "tacit/base/error.h"

namespace tacit::sealed {

namespace {

using nn::Graph, nn::Node, nn::ValueId, nn::ValueInfo;

// prelude: "tacit tiles " | version (u16) | zeros (u16) | bytes of the outline (u64)
constexpr std::string_view kTilesMagic = "tacit tiles ";
constexpr std::uint16_t kTilesVersion = 1;
constexpr std::uint32_t kAbsent = ~std::uint32_t{0};
constexpr std::size_t kMostAxes = 8, kMostThings = 1 << 20;

enum class Kind : std::uint8_t { Input, Parameter, Constant };

/// Values that one node takes of the model's own, each once.
std::vector<ValueId> own_numbers(const Graph& g, const Node& node) {
  std::set<ValueId> out;
  for (const ValueId id : node.inputs)
    if (id != nn::kNoValue && has_numbers(g.values[id])) out.insert(id);
  return {out.begin(), out.end()};
}

// ---- as bytes

void put_name(Bytes& out, std::string_view name) {
  require(name.size() <= 0xffff, "a name in the model has {} bytes, more than there can be", name.size());
  append(out, static_cast<std::uint16_t>(name.size()));
  append_bytes(out, bytes_of(name));
}
template <class T>
void put_list(Bytes& out, const std::vector<T>& list) {
  append(out, static_cast<std::uint32_t>(list.size()));
  append_bytes(out, bytes_of(std::span<const T>(list)));
}
void put_attr(Bytes& out, const nn::Attr& attr) {
  append(out, static_cast<std::uint8_t>(attr.index()));
  if (const auto* whole = std::get_if<std::int64_t>(&attr)) append(out, *whole);
  if (const auto* real = std::get_if<double>(&attr)) append(out, *real);
  if (const auto* text = std::get_if<std::string>(&attr)) put_name(out, *text);
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&attr)) put_list(out, *list);
  if (const auto* list = std::get_if<std::vector<double>>(&attr)) put_list(out, *list);
}

unsigned width_of(const PublicTensor& t) {
  const bool fit = std::all_of(t.values.begin(), t.values.end(), [](double v) {
    return std::isfinite(v) && std::fabs(v) <= std::numeric_limits<float>::max() &&
           static_cast<double>(static_cast<float>(v)) == v;
  });
  return fit ? 4 : 8;
}

void put_numbers(Bytes& out, const PublicTensor& t) {
  ensure(t.values.size() == elements(t.shape), "a tensor has as many numbers as its shape says");
  if (width_of(t) == 8) return append_bytes(out, bytes_of(std::span<const double>(t.values)));
  for (const double v : t.values) append(out, static_cast<float>(v));
}

/// Takes values off the front of an outline.
class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}
  ByteView take(std::size_t size) {
    require(size <= left_.size(), "the outline of the model ends too early");
    const ByteView out = left_.first(size);
    left_ = left_.subspan(size);
    return out;
  }
  template <class T>
  T take() {
    return read_at<T>(take(sizeof(T)), 0);
  }
  std::string name() { return std::string(text_of(take(take<std::uint16_t>()))); }
  std::size_t count() {
    const auto n = take<std::uint32_t>();
    // Each takes a byte at least: nothing is allocated for what is not there.
    require(n <= kMostThings && n <= left_.size(), "the outline of the model claims {} things at a time", n);
    return n;
  }
  template <class T>
  std::vector<T> list() {
    const auto n = take<std::uint32_t>();
    require(n <= left_.size() / sizeof(T), "the outline of the model claims a list of {}", n);
    std::vector<T> out(n);
    const ByteView bytes = take(n * sizeof(T));
    if (n > 0) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
  Shape shape() {
    const auto axes = take<std::uint8_t>();
    require(axes <= kMostAxes, "the outline of the model has a tensor of {} axes", axes);
    Shape out;
    for (unsigned i = 0; i < axes; ++i) out.push_back(take<std::uint64_t>());
    elements(out);  // refuses what cannot be
    return out;
  }
  nn::Attr attr() {
    switch (const auto kind = take<std::uint8_t>(); kind) {
      case 0:
        return take<std::int64_t>();
      case 1:
        return take<double>();
      case 2:
        return name();
      case 3:
        return list<std::int64_t>();
      case 4:
        return list<double>();
      default:
        throw UsageError(fmt::format("the outline of the model has an attribute of the kind {}", kind));
    }
  }
  void finish() const { require(left_.empty(), "the outline of the model is too long"); }

 private:
  ByteView left_;
};

void read_node(Reader& from, Graph& g) {
  const std::string op_name = from.name(), name = from.name();
  const nn::Op* op = nn::find_op(op_name);
  require(op != nullptr, "the model has an operator '{}', which is not known here: use a newer tacit",
          op_name);
  std::vector<ValueId> inputs;
  for (std::size_t i = from.count(); i > 0; --i) {
    const auto id = from.take<std::uint32_t>();
    require(id == kAbsent || id < g.values.size(), "the node '{}' takes a value that is not there", name);
    require(id != kAbsent || inputs.size() >= op->min_inputs, "the node '{}' lacks its input {}", name,
            inputs.size() + 1);
    inputs.push_back(id == kAbsent ? nn::kNoValue : ValueId{id});
  }
  nn::Attrs attrs;
  for (std::size_t i = from.count(); i > 0; --i) {
    const std::string key = from.name();
    require(!attrs.has(key), "the node '{}' has the attribute '{}' twice", name, key);
    attrs.set(key, from.attr());
  }
  g.add_node(*op, name, std::move(inputs), std::move(attrs));
}

}  // namespace

bool has_numbers(const ValueInfo& v) {
  return v.kind != ValueInfo::Kind::Input && v.kind != ValueInfo::Kind::Result;
}

void check_tiles(const Graph& g) {
  require(g.inputs.size() == 1 && g.outputs.size() == 1,
          "the model has {} inputs and {} outputs, and a sealed model runs with one of each", g.inputs.size(),
          g.outputs.size());
  require(g.values[g.outputs[0]].kind == ValueInfo::Kind::Result,
          "the model's output is no result of a node");
  for (const Node& node : g.nodes) {
    std::size_t numbers = 0;
    // Each of them has less than 2^48, so that the sum is far from the end of 64 bits.
    for (const ValueId id : own_numbers(g, node)) numbers += elements(g.values[id].shape);
    require(numbers <= kTileNumbers,
            "the node '{}' ({}) takes {} numbers of the model at a time, and at level 2 no more than {} may "
            "be in "
            "the clear: cut it into several layers, or seal the model at level 1",
            node.name, node.op->name, numbers, kTileNumbers);
  }
}

Bytes tiled_text(const Graph& g) {
  check_tiles(g);
  // Values that are no results come first, in the order in which nodes take them.
  std::vector<ValueId> order = g.inputs;
  std::map<ValueId, std::uint32_t> number;
  for (const ValueId id : order) number[id] = 0;
  for (const Node& node : g.nodes)
    for (const ValueId id : node.inputs)
      if (id != nn::kNoValue && has_numbers(g.values[id]) && number.try_emplace(id, 0).second)
        order.push_back(id);
  for (std::size_t i = 0; i < order.size(); ++i) number[order[i]] = static_cast<std::uint32_t>(i);
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    number[g.nodes[i].output] = static_cast<std::uint32_t>(order.size() + i);

  Bytes outline;
  append(outline, static_cast<std::uint32_t>(order.size()));
  for (const ValueId id : order) {
    const ValueInfo& v = g.values[id];
    const bool own = has_numbers(v);
    append(outline, !own                                  ? Kind::Input
                    : v.kind == ValueInfo::Kind::Constant ? Kind::Constant
                                                          : Kind::Parameter);
    append(outline, static_cast<std::uint8_t>(own ? width_of(v.initial) : 0));
    put_name(outline, v.name);
    append(outline, static_cast<std::uint8_t>(v.shape.size()));
    for (const std::size_t extent : v.shape) append(outline, static_cast<std::uint64_t>(extent));
  }
  append(outline, static_cast<std::uint32_t>(g.nodes.size()));
  for (const Node& node : g.nodes) {
    put_name(outline, node.op->name);
    put_name(outline, node.name);
    append(outline, static_cast<std::uint32_t>(node.inputs.size()));
    for (const ValueId id : node.inputs) append(outline, id == nn::kNoValue ? kAbsent : number.at(id));
    append(outline, static_cast<std::uint32_t>(node.attrs.all().size()));
    for (const auto& [key, attr] : node.attrs.all()) {
      put_name(outline, key);
      put_attr(outline, attr);
    }
  }
  append(outline, number.at(g.outputs[0]));
  require(outline.size() <= kLongestOutline, "the model has too many nodes to be sealed at level 2");

  Bytes out;
  append_bytes(out, bytes_of(kTilesMagic));
  append(out, kTilesVersion);
  append(out, std::uint16_t{0});
  append(out, static_cast<std::uint64_t>(outline.size()));
  append_bytes(out, outline);
  for (const ValueId id : order)
    if (has_numbers(g.values[id])) put_numbers(out, g.values[id].initial);
  return out;
}

std::size_t outline_size(ByteView prelude) {
  require(prelude.size() == kTilesPrelude && text_of(prelude.first(kTilesMagic.size())) == kTilesMagic,
          "it holds no model in tiles");
  const auto version = read_at<std::uint16_t>(prelude, kTilesMagic.size());
  require(version == kTilesVersion,
          "its tiles are of version {}, and version {} is known here: use a newer tacit", version,
          kTilesVersion);
  require(read_at<std::uint16_t>(prelude, kTilesMagic.size() + 2) == 0,
          "its tiles have no prelude that there can be");
  const auto size = read_at<std::uint64_t>(prelude, kTilesMagic.size() + 4);
  require(size <= kLongestOutline, "its outline claims {} bytes, more than there can be", size);
  return static_cast<std::size_t>(size);
}

Outline parse_outline(ByteView bytes, std::uint64_t text_size) {
  Reader from(bytes);
  Outline out;
  Graph& g = out.graph;
  std::uint64_t at = kTilesPrelude + bytes.size();
  require(at <= text_size, "the outline of the model is longer than its text");
  for (std::size_t left = from.count(); left > 0; --left) {
    const auto kind = from.take<std::uint8_t>(), width = from.take<std::uint8_t>();
    require(kind <= 2 && (kind == 0 ? width == 0 : width == 4 || width == 8),
            "the outline of the model has a value of a kind that there is not");
    std::string name = from.name();
    Shape shape = from.shape();
    const std::uint64_t numbers = kind == 0 ? 0 : elements(shape);
    require(width == 0 || numbers <= (text_size - at) / width,
            "the outline of the model claims more numbers than there are");
    if (kind == 0)
      g.add_input(std::move(name), std::move(shape));
    else if (kind == 1)
      g.add_parameter(std::move(name), {std::move(shape), {}});
    else
      g.add_constant(std::move(name), {std::move(shape), {}});
    out.places.push_back({kind == 0 ? 0 : at, width});
    at += numbers * width;
  }
  require(at == text_size, "the outline of the model claims {} bytes of text, and {} are there", at,
          text_size);
  for (std::size_t left = from.count(); left > 0; --left) read_node(from, g);
  const auto output = from.take<std::uint32_t>();
  require(output < g.values.size() && g.values[output].kind == ValueInfo::Kind::Result,
          "the model's output is no result of a node");
  g.outputs.push_back(output);
  from.finish();
  out.places.resize(g.values.size());
  check_tiles(g);
  return out;
}

}  // namespace tacit::sealed
