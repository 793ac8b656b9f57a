#include "tacit/nn/graph/onnx_import.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_file.h"
#include "tacit/nn/graph/onnx_lower.h"
#include "tacit/nn/graph/onnx_node.h"
#include "tacit/nn/graph/onnx_passes.h"
#include "tacit/nn/graph/onnx_record.h"
#include "tacit/nn/graph/onnx_unsupported.h"

namespace tacit::nn {

namespace {

using namespace onnx_io;

class Importer {
 public:
  /// `folder`: none for a model that lies in no file.
  Importer(const ::onnx::ModelProto& model, const std::filesystem::path& file, DataFolder folder,
           const ImportOptions& options)
      : model_(model),
        graph_(model.graph()),
        file_(file),
        folder_(std::move(folder)),
        name_(name_of(file)),
        options_(options),
        builder_(budget(model.graph())) {
    origin_.opset = opset_of(model);
    origin_.batched = options.open_batch;
  }

  Graph run() {
    read();
    refuse();
    set_outputs();
    named_.clear();
    builder_.give_numbers();
    std::vector<ValueId> parameters;
    for (const auto& t : graph_.initializer())
      if (const auto id = builder_.parameter(t.name())) parameters.push_back(*id);
    Graph out = pruned(std::move(builder_.graph()), parameters);
    if (!options_.fold_batch_norm) return out;
    fold_batch_norms(out);
    const std::vector<ValueId> left = out.parameters();
    return pruned(std::move(out), left);
  }

  OnnxCheck check() {
    read();
    OnnxCheck out;
    out.ir_version = model_.ir_version();
    out.opset = origin_.opset;
    out.producer = printable(model_.producer_name() + " " + model_.producer_version());
    while (out.producer.ends_with(' ')) out.producer.pop_back();
    out.operators = lines_of(builder_.graph(), nodes_read_, problems_);
    const bool complete = out.supported();
    if (complete) {
      try {
        set_outputs();
      } catch (const UsageError& e) { out.problem = e.what(); }
    }
    describe(out);
    return out;
  }

 private:
  /// Folding may do a fixed amount of work, and some more for each number in the file.
  static std::uint64_t budget(const ::onnx::GraphProto& graph) {
    return (std::uint64_t{1} << 27) + 8 * graph.ByteSizeLong();
  }

  void read() {
    find_live();
    add_inputs();
    add_initializers();
    for (std::size_t n = 0; n < live_.size(); ++n)
      if (live_[n]) add_node(graph_.node(static_cast<int>(n)));
  }

  /// All that is not supported, in one sentence.
  void refuse() const {
    std::string text;
    auto counts = builder_.missing();
    for (const auto& [result, n] : missing_results_) counts[result] += n;
    if (!counts.empty()) text = unsupported_operators(name_, counts);
    constexpr std::size_t kMost = 8;
    for (std::size_t i = 0; i < problems_.size() && i < kMost; ++i)
      text += (text.empty() ? "" : "; ") + problems_[i].message;
    if (problems_.size() > kMost) text += fmt::format("; and {} more", problems_.size() - kMost);
    if (folder_ && (!counts.empty() || problems_.size() > 1))
      text += fmt::format(" ('tacit check {}' tells more)", printable(file_.filename().string()));
    require(text.empty(), "{}", text);
  }

  /// Nodes that outputs depend on, and how often each name is read.
  void find_live() {
    require(graph_.output_size() > 0, "{} has no output; export it again", name_);
    for (const auto& out : graph_.output()) {
      require(!out.name().empty(), "{} has an output without a name; export it again", name_);
      ++reads_[out.name()];
      others_.insert(out.name());
    }
    live_.resize(static_cast<std::size_t>(graph_.node_size()));
    for (std::size_t n = live_.size(); n-- > 0;) {
      const auto& node = graph_.node(static_cast<int>(n));
      for (const auto& out : node.output()) live_[n] = live_[n] || (!out.empty() && reads_.contains(out));
      if (!live_[n]) continue;
      const bool softmax = node.op_type() == "Softmax" || node.op_type() == "LogSoftmax";
      for (const auto& in : node.input()) {
        if (in.empty()) continue;
        ++reads_[in];
        (softmax ? to_softmax_ : others_).insert(in);
      }
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
      Operand x = initializer(t);
      x.sole_use = reads->second == 1;
      define(t.name(), std::move(x));
    }
  }

  Operand initializer(const ::onnx::TensorProto& t) const {
    // A float with axes is a weight; one without is a number of the formula, but in files that tacit wrote.
    const bool may_be_weight = t.dims_size() > 0 || model_.producer_name() == "tacit";
    if (options_.keep_floats && may_be_weight)
      if (auto floats = read_floats(t)) return weight(t.name(), Weight(std::move(*floats)));
    Tensor tensor = read_tensor(t, folder_);
    if (tensor.element != Element::Float || !may_be_weight) return known(t.name(), std::move(tensor));
    return weight(t.name(), Weight(std::move(tensor)));
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
    step.to_softmax = to_softmax_.contains(step.out[0]) && !others_.contains(step.out[0]);
    const std::string op = step.op;
    const auto out = step.out;
    ReadNode read{op, builder_.graph().nodes.size(), 0, false, false, false, std::nullopt};
    if (step.has(0) && step.in[0].is != Operand::Is::Missing) read.input = builder_.shape(step.in[0]);
    const std::size_t missing_before = missing(op);
    std::vector<Operand> results;
    try {
      results = lower(builder_, std::move(step), origin_);
      read.missing = missing(op) > missing_before;
      read.unreached = !read.missing && !results.empty() && results[0].is == Operand::Is::Missing;
    } catch (const UsageError& e) {
      // What follows is read all the same, so that all such nodes are told at once.
      Operand lost;
      lost.is = Operand::Is::Missing;
      results.assign(out.size(), lost);
      problems_.push_back({nodes_read_.size(), e.what()});
      constexpr std::size_t kEnough = 1000;
      if (problems_.size() == kEnough) refuse();
      read.refused = true;
    }
    read.end = builder_.graph().nodes.size();
    nodes_read_.push_back(std::move(read));
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out[i].empty()) continue;
      Operand x;
      if (i < results.size() && results[i].present()) {
        x = results[i];
      } else if (reads_.contains(out[i])) {
        x.is = Operand::Is::Missing;
        if (results.empty() || results[0].is != Operand::Is::Missing)
          refuse_result(fmt::format("the result {} of {}", i + 1, op));
      } else {
        continue;
      }
      // What stands for another name is read wherever either is.
      const auto reads = reads_.find(out[i]);
      x.sole_use = x.sole_use && reads != reads_.end() && reads->second == 1;
      define(out[i], std::move(x));
    }
  }

  std::size_t missing(const std::string& op) const {
    const auto at = builder_.missing().find(op);
    return at == builder_.missing().end() ? 0 : at->second;
  }
  /// A result of a node that tacit computes the first one of.
  void refuse_result(const std::string& what) {
    ++missing_results_[what];
    nodes_read_.push_back({what, 0, 0, true, false, false, std::nullopt});
  }

  void describe(OnnxCheck& check) const {
    const Graph& graph = builder_.graph();
    const auto line = [&](ValueId id, const std::string& name) {
      TensorLine out{printable(name), {}};
      const Shape& shape = graph.values[id].shape;
      for (std::size_t i = 0; i < shape.size(); ++i)
        out.extents.push_back(i == 0 && shape[i] == 1 ? -1 : static_cast<std::int64_t>(shape[i]));
      return out;
    };
    for (ValueId id : graph.inputs) check.inputs.push_back(line(id, graph.values[id].name));
    for (const auto& out : graph_.output()) {
      const auto at = named_.find(out.name());
      if (at != named_.end() && at->second.is == Operand::Is::Live)
        check.outputs.push_back(line(at->second.id, out.name()));
    }
    for (ValueId id : graph.parameters()) check.parameters += elements(graph.values[id].shape);
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
  std::filesystem::path file_;
  DataFolder folder_;
  std::string name_;
  ImportOptions options_;
  Origin origin_;
  Builder builder_;
  std::vector<bool> live_;
  std::unordered_map<std::string, std::size_t> reads_;
  std::unordered_map<std::string, Operand> named_;
  std::unordered_set<std::string> to_softmax_, others_;
  std::map<std::string, std::size_t> missing_results_;
  std::vector<ReadNode> nodes_read_;
  std::vector<Problem> problems_;
};

}  // namespace

OnnxCheck check_onnx(const std::filesystem::path& file) {
  const ::onnx::ModelProto model = read_model(file);
  return Importer(model, file, file.parent_path(), {}).check();
}

Graph import_onnx(const std::filesystem::path& file, const ImportOptions& options) {
  const ::onnx::ModelProto model = read_model(file);
  return Importer(model, file, file.parent_path(), options).run();
}

Graph import_onnx(ByteReader& from, std::uint64_t size, const std::string& name,
                  const ImportOptions& options) {
  const ::onnx::ModelProto model = read_model(from, size, name_of(name));
  return Importer(model, name, std::nullopt, options).run();
}

}  // namespace tacit::nn
