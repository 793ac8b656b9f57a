#include "tacit/sealed/split_runtime.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/base/workers.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/graph/execute.h"
#include "tacit/ring/codec.h"
#include "tacit/secret/gate.h"
#include "tacit/sealed/split_text.h"

namespace tacit::sealed {

namespace {

/// Examples that local layers compute at a time.
constexpr std::size_t kRowsAtATime = 256;
/// Numbers are doubles; functions that are approximated are so to as many binary digits.
constexpr unsigned kLocalFraction = 24;

Shape example_of(const Shape& shape) { return {shape.begin() + (shape.empty() ? 0 : 1), shape.end()}; }

Shape with_rows(std::size_t rows, Shape example) {
  example.insert(example.begin(), rows);
  return example;
}

PublicTensor rows_of(const PublicTensor& all, std::size_t begin, std::size_t count) {
  const std::size_t width = all.values.size() / all.shape[0];
  PublicTensor out{all.shape, {}};
  out.shape[0] = count;
  const auto from = all.values.begin() + static_cast<std::ptrdiff_t>(begin * width);
  out.values.assign(from, from + static_cast<std::ptrdiff_t>(count * width));
  return out;
}

/// Layers that the device has, computed in the clear.
class LocalLayers {
 public:
  LocalLayers(nn::Graph graph, Workers& workers)
      : graph_(std::move(graph)),
        engine_(Compute{ring_kernels(detect_isa()), workers}),
        parameters_(nn::initial_parameters(ctx_, graph_)) {
    for (const nn::ValueId id : graph_.parameters()) graph_.values[id].initial.values = {};
  }
  Shape input() const { return example_of(graph_.values[graph_.inputs[0]].shape); }
  Shape output() const { return example_of(graph_.values[graph_.outputs[0]].shape); }

  PublicTensor run(const PublicTensor& examples) {
    const std::size_t rows = examples.shape[0];
    PublicTensor out;
    for (std::size_t begin = 0; begin < rows; begin += kRowsAtATime) {
      const std::size_t now = std::min(kRowsAtATime, rows - begin);
      const Secret<Real> input[] = {fn::constant(ctx_, rows_of(examples, begin, now))};
      RevealPolicy policy({{"answer", {"device"}, "there is nobody else", 1}}, {"device"});
      Ledger ledger;
      const PublicTensor answer = *Gate::reveal(engine_, ledger, nn::forward(ctx_, graph_, parameters_, input)[0],
                                                policy.permit("answer"))
                                       .opened;
      require(!answer.shape.empty() && answer.shape[0] == now,
              "the model's layers give an output of shape {} for {} examples, which are no rows",
              to_string(answer.shape), now);
      if (out.shape.empty()) out.shape = answer.shape;
      out.values.insert(out.values.end(), answer.values.begin(), answer.values.end());
    }
    out.shape[0] = rows;
    return out;
  }

 private:
  nn::Graph graph_;
  plain::DoubleEngine engine_;
  fn::Ctx ctx_{engine_, kLocalFraction};
  nn::Parameters parameters_;
};

SplitText text_of_model(OpenedModel& model, const std::function<std::unique_ptr<ByteReader>()>& text) {
  const Header& h = model.header();
  require(h.level == Level::Split, "'{}' is sealed at level {}, and no segment of it stays at its vendor",
          h.model_name, static_cast<unsigned>(h.level));
  return read_split_text(*text(), h.text_size);
}

const SegmentAccess& own_access(const SplitText& text, const DeviceKeys& keys, const std::string& model) {
  const Digest self = device_id(keys.card.key);
  const auto own = std::find_if(text.access.begin(), text.access.end(),
                                [&](const SegmentAccess& a) { return a.device == self; });
  require(own != text.access.end(), "the segment of '{}' is not open to the device '{}'", model, keys.card.name);
  return *own;
}

}  // namespace

struct SplitRuntime::State {
  State(const Header& h, SplitText text, const DeviceKeys& keys, unsigned threads)
      : header(h),
        workers(threads),
        access(open_access(*h.split, own_access(text, keys, h.model_name), keys.key)),
        part(std::move(text.part)) {
    if (text.before) before.emplace(std::move(*text.before), workers);
    if (text.after) after.emplace(std::move(*text.after), workers);
    example = before ? before->input() : h.split->input;
    require((!before || before->output() == h.split->input) && (!after || after->input() == h.split->output),
            "the layers of '{}' do not fit its segment", h.model_name);
  }

  /// In the segment's numbers; all examples are looked at before anything is asked.
  std::vector<std::vector<Word>> encoded(const PublicTensor& x) const {
    const SplitTerms& t = *header.split;
    const double scale = static_cast<double>(std::int64_t{1} << t.fraction);
    const std::size_t width = elements(t.input);
    std::vector<std::vector<Word>> out;
    for (std::size_t r = 0; r < x.shape[0]; ++r) {
      auto& row = out.emplace_back();
      for (std::size_t i = 0; i < width; ++i) {
        const double v = x.values[r * width + i];
        const bool within = v >= static_cast<double>(t.low) / scale && v <= static_cast<double>(t.high) / scale;
        require(within,
                "example {}: its number {} at the protected layers of '{}' is {:.6g}, and these take numbers from "
                "{:.6g} to {:.6g}: scale the example as the model was trained, or ask the vendor for a wider "
                "range",
                r + 1, i + 1, header.model_name, v, static_cast<double>(t.low) / scale,
                static_cast<double>(t.high) / scale);
        row.push_back(encode_fixed(v, t.fraction));
      }
    }
    return out;
  }

  Header header;
  Workers workers;
  Identity access;
  Bytes part;
  std::optional<LocalLayers> before, after;
  Shape example;
};

SplitRuntime::SplitRuntime(OpenedModel model, const DeviceKeys& keys, unsigned threads)
    : state_(std::make_unique<State>(
          model.header(), text_of_model(model, [&] { return model.text(RuntimeKey()); }), keys, threads)) {}

SplitRuntime::~SplitRuntime() = default;

const Header& SplitRuntime::header() const { return state_->header; }
const Shape& SplitRuntime::example() const { return state_->example; }
ByteView SplitRuntime::part() const { return state_->part; }
const Identity& SplitRuntime::access() const { return state_->access; }

PublicTensor SplitRuntime::run(const PublicTensor& examples, const AskSegment& ask) {
  State& s = *state_;
  require(!examples.shape.empty() && examples.shape[0] > 0 && example_of(examples.shape) == s.example,
          "the examples have shape {}, and the model takes rows of {}", to_string(examples.shape),
          to_string(s.example));
  const std::size_t rows = examples.shape[0];
  require(examples.values.size() == elements(examples.shape),
          "the examples have {} numbers where their shape needs {}", examples.values.size(),
          elements(examples.shape));
  const std::vector<std::vector<double>> answers =
      ask(s.encoded(s.before ? s.before->run(examples) : examples));
  ensure(answers.size() == rows, "an answer an example");
  PublicTensor out{with_rows(rows, terms().output), {}};
  for (const std::vector<double>& answer : answers) {
    ensure(answer.size() == elements(terms().output), "the numbers of an answer");
    out.values.insert(out.values.end(), answer.begin(), answer.end());
  }
  return s.after ? s.after->run(out) : out;
}

}  // namespace tacit::sealed
