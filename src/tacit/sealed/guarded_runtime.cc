#include "tacit/sealed/guarded_runtime.h"

#include <string.h>

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/runtime/step.h"

namespace tacit::sealed {

namespace {

/// Examples that are computed at a time.
constexpr std::size_t kBatch = 256;
/// Numbers of memory that are kept from one node to the next, and from one run to the next: 32 MiB.
constexpr std::size_t kKept = std::size_t{1} << 23;

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
  State(OpenedModel m, TileSpace& s, Workers& w)
      : model(guarded(std::move(m))),
        space(s),
        workers(w),
        kernels(runtime::float_kernels(detect_isa())),
        outline(read_outline()),
        last(last_uses()) {
    example = outline.graph.values[outline.graph.inputs[0]].shape;
    if (!example.empty()) example.erase(example.begin());
    for (const nn::Node& node : outline.graph.nodes)
      require(runtime::maker_of(*node.op) != nullptr,
              "'{}': the operator {} is not among those that the runtime has", node.name, node.op->name);
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

  /// What lies between two nodes; several names of one tensor share it.
  struct Between {
    Shape shape;
    std::shared_ptr<runtime::Buffer> numbers;
  };

  /// The numbers of the model that one node takes, in the clear: for as long as it runs.
  class Tile {
   public:
    explicit Tile(State& state) : s_(state), all_(state.space.tile.bytes()) {}
    ~Tile() { ::explicit_bzero(all_.data(), reach_); }
    Tile(const Tile&) = delete;
    Tile& operator=(const Tile&) = delete;

    /// A value's numbers as floats, behind those that were read before.
    const float* read(nn::ValueId id) {
      const NumbersPlace& place = s_.outline.places[id];
      const std::size_t n = elements(s_.outline.graph.values[id].shape);
      ensure(used_ + n <= kTileNumbers, "a node takes no more than a tile");
      const ByteSpan bytes = all_.subspan(used_ * sizeof(float), n * place.width);
      reach_ = std::max(reach_, used_ * sizeof(float) + bytes.size());
      s_.model.read(RuntimeKey(), place.at, s_.space.chunk.bytes(), bytes);
      if (place.width == sizeof(double))  // each lies where later ones are read from
        for (std::size_t i = 0; i < n; ++i) {
          const float v = static_cast<float>(read_at<double>(bytes, i * sizeof(double)));
          std::memcpy(bytes.data() + i * sizeof(float), &v, sizeof v);
        }
      used_ += n;
      return reinterpret_cast<const float*>(bytes.data());
    }

   private:
    State& s_;
    ByteSpan all_;
    std::size_t used_ = 0, reach_ = 0;  // numbers, and bytes that were written
  };

  /// What a node takes, as its step is asked for.
  struct Taken {
    runtime::Request request;
    std::vector<const float*> in;
    std::vector<PublicTensor> known;
  };
  Taken take(const nn::Node& node, const std::vector<Between>& values, Tile& tile) {
    const nn::Graph& g = outline.graph;
    Taken t{{node.attrs, {}, {}, {}, {}, {}, kernels}, {}, std::vector<PublicTensor>(node.inputs.size())};
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const nn::ValueId id = node.inputs[i];
      const bool there = id != nn::kNoValue, owned = there && has_numbers(g.values[id]);
      const auto same =
          std::find(node.inputs.begin(), node.inputs.begin() + static_cast<std::ptrdiff_t>(i), id);
      const auto before = static_cast<std::size_t>(same - node.inputs.begin());
      const float* at = !there       ? nullptr
                        : before < i ? t.in[before]
                        : owned      ? tile.read(id)
                                     : values[id].numbers->data();
      t.in.push_back(at);
      t.request.there.push_back(there);
      t.request.in.push_back(!there ? Shape{} : owned ? g.values[id].shape : values[id].shape);
      t.request.weights.push_back(owned ? at : nullptr);
      if (owned && g.values[id].kind == nn::ValueInfo::Kind::Constant)
        t.known[i] = {t.request.in[i], {at, at + elements(t.request.in[i])}};
    }
    for (const PublicTensor& k : t.known) t.request.known.push_back(k.values.empty() ? nullptr : &k);
    t.request.out = node.op->shape(t.request.in, node.attrs);
    return t;
  }

  /// Node `n`. What it is the last to take may be written over.
  Between compute(std::size_t n, const std::vector<Between>& values, const Boundary& at) {
    const nn::Node& node = outline.graph.nodes[n];
    Tile tile(*this);
    const Taken taken = take(node, values, tile);
    const Shape& shape = taken.request.out;
    if (at) at(node.name, true);
    const runtime::Step step = runtime::maker_of(*node.op)(taken.request);
    if (step.alias && !has_numbers(outline.graph.values[node.inputs[0]]))
      return {shape, values[node.inputs[0]].numbers};
    Between out{shape, nullptr};
    for (const std::size_t i : step.in_place) {
      const nn::ValueId id = node.inputs[i];
      if (id == nn::kNoValue || has_numbers(outline.graph.values[id]) || last[id] != n) continue;
      const Between& given = values[id];
      if (given.numbers.use_count() == 1 && given.numbers->size() == elements(shape))
        out.numbers = given.numbers;
    }
    if (!out.numbers) out.numbers = std::make_shared<runtime::Buffer>(memory, elements(shape));
    if (step.alias) {
      std::copy_n(taken.in[0], out.numbers->size(), out.numbers->data());
      return out;
    }
    // Panels of weights are among what is in them; they are zeroed as they go.
    runtime::Buffer common(memory, step.common), slots(memory, step.slot * workers.threads());
    step.run({taken.in.data(),
              out.numbers->data(),
              {kernels, workers, common.data(), slots.data(), step.slot, workers.threads()}});
    return out;
  }

  PublicTensor run_batch(const PublicTensor& batch, const Boundary& at) {
    const nn::Graph& g = outline.graph;
    std::vector<Between> values(g.values.size());
    Between& given = values[g.inputs[0]];
    given = {batch.shape, std::make_shared<runtime::Buffer>(memory, batch.values.size())};
    std::transform(batch.values.begin(), batch.values.end(), given.numbers->data(),
                   [](double v) { return static_cast<float>(v); });
    for (std::size_t n = 0; n < g.nodes.size(); ++n) {
      const nn::Node& node = g.nodes[n];
      values[node.output] = compute(n, values, at);
      for (const nn::ValueId id : node.inputs)
        if (id != nn::kNoValue && last[id] == n) values[id] = {};
      if (at) at(node.name, false);
    }
    const Between& answer = values[g.outputs[0]];
    return {answer.shape, {answer.numbers->data(), answer.numbers->data() + answer.numbers->size()}};
  }

  OpenedModel model;
  TileSpace& space;
  Workers& workers;
  const runtime::FloatKernels& kernels;
  runtime::OrdinaryMemory ordinary;  // of a hardened process, which locks all that it has
  runtime::KeptMemory memory{ordinary, kKept};
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
