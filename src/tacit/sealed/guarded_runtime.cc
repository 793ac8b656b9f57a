#include "tacit/sealed/guarded_runtime.h"

#include <string.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "tacit/base/error.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/secret/gate.h"

namespace tacit::sealed {

namespace {

/// Examples that are computed at a time.
constexpr std::size_t kBatch = 256;
/// Numbers are doubles; functions that are approximated are so to as many binary digits.
constexpr unsigned kFraction = 24;

/// Opens what is no secret to its one party.
PublicTensor value_of(Engine& engine, const Secret<Real>& x) {
  RevealPolicy policy({{"answer", {"device"}, "there is nobody else", 1}}, {"device"});
  Ledger ledger;
  return *Gate::reveal(engine, ledger, x, policy.permit("answer")).opened;
}

OpenedModel guarded(OpenedModel model) {
  require(model.header().level == Level::Guarded,
          "'{}' is sealed at level {}, and a broker opens level 2 (guarded) alone: run it without one, or "
          "ask its "
          "vendor for a file that is sealed with --level 2",
          model.header().model_name, static_cast<unsigned>(model.header().level));
  return model;
}

/// Whatever happens.
struct ZeroAtEnd {
  ByteSpan bytes;
  ~ZeroAtEnd() { ::explicit_bzero(bytes.data(), bytes.size()); }
};

}  // namespace

struct GuardedRuntime::State {
  State(OpenedModel m, TileSpace& s, Workers& workers)
      : model(guarded(std::move(m))),
        space(s),
        engine(Compute{ring_kernels(detect_isa()), workers}),
        outline(read_outline()),
        last(last_uses()) {
    example = outline.graph.values[outline.graph.inputs[0]].shape;
    if (!example.empty()) example.erase(example.begin());
  }

  Outline read_outline() {
    const Header& h = model.header();
    Bytes prelude(kTilesPrelude);
    model.read(RuntimeKey(), 0, space.chunk.bytes(), prelude);
    const std::size_t size = outline_size(prelude);
    require(size <= h.text_size - kTilesPrelude, "the outline of '{}' claims more bytes than there are",
            h.model_name);
    Bytes bytes(size);
    model.read(RuntimeKey(), kTilesPrelude, space.chunk.bytes(), bytes);
    return parse_outline(bytes, h.text_size);
  }

  /// The last node that takes each result, so that no more are kept than are needed.
  std::vector<std::size_t> last_uses() const {
    const nn::Graph& g = outline.graph;
    std::vector<std::size_t> out(g.values.size(), 0);
    for (std::size_t n = 0; n < g.nodes.size(); ++n)
      for (const nn::ValueId id : g.nodes[n].inputs)
        if (id != nn::kNoValue) out[id] = n;
    out[g.outputs[0]] = g.nodes.size();
    return out;
  }

  /// A value's numbers in the clear: for the node that runs, and no longer.
  nn::Value take(nn::ValueId id) {
    const nn::ValueInfo& v = outline.graph.values[id];
    const NumbersPlace& place = outline.places[id];
    PublicTensor t{v.shape, std::vector<double>(elements(v.shape))};
    const ByteSpan bytes = space.tile.bytes().first(t.values.size() * place.width);
    const ZeroAtEnd zeroed{bytes};
    model.read(RuntimeKey(), place.at, space.chunk.bytes(), bytes);
    if (place.width == sizeof(double)) {
      if (!bytes.empty()) std::memcpy(t.values.data(), bytes.data(), bytes.size());
    } else {
      for (std::size_t i = 0; i < t.values.size(); ++i)
        t.values[i] = static_cast<double>(read_at<float>(bytes, i * sizeof(float)));
    }
    if (v.kind == nn::ValueInfo::Kind::Constant) return nn::Value(std::move(t));
    nn::Value out(fn::constant(ctx, t));
    ::explicit_bzero(t.values.data(), t.values.size() * sizeof(double));
    return out;
  }

  PublicTensor run_batch(const PublicTensor& batch, const Boundary& at) {
    const nn::Graph& g = outline.graph;
    std::vector<std::optional<nn::Value>> values(g.values.size());
    values[g.inputs[0]] = nn::Value(fn::constant(ctx, batch));
    for (std::size_t n = 0; n < g.nodes.size(); ++n) {
      const nn::Node& node = g.nodes[n];
      std::vector<const nn::Value*> in;
      for (const nn::ValueId id : node.inputs)
        if (id != nn::kNoValue && has_numbers(g.values[id]) && !values[id]) values[id] = take(id);
      for (const nn::ValueId id : node.inputs) in.push_back(id == nn::kNoValue ? nullptr : &*values[id]);
      if (at) at(node.name, true);
      nn::Value result = node.op->forward(ctx, {in, node.attrs, n}, nullptr);
      for (const nn::ValueId id : node.inputs)
        if (id != nn::kNoValue && (has_numbers(g.values[id]) || last[id] == n)) values[id].reset();
      values[node.output] = std::move(result);
      if (at) at(node.name, false);
    }
    return value_of(engine, values[g.outputs[0]]->as_secret(ctx));
  }

  OpenedModel model;
  TileSpace& space;
  plain::DoubleEngine engine;
  fn::Ctx ctx{engine, kFraction};
  Outline outline;
  std::vector<std::size_t> last;
  Shape example;
};

GuardedRuntime::GuardedRuntime(OpenedModel model, TileSpace& space, Workers& workers)
    : state_(std::make_unique<State>(std::move(model), space, workers)) {}

GuardedRuntime::~GuardedRuntime() = default;

const Header& GuardedRuntime::header() const { return state_->model.header(); }
const Shape& GuardedRuntime::example() const { return state_->example; }

PublicTensor GuardedRuntime::run(const PublicTensor& examples, const Boundary& at) {
  State& s = *state_;
  Shape row = examples.shape;
  if (!row.empty()) row.erase(row.begin());
  require(!examples.shape.empty() && examples.shape[0] > 0 && row == s.example,
          "the examples have shape {}, and the model takes rows of {}", to_string(examples.shape),
          to_string(s.example));
  const std::size_t rows = examples.shape[0], width = elements(s.example);
  require(examples.values.size() == elements(examples.shape),
          "the examples have {} numbers where their shape needs {}", examples.values.size(),
          elements(examples.shape));
  const auto odd = std::find_if_not(examples.values.begin(), examples.values.end(),
                                    [](double v) { return std::isfinite(v); });
  require(odd == examples.values.end(), "number {} of the examples is infinite or none",
          odd - examples.values.begin());
  PublicTensor out;
  for (std::size_t begin = 0; begin < rows; begin += kBatch) {
    const std::size_t now = std::min(kBatch, rows - begin);
    PublicTensor batch{examples.shape, {}};
    batch.shape[0] = now;
    const auto from = examples.values.begin() + static_cast<std::ptrdiff_t>(begin * width);
    batch.values.assign(from, from + static_cast<std::ptrdiff_t>(now * width));
    const PublicTensor answer = s.run_batch(batch, at);
    require(!answer.shape.empty() && answer.shape[0] == now,
            "the model '{}' gives an output of shape {} for {} examples, which are no rows",
            header().model_name, to_string(answer.shape), now);
    if (out.shape.empty()) out.shape = answer.shape;
    out.values.insert(out.values.end(), answer.values.begin(), answer.values.end());
  }
  out.shape[0] = rows;
  return out;
}

}  // namespace tacit::sealed
