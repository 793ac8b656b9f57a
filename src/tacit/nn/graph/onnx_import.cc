#include "tacit/nn/graph/onnx_import.h"

#include <set>
#include <unordered_map>
#include <unordered_set>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_file.h"
#include "tacit/nn/graph/onnx_lower.h"
#include "tacit/nn/graph/onnx_node.h"
#include "tacit/nn/graph/onnx_passes.h"

namespace tacit::nn {

namespace {

using namespace onnx_io;

class Importer {
 public:
  Importer(const ::onnx::ModelProto& model, const std::filesystem::path& file, const ImportOptions& options)
      : model_(model),
        graph_(model.graph()),
        folder_(file.parent_path()),
        name_(name_of(file)),
        options_(options),
        builder_(budget(model.graph())) {
    origin_.opset = opset_of(model);
    origin_.batched = options.open_batch;
  }

  Graph run() {
    find_live();
    add_inputs();
    add_initializers();
    for (std::size_t n = 0; n < live_.size(); ++n)
      if (live_[n]) add_node(graph_.node(static_cast<int>(n)));
    if (!missing_results_.empty() || !builder_.missing().empty()) {
      auto counts = builder_.missing();
      counts.merge(missing_results_);
      throw UsageError(unsupported_operators(name_, counts));
    }
    set_outputs();
    std::vector<ValueId> parameters;
    for (const auto& t : graph_.initializer())
      if (const auto id = builder_.parameter(t.name())) parameters.push_back(*id);
    Graph out = pruned(builder_.graph(), parameters);
    if (!options_.fold_batch_norm) return out;
    fold_batch_norms(out);
    return pruned(out, out.parameters());
  }

 private:
  /// Folding may do a fixed amount of work, and some more for each number in the file.
  static std::uint64_t budget(const ::onnx::GraphProto& graph) {
    return (std::uint64_t{1} << 27) + 8 * graph.ByteSizeLong();
  }

  /// Nodes that outputs depend on, and how often each name is read.
  void find_live() {
    require(graph_.output_size() > 0, "{} has no output; export it again", name_);
    for (const auto& out : graph_.output()) {
      require(!out.name().empty(), "{} has an output without a name; export it again", name_);
      ++reads_[out.name()];
    }
    live_.resize(static_cast<std::size_t>(graph_.node_size()));
    for (std::size_t n = live_.size(); n-- > 0;) {
      const auto& node = graph_.node(static_cast<int>(n));
      for (const auto& out : node.output()) live_[n] = live_[n] || (!out.empty() && reads_.contains(out));
      if (!live_[n]) continue;
      for (const auto& in : node.input())
        if (!in.empty()) ++reads_[in];
    }
  }

  void define(const std::string& name, Operand x) {
    require(!name.empty() && named_.emplace(name, std::move(x)).second,
            "{} defines '{}' twice; export it again", name_, printable(name));
  }

  void add_inputs() {
    // Before IR version 4 initializers were inputs as well.
    std::unordered_set<std::string_view> given;
    for (const auto& t : graph_.initializer()) given.insert(t.name());
    std::vector<InputForm> inputs;
    for (const auto& input : graph_.input())
      if (!given.contains(input.name())) inputs.push_back(read_input(input));
    if (origin_.batched) origin_.batch = batch_of(inputs, name_);
    for (const InputForm& in : inputs) {
      Shape one, two;
      for (std::size_t i = 0; i < in.extents.size(); ++i) {
        const bool batch = i == 0 && origin_.batched;
        require(batch || in.extents[i] > 0,
                "the input '{}' leaves its axis {} open; export the model with a fixed size there",
                printable(in.name), i + 1);
        one.push_back(batch ? 1 : static_cast<std::size_t>(in.extents[i]));
        two.push_back(batch ? 2 : one.back());
      }
      require(elements(two) <= (std::size_t{1} << 32),
              "the input '{}' has examples of shape {}, which is too large", printable(in.name),
              to_string(one));
      define(in.name, builder_.input(in.name, in.element, one, two));
    }
  }

  void add_initializers() {
    std::set<std::string_view> seen;
    for (const auto& t : graph_.initializer()) {
      require(seen.insert(t.name()).second, "{} holds the weight '{}' twice; export it again", name_,
              printable(t.name()));
      const auto reads = reads_.find(t.name());
      if (reads == reads_.end()) continue;
      Operand x = known(t.name(), read_tensor(t, folder_));
      // A float with axes is a weight; one without is a number of the formula, but in files that tacit wrote.
      if (x.element == Element::Float && (!x.one->shape.empty() || model_.producer_name() == "tacit"))
        x.is = Operand::Is::Weight;
      x.sole_use = reads->second == 1;
      define(t.name(), std::move(x));
    }
  }

  Operand operand(const std::string& name, const std::string& reader) const {
    if (name.empty()) return {};
    const auto at = named_.find(name);
    require(at != named_.end(), "{} reads '{}', which nothing before it defines; export the model again",
            reader, printable(name));
    return at->second;
  }

  void add_node(const ::onnx::NodeProto& node) {
    Step step = read_node(node, origin_.opset, folder_);
    for (const auto& in : node.input()) step.in.push_back(operand(in, step.what()));
    const std::string op = step.op;
    const auto out = step.out;
    const auto results = lower(builder_, std::move(step), origin_);
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out[i].empty()) continue;
      Operand x;
      if (i < results.size() && results[i].present()) {
        x = results[i];
      } else if (reads_.contains(out[i])) {
        x.is = Operand::Is::Missing;
        if (results.empty() || results[0].is != Operand::Is::Missing)
          ++missing_results_[fmt::format("the result {} of {}", i + 1, op)];
      } else {
        continue;
      }
      // What stands for another name is read wherever either is.
      const auto reads = reads_.find(out[i]);
      x.sole_use = x.sole_use && reads != reads_.end() && reads->second == 1;
      define(out[i], std::move(x));
    }
  }

  void set_outputs() {
    Graph& graph = builder_.graph();
    for (const auto& out : graph_.output()) {
      const Operand x = operand(out.name(), fmt::format("the output '{}'", printable(out.name())));
      Step step;
      step.op = "output";
      step.name = printable(out.name());
      const ValueId id = builder_.value(x, step);
      graph.outputs.push_back(id);
      // A result keeps the name by which the model gives it out.
      if (graph.values[id].kind == ValueInfo::Kind::Result) graph.values[id].name = clean(out.name());
    }
  }

  const ::onnx::ModelProto& model_;
  const ::onnx::GraphProto& graph_;
  std::filesystem::path folder_;
  std::string name_;
  ImportOptions options_;
  Origin origin_;
  Builder builder_;
  std::vector<bool> live_;
  std::unordered_map<std::string, std::size_t> reads_;
  std::unordered_map<std::string, Operand> named_;
  std::map<std::string, std::size_t> missing_results_;
};

}  // namespace

Graph import_onnx(const std::filesystem::path& file, const ImportOptions& options) {
  const ::onnx::ModelProto model = read_model(file);
  return Importer(model, file, options).run();
}

}  // namespace tacit::nn
