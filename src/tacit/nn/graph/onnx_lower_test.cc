// Operators as every operator set writes them: one form in the graph, one result.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;

class OnnxLower : public ::testing::Test {
 protected:
  /// y = op(x, inputs...), with attributes by `edit`.
  template <class Edit>
  Graph graph(int opset, const std::string& op, Integers x, std::vector<::onnx::TensorProto> inputs,
              Edit&& edit) {
    Model m(opset);
    m.input("x", x).output("y");
    std::vector<std::string> names{"x"};
    for (auto& t : inputs) {
      names.push_back(t.name());
      if (!t.name().empty()) m.hold(std::move(t));
    }
    edit(m.node(op, names, {"y"}));
    Graph g = m.import(folder_);
    // Whatever the file's form, writing and reading the graph changes nothing.
    std::vector<PublicTensor> numbers;
    for (ValueId id : g.parameters()) numbers.push_back(g.values[id].initial);
    const std::string file = export_onnx(g, numbers, {"m", {}});
    const Graph back = import_onnx(folder_.write("back.onnx", file));
    EXPECT_EQ(export_onnx(back, numbers, {"m", {}}), file);
    EXPECT_EQ(back.nodes.size(), g.nodes.size());
    for (std::size_t n = 0; n < g.nodes.size(); ++n)
      EXPECT_EQ(back.nodes.at(n).attrs.all(), g.nodes[n].attrs.all());
    return g;
  }
  Numbers result(const Graph& g, const PublicTensor& x) { return run(g, {x})[0].values; }
  static void none(::onnx::NodeProto&) {}
  ScratchFolder folder_;
};

TEST_F(OnnxLower, ClipTakesItsBoundsFromAttributesOrInputs) {
  const PublicTensor x{{1, 4}, {-3, -0.5, 0.5, 3}};
  const Graph old =
      graph(10, "Clip", {0, 4}, {}, [](auto& n) { set_real(n, "min", -1), set_real(n, "max", 2); });
  const Graph now = graph(13, "Clip", {0, 4}, {floats("lo", {}, {-1}), floats("hi", {}, {2})}, none);
  EXPECT_EQ(result(old, x), (Numbers{-1, -0.5, 0.5, 2}));
  EXPECT_EQ(old.nodes[0].attrs.all(), now.nodes[0].attrs.all());
  EXPECT_EQ(old.nodes[0].inputs.size(), 1u);
  // The largest float stands for no bound.
  const Graph open = graph(13, "Clip", {0, 4}, {floats("lo", {}, {0}), floats("hi", {}, {3.4e38})}, none);
  EXPECT_EQ(result(open, x), (Numbers{0, 0, 0.5, 3}));
  EXPECT_FALSE(open.nodes[0].attrs.has("max"));
  EXPECT_EQ(graph(13, "Clip", {0, 4}, {floats("", {}, {}), floats("hi", {}, {2})}, none)
                .nodes[0]
                .attrs.real("max", 0),
            2);
  EXPECT_TRUE(graph(9, "Clip", {0, 4}, {}, none).nodes.empty());
}

TEST_F(OnnxLower, AxesMoveFromAttributesToInputs) {
  const auto axes = [](Integers v) { return [v](::onnx::NodeProto& n) { set(n, "axes", v); }; };
  for (const std::string op : {"ReduceSum", "ReduceMean", "ReduceMax"}) {
    const int since = op == "ReduceSum" ? 13 : 18;
    const Graph old = graph(since - 1, op, {0, 2, 3}, {}, axes({2}));
    const Graph now = graph(since, op, {0, 2, 3}, {integers("a", {1}, {2})}, none);
    EXPECT_EQ(old.nodes[0].attrs.all(), now.nodes[0].attrs.all()) << op;
    EXPECT_EQ(now.values[now.outputs[0]].shape, (Shape{1, 2, 1})) << op;
  }
  for (const std::string op : {"Squeeze", "Unsqueeze"}) {
    const Graph old = graph(12, op, {0, 1, 3}, {}, axes({1}));
    const Graph now = graph(13, op, {0, 1, 3}, {integers("a", {1}, {1})}, none);
    EXPECT_EQ(old.nodes[0].attrs.all(), now.nodes[0].attrs.all()) << op;
    EXPECT_EQ(now.values[now.outputs[0]].shape, op == "Squeeze" ? (Shape{1, 3}) : (Shape{1, 1, 1, 3}));
  }
}

TEST_F(OnnxLower, SliceAndPad) {
  const PublicTensor x{{1, 4}, {1, 2, 3, 4}};
  const Graph old = graph(9, "Slice", {0, 4}, {}, [](auto& n) {
    set(n, "starts", Integers{1}), set(n, "ends", Integers{INT64_MAX}), set(n, "axes", Integers{1});
  });
  const Graph now = graph(13, "Slice", {0, 4},
                          {integers("s", {1}, {1}), integers("e", {1}, {INT64_MAX}), integers("a", {1}, {1}),
                           integers("t", {1}, {2})},
                          none);
  EXPECT_EQ(result(old, x), (Numbers{2, 3, 4}));
  EXPECT_EQ(result(now, x), (Numbers{2, 4}));
  const Graph pad_old = graph(10, "Pad", {0, 4}, {}, [](auto& n) {
    set(n, "pads", Integers{0, 1, 0, 2}), set_real(n, "value", 7);
  });
  const Graph pad = graph(13, "Pad", {0, 4}, {integers("p", {4}, {0, 1, 0, 2}), floats("v", {}, {7})}, none);
  const Graph pad_axes = graph(
      18, "Pad", {0, 4}, {integers("p", {2}, {1, 2}), floats("v", {}, {7}), integers("a", {1}, {-1})}, none);
  for (const Graph* g : {&pad_old, &pad, &pad_axes}) {
    EXPECT_EQ(result(*g, x), (Numbers{7, 1, 2, 3, 4, 7, 7}));
    EXPECT_EQ(g->nodes[0].attrs.integers("pads"), (Integers{0, 1, 0, 2}));
  }
}

TEST_F(OnnxLower, SoftmaxOnceWentOverAllAxesFromOneOn) {
  const PublicTensor x = wave({3, 2, 4});
  const auto axis = [](std::int64_t a) { return [a](::onnx::NodeProto& n) { set(n, "axis", a); }; };
  const auto sums = [](const Numbers& y, std::size_t run) {
    double worst = 0;
    for (std::size_t i = 0; i < y.size(); i += run)
      worst = std::max(worst, std::fabs(std::accumulate(y.begin() + i, y.begin() + i + run, -1.0)));
    return worst;
  };
  const Graph all = graph(11, "Softmax", {0, 2, 4}, {}, none),
              last = graph(11, "Softmax", {0, 2, 4}, {}, axis(2));
  EXPECT_LT(sums(result(all, x), 8), 1e-6);
  EXPECT_GT(sums(result(all, x), 4), 0.1);
  EXPECT_EQ(run(all, {x})[0].shape, (Shape{3, 2, 4}));
  EXPECT_EQ(last.nodes.size(), 1u);
  EXPECT_LT(sums(result(last, x), 4), 1e-6);
  EXPECT_LT(sums(result(graph(13, "Softmax", {0, 2, 4}, {}, none), x), 4), 1e-6);
  EXPECT_EQ(graph(12, "LogSoftmax", {0, 8, 1, 1}, {}, none).nodes.size(), 1u) << "one axis of more than one";
}

TEST_F(OnnxLower, PartsOfASplitAreSlices) {
  const auto parts = [&](int opset, std::vector<std::string> out, auto edit,
                         std::vector<::onnx::TensorProto> held = {}) {
    Model m(opset);
    m.input("x", {0, 5});
    std::vector<std::string> in{"x"};
    for (auto& t : held) in.push_back(t.name()), m.hold(t);
    for (const auto& o : out) m.output(o);
    auto& n = m.node("Split", in, out);
    set(n, "axis", std::int64_t{-1});
    edit(n);
    std::vector<Numbers> got;
    for (const auto& t : run(m.import(folder_), {{{1, 5}, {1, 2, 3, 4, 5}}})) got.push_back(t.values);
    return got;
  };
  const std::vector<Numbers> uneven{{1, 2}, {3, 4, 5}}, three{{1, 2}, {3, 4}, {5}};
  EXPECT_EQ(parts(11, {"a", "b"}, [](auto& n) { set(n, "split", Integers{2, 3}); }), uneven);
  EXPECT_EQ(parts(13, {"a", "b"}, none, {integers("s", {2}, {2, 3})}), uneven);
  EXPECT_EQ(parts(18, {"a", "b", "c"}, [](auto& n) { set(n, "num_outputs", std::int64_t{3}); }), three);
  EXPECT_EQ(usage_error(folder_,
                        [&] {
                          parts(13, {"a", "b"}, none, {integers("s", {2}, {2, 2})});
                        }),
            "'node_a' (Split) has parts that do not make up 1x5");
}

Model normalised(bool bias, const std::string& op) {
  Model m(13);
  const bool conv = op == "Conv";
  m.input("x", conv ? Integers{0, 2, 3, 3} : Integers{0, 4}).output("y");
  m.hold(floats("w", conv ? Integers{3, 2, 2, 2} : Integers{4, 3}, wave({conv ? 24u : 12u}).values));
  if (bias) m.hold(floats("b", {3}, {0.5, -1, 2}));
  m.hold(floats("scale", {3}, {1, 2, 0.5})).hold(floats("shift", {3}, {0, 1, -1}));
  m.hold(floats("mean", {3}, {0.1, 0.2, 0.3})).hold(floats("var", {3}, {1, 0.5, 2}));
  m.node(op, bias ? std::vector<std::string>{"x", "w", "b"} : std::vector<std::string>{"x", "w"}, {"c"});
  set_real(m.node("BatchNormalization", {"c", "scale", "shift", "mean", "var"}, {"n"}), "epsilon", 1e-3);
  m.node("Relu", {"n"}, {"y"});
  return m;
}

TEST_F(OnnxLower, BatchNormalisationGoesIntoTheWeightsIfAsked) {
  for (const std::string op : {"Conv", "Gemm"})
    for (const bool bias : {false, true}) {
      const Model m = normalised(bias, op);
      const Graph kept = m.import(folder_), folded = m.import(folder_, {.fold_batch_norm = true});
      EXPECT_EQ(kept.nodes.size(), 3u);
      EXPECT_EQ(folded.nodes.size(), 2u);
      EXPECT_EQ(kept.parameters().size(), bias ? 6u : 5u);
      EXPECT_EQ(kept.trained().size(), bias ? 4u : 3u) << "mean and variance are no weights";
      EXPECT_EQ(folded.parameters().size(), 2u);
      const PublicTensor x = wave(op == "Conv" ? Shape{2, 2, 3, 3} : Shape{2, 4}, 2);
      const Numbers want = result(kept, x), got = result(folded, x);
      ASSERT_EQ(got.size(), want.size());
      for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-4) << op << bias;
    }
  Model shared = normalised(true, "Conv");
  shared.output("c");
  EXPECT_EQ(shared.import(folder_, {.fold_batch_norm = true}).nodes.size(), 3u)
      << "the convolution's result is read elsewhere";
}

TEST_F(OnnxLower, DropoutStaysInFilesMadeForTraining) {
  const auto dropout = [&](bool training, std::vector<std::string> in) {
    Model m(13);
    m.input("x", {0, 4}).output("y").hold(floats("share", {}, {0.25}));
    set(m.node("Constant", {}, {"mode"}), "value", integers("", {}, {training}));
    m.node("Dropout", in, {"d"});
    m.node("Relu", {"d"}, {"y"});
    return m.import(folder_);
  };
  EXPECT_EQ(dropout(false, {"x", "share", "mode"}).nodes.size(), 1u);
  EXPECT_EQ(dropout(true, {"x", "share", "mode"}).nodes.at(0).attrs.real("ratio", 0), 0.25);
  EXPECT_EQ(dropout(true, {"x", "", "mode"}).nodes.at(0).attrs.real("ratio", 0), 0.5);
}

TEST_F(OnnxLower, TruthValuesAreCastInFiles) {
  Model m(17);
  m.input("x", {0, 3}).output("y").hold(floats("t", {}, {0.5})).hold(floats("w", {3, 1}, {1, 2, 4}));
  m.node("Greater", {"x", "t"}, {"big"});
  m.node("Not", {"big"}, {"small"});
  m.node("Where", {"small", "t", "x"}, {"chosen"});
  set(m.node("Cast", {"big"}, {"ones"}), "to", std::int64_t{::onnx::TensorProto::FLOAT});
  m.node("Add", {"ones", "chosen"}, {"sum"});
  m.node("MatMul", {"sum", "w"}, {"y"});
  const Graph g = m.import(folder_);
  EXPECT_EQ(g.nodes.size(), 5u);
  const PublicTensor x{{1, 3}, {0, 1, 2}};
  EXPECT_EQ(result(g, x), (Numbers{0.5 + 4 + 12}));
  ::onnx::ModelProto file;
  ASSERT_TRUE(file.ParseFromString(export_onnx(g, {g.values[g.parameters()[0]].initial}, {})));
  const auto& nodes = file.graph().node();
  EXPECT_EQ(std::count_if(nodes.begin(), nodes.end(), [](const auto& n) { return n.op_type() == "Cast"; }),
            1);
  const Graph back = import_onnx(folder_.write("b.onnx", file.SerializeAsString()));
  EXPECT_EQ(result(back, x), result(g, x));
}

TEST_F(OnnxLower, GatherTakesKnownIndicesOfAnyShape) {
  const PublicTensor x{{2, 3}, {1, 2, 3, 4, 5, 6}};
  const auto axis = [](::onnx::NodeProto& n) { set(n, "axis", std::int64_t{1}); };
  const Graph one = graph(13, "Gather", {0, 3}, {integers("i", {}, {-1})}, axis);
  EXPECT_EQ(run(one, {x})[0].shape, Shape{2});
  EXPECT_EQ(result(one, x), (Numbers{3, 6}));
  const Graph four = graph(13, "Gather", {0, 3}, {integers("i", {2, 2}, {0, 1, 2, 0})}, axis);
  EXPECT_EQ(run(four, {x})[0].shape, (Shape{2, 2, 2}));
  EXPECT_EQ(result(four, x), (Numbers{1, 2, 3, 1, 4, 5, 6, 4}));
}

}  // namespace
}  // namespace tacit::nn
