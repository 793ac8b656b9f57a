#include "tacit/sealed/split_runtime.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/ring/codec.h"
#include "tacit/runtime/rows.h"
#include "tacit/sealed/split_text.h"

namespace tacit::sealed {

namespace {

Shape example_of(const Shape& shape) { return {shape.begin() + (shape.empty() ? 0 : 1), shape.end()}; }

Shape with_rows(std::size_t rows, Shape example) {
  example.insert(example.begin(), rows);
  return example;
}

/// Layers that the device has, and what goes into them and comes out, of an example.
struct LocalLayers {
  LocalLayers(nn::Graph graph, unsigned threads)
      : input(example_of(graph.values[graph.inputs[0]].shape)),
        output(example_of(graph.values[graph.outputs[0]].shape)),
        rows(std::move(graph), "the model's own part", threads) {}

  Shape input, output;
  runtime::Rows rows;
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
  require(own != text.access.end(), "the segment of '{}' is not open to the device '{}'", model,
          keys.card.name);
  return *own;
}

}  // namespace

struct SplitRuntime::State {
  State(const Header& h, SplitText text, const DeviceKeys& keys, unsigned threads)
      : header(h),
        access(open_access(*h.split, own_access(text, keys, h.model_name), keys.key)),
        part(std::move(text.part)) {
    if (text.before) before.emplace(std::move(*text.before), threads);
    if (text.after) after.emplace(std::move(*text.after), threads);
    example = before ? before->input : h.split->input;
    require((!before || before->output == h.split->input) && (!after || after->input == h.split->output),
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
        const bool within =
            v >= static_cast<double>(t.low) / scale && v <= static_cast<double>(t.high) / scale;
        require(within,
                "example {}: its number {} at the protected layers of '{}' is {:.6g}, and these take numbers "
                "from "
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
      ask(s.encoded(s.before ? s.before->rows.run(examples) : examples));
  ensure(answers.size() == rows, "an answer an example");
  PublicTensor out{with_rows(rows, terms().output), {}};
  for (const std::vector<double>& answer : answers) {
    ensure(answer.size() == elements(terms().output), "the numbers of an answer");
    out.values.insert(out.values.end(), answer.begin(), answer.end());
  }
  return s.after ? s.after->rows.run(out) : out;
}

}  // namespace tacit::sealed
