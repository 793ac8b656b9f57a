// Graphs to networks. Each value of the graph is at first what is still to be done: linear maps of values
// that exist, and an activation. It becomes a value of its own, by a stage, when something needs it as one.
#include <algorithm>
#include <map>

#include "tacit/base/error.h"
#include "tacit/nn/ops/window.h"
#include "tacit/ring/codec.h"
#include "tacit/split/seco/network.h"

namespace tacit::seco {

namespace {

using nn::Node;
using nn::ValueId;

/// A value that is not made yet. With no activation and one plain term it is a value that exists.
struct Pending {
  std::string name;
  std::vector<Term> terms;
  std::optional<std::size_t> bias;
  unsigned bias_lift = 0;
  Shape sum;
  Activation activation;
  Shape out;

  bool is_linear() const { return activation == Activation{.truncate = activation.truncate}; }
  bool exists() const {
    return terms.size() == 1 && terms[0].kind == Term::Kind::Same && terms[0].lift == 0 && !bias &&
           activation == Activation{};
  }
};

class Walk {
 public:
  Walk(const nn::Graph& graph, const Numbers& numbers) : graph_(graph) {
    model_.network.numbers = numbers;
    for (const Node& n : graph.nodes)
      for (ValueId v : n.inputs)
        if (v != nn::kNoValue) ++uses_[v];
    for (ValueId v : graph.outputs) ++uses_[v];
  }

  Model run() {
    require(graph_.inputs.size() == 1 && graph_.outputs.size() == 1,
            "split inference takes a model of one input and one output, and this has {} and {}",
            graph_.inputs.size(), graph_.outputs.size());
    Network& net = model_.network;
    net.input = without_batch(graph_.values[graph_.inputs[0]].shape);
    pending_[graph_.inputs[0]] = existing(0, net.input);
    for (const Node& n : graph_.nodes) {
      try {
        node(n);
      } catch (const UsageError& e) { throw UsageError(fmt::format("the node '{}': {}", n.name, e.what())); }
    }
    const Pending& last = pending_.at(graph_.outputs[0]);
    require(!net.stages.empty() || !last.exists(), "the model computes nothing");
    if (!last.exists() || net.stages.empty() || last.terms[0].value != net.stages.size())
      make(graph_.outputs[0]);
    return std::move(model_);
  }

 private:
  static Shape without_batch(Shape s) {
    require(s.size() >= 2 && s[0] == 1, "an input of shape {} has no batch of one example", to_string(s));
    s.erase(s.begin());
    return s;
  }
  static Pending existing(std::size_t value, Shape shape) {
    return {.name = {},
            .terms = {Term{.kind = Term::Kind::Same, .value = value, .in = shape}},
            .bias = {},
            .sum = shape,
            .activation = {},
            .out = shape};
  }

  const PublicTensor* known(ValueId v) const {
    const auto& info = graph_.values[v];
    return info.kind == nn::ValueInfo::Kind::Input || info.kind == nn::ValueInfo::Kind::Result
               ? nullptr
               : &info.initial;
  }
  std::size_t add_weights(const Shape& shape, std::span<const double> values) {
    RingTensor t(shape, encode_fixed(values, model_.network.numbers.fraction));
    for (Word& w : t.words) w &= model_.network.numbers.mask();
    model_.network.weights.push_back(shape);
    model_.weights.push_back(std::move(t));
    return model_.weights.size() - 1;
  }

  /// Makes a stage of what is pending; the graph's value is then a value of the network.
  void make(ValueId v) {
    Pending& p = pending_.at(v);
    model_.network.stages.push_back({p.name, p.terms, p.bias, p.bias_lift, p.sum, p.activation, p.out});
    p = existing(model_.network.stages.size(), p.out);
  }
  struct Made {
    std::size_t value;
    Shape shape;
  };
  /// The network's value that the graph's is, which is made first if it must be.
  Made value(ValueId v) {
    if (!pending_.at(v).exists()) make(v);
    return {pending_.at(v).terms[0].value, pending_.at(v).out};
  }

  void node(const Node& n) {
    const std::string_view op = n.op->name;
    const unsigned f = model_.network.numbers.fraction;
    auto give = [&](Pending p) {
      if (p.name.empty()) p.name = n.name;
      pending_[n.output] = std::move(p);
    };
    if (op == "Conv") {
      const PublicTensor* w = known(n.inputs[1]);
      require(w != nullptr, "weights must be the model's, not computed");
      const auto [x, image] = value(n.inputs[0]);
      Pending p{.name = n.name, .terms = {}, .bias = {}, .sum = {}, .activation = {.truncate = f}, .out = {}};
      const Shape in = with_batch(image);
      const ConvGeometry g = nn::window(n.attrs, in, w->shape[2], w->shape[3]);
      require(g.dilation_h == 1 && g.dilation_w == 1, "dilated convolutions cannot be split");
      p.terms.push_back({.kind = Term::Kind::Convolution,
                         .value = x,
                         .in = image,
                         .weights = add_weights(w->shape, w->values),
                         .geometry = g});
      p.sum = p.out = without_batch(Bilinear::convolution(g).output_shape(in, w->shape));
      if (n.inputs.size() > 2 && n.inputs[2] != nn::kNoValue) set_bias(p, n.inputs[2], 1);
      give(std::move(p));
    } else if (op == "Gemm" || op == "MatMul") {
      give(matrix(n));
    } else if (op == "Relu") {
      give(rectified(n.inputs[0], std::nullopt));
    } else if (op == "Clip") {
      const double low = n.attrs.real("min", -1), high = n.attrs.real("max", 0);
      require(low == 0 && high > 0, "Clip is split from 0 to something above, as ReLU6 is");
      give(rectified(n.inputs[0], encode_fixed(high, f)));
    } else if (op == "MaxPool") {
      give(largest(n));
    } else if (op == "AveragePool" || op == "GlobalAveragePool") {
      give(average(n));
    } else if (op == "Add" || op == "Sum") {
      give(sum(n));
    } else if (op == "Flatten" || op == "Reshape" || op == "Squeeze" || op == "Unsqueeze" ||
               op == "Identity" || op == "Dropout") {
      give(reshaped(n));
    } else if (op == "ArgMax") {
      give(place(n));
    } else if ((op == "Softmax" || op == "LogSoftmax") && n.output == graph_.outputs[0]) {
      // Whoever has the scores can do this alone.
      give(reshaped(n));
    } else {
      throw UsageError(fmt::format(
          "{} cannot be split; what can: Conv, Gemm, MatMul, Add, Relu, Clip from 0, MaxPool, AveragePool, "
          "GlobalAveragePool, BatchNormalization after a Conv or Gemm, Flatten, Reshape, and ArgMax or "
          "Softmax at the end",
          op));
    }
  }

  void set_bias(Pending& p, ValueId v, double factor) {
    const PublicTensor* b = known(v);
    require(b != nullptr, "a bias must be the model's, not computed");
    std::vector<double> each = b->values;
    for (double& x : each) x *= factor;
    const std::size_t channels = p.sum[0];
    require(each.size() == channels || each.size() == 1, "a bias of {} numbers for {} channels", each.size(),
            channels);
    each.resize(channels, each[0]);
    p.bias = add_weights({channels}, each);
    p.bias_lift = p.activation.truncate;
  }

  Pending matrix(const Node& n) {
    const PublicTensor* w = known(n.inputs[1]);
    require(w != nullptr && w->shape.size() == 2, "weights must be a matrix of the model's");
    require(
        n.attrs.integer("transA", 0) == 0 && n.attrs.real("alpha", 1) == 1 && n.attrs.real("beta", 1) == 1,
        "a Gemm must have alpha = beta = 1 and a first factor that is not transposed");
    const auto [x, shape] = value(n.inputs[0]);
    const bool transposed = n.attrs.integer("transB", 0) != 0;
    const std::size_t inner = w->shape[transposed ? 1 : 0], outputs = w->shape[transposed ? 0 : 1];
    require(elements(shape) == inner, "{} numbers meet weights for {}", elements(shape), inner);
    std::vector<double> rows(inner * outputs);  // an output a row
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t i = 0; i < inner; ++i)
        rows[o * inner + i] = w->values[transposed ? o * inner + i : i * outputs + o];
    Pending p{.name = n.name,
              .terms = {Term{.kind = Term::Kind::Matrix,
                             .value = x,
                             .in = {inner},
                             .weights = add_weights({outputs, inner}, rows)}},
              .bias = {},
              .sum = {outputs},
              .activation = {.truncate = model_.network.numbers.fraction},
              .out = {outputs}};
    if (n.inputs.size() > 2 && n.inputs[2] != nn::kNoValue) set_bias(p, n.inputs[2], 1);
    return p;
  }

  /// What is pending at a value if only this node reads it; else the value is made, and stands for itself.
  Pending take(ValueId v) {
    if (uses_[v] > 1) value(v);
    return pending_.at(v);
  }

  Pending rectified(ValueId v, std::optional<Word> ceiling) {
    Pending p = take(v);
    // After a ceiling, or another rectifier with one, things are as they are only if done in order.
    if (p.activation.ceiling || p.activation.places > 0) {
      value(v);
      p = pending_.at(v);
    }
    p.activation.relu = true;
    p.activation.ceiling = ceiling;
    return p;
  }

  Pending largest(const Node& n) {
    Pending p = take(n.inputs[0]);
    if (p.activation.positions > 1 || p.activation.places > 0) {  // windows of windows
      value(n.inputs[0]);
      p = pending_.at(n.inputs[0]);
    }
    require(p.out.size() == 3, "a pool takes channels of two axes");
    // The places of each window in the sum, in which rectifying before or after is the same.
    const nn::Windows w(n.attrs, with_batch(p.out));
    const ConvGeometry& g = w.geometry();
    require(g.dilation_h == 1 && g.dilation_w == 1, "a dilated MaxPool cannot be split");
    p.activation.positions = w.positions();
    p.activation.windows.clear();
    const Shape& out = w.shape();
    for (std::size_t k = 0; k < w.positions(); ++k)
      for (std::size_t c = 0; c < out[1]; ++c)
        for (std::size_t y = 0; y < out[2]; ++y)
          for (std::size_t x = 0; x < out[3]; ++x) {
            // A place in the padding reads as the nearest one that is not, which lies in the same window.
            auto within = [](std::size_t at, std::size_t pad, std::size_t size) {
              return std::min(at < pad ? 0 : at - pad, size - 1);
            };
            const std::size_t row =
                within(y * g.stride_h + k / w.kernel_w() * g.dilation_h, g.pad_top, p.out[1]);
            const std::size_t column =
                within(x * g.stride_w + k % w.kernel_w() * g.dilation_w, g.pad_left, p.out[2]);
            p.activation.windows.push_back((c * p.out[1] + row) * p.out[2] + column);
          }
    p.out = {out[1], out[2], out[3]};
    return p;
  }

  Pending average(const Node& n) {
    const auto [x, image] = value(n.inputs[0]);
    const Shape in = with_batch(image);
    require(in.size() == 4, "a pool takes channels of two axes");
    nn::Attrs attrs = n.attrs;
    if (n.op->name == "GlobalAveragePool")
      attrs = {{"kernel_shape", std::vector<std::int64_t>{static_cast<std::int64_t>(in[2]),
                                                          static_cast<std::int64_t>(in[3])}}};
    const nn::Windows w(attrs, in);
    ConvGeometry g = w.geometry();
    require(g.pad_top + g.pad_left + g.pad_bottom + g.pad_right == 0 ||
                attrs.integer("count_include_pad", 0) != 0,
            "an AveragePool with padding must count it");
    require(attrs.integer("ceil_mode", 0) == 0, "an AveragePool must not round its size up");
    g.groups = in[1];
    const Shape out{in[1], w.shape()[2], w.shape()[3]};
    const unsigned f = model_.network.numbers.fraction;
    return {.name = n.name,
            .terms = {Term{.kind = Term::Kind::AveragePool,
                           .value = x,
                           .in = image,
                           .geometry = g,
                           .kernel = {in[1], 1, w.kernel_h(), w.kernel_w()},
                           .factor = encode_fixed(1 / static_cast<double>(w.positions()), f)}},
            .bias = {},
            .sum = out,
            .activation = {.truncate = f},
            .out = out};
  }

  Pending sum(const Node& n) {
    // Known numbers are a bias.
    for (std::size_t i = 0; i < n.inputs.size() && n.inputs.size() == 2; ++i)
      if (known(n.inputs[i]) != nullptr) return with_bias(n.inputs[1 - i], n.inputs[i]);
    // One sum that is still to be rounded can wait for the others, which must exist.
    std::optional<Pending> waiting;
    std::vector<Pending> others;
    for (const ValueId v : n.inputs) {
      Pending p = take(v);
      if (!waiting && p.is_linear() && p.activation.truncate > 0) {
        waiting = std::move(p);
      } else {
        value(v);
        others.push_back(pending_.at(v));
      }
    }
    const bool none = !waiting;
    Pending total = none ? others[0] : std::move(*waiting);
    for (std::size_t i = none ? 1 : 0; i < others.size(); ++i) {
      require(total.out == others[i].out, "shapes {} and {} are added", to_string(total.out),
              to_string(others[i].out));
      total.terms.push_back(others[i].terms[0]);
      total.terms.back().lift = total.activation.truncate;
    }
    total.name = n.name;
    return total;
  }
  Pending with_bias(ValueId v, ValueId numbers) {
    Pending p = take(v);
    if (!p.is_linear() || p.bias) {
      value(v);
      p = pending_.at(v);
    }
    set_bias(p, numbers, 1);
    return p;
  }

  Pending reshaped(const Node& n) {
    Pending p = take(n.inputs[0]);
    const Shape out = without_batch(graph_.values[n.output].shape);
    if (p.out == out) return p;
    // Conv's results keep their axes until something needs them otherwise.
    if (!p.exists()) {
      p.out = out;
      return p;
    }
    return existing(p.terms[0].value, out);
  }

  Pending place(const Node& n) {
    require(n.output == graph_.outputs[0], "ArgMax must be at the end");
    Pending p = take(n.inputs[0]);
    if (p.activation.relu || p.activation.positions > 1) {
      value(n.inputs[0]);
      p = pending_.at(n.inputs[0]);
    }
    require(p.out.size() == 1, "ArgMax must be over all scores of an example");
    p.activation.places = 1;
    p.out = {1};
    return p;
  }

  static Shape with_batch(Shape s) {
    s.insert(s.begin(), 1);
    return s;
  }

  const nn::Graph& graph_;
  Model model_;
  std::map<ValueId, Pending> pending_;
  std::map<ValueId, std::size_t> uses_;
};

}  // namespace

Model split_model(const nn::Graph& graph, const Numbers& numbers) {
  require(numbers.bits >= 16 && numbers.bits <= 48 && numbers.fraction >= 4 &&
              2 * numbers.fraction < numbers.bits,
          "{} bits with {} behind the point are no numbers for split inference", numbers.bits,
          numbers.fraction);
  return Walk(graph, numbers).run();
}

}  // namespace tacit::seco
