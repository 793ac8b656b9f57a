// LSTM, GRU and RNN against loops over ONNX's formulas: directions, states, biases, peepholes, layouts and
// activations; gradients against differences; on shares; and what is refused.
#include <gtest/gtest.h>

#include <functional>

#include "tacit/nn/graph/onnx_check.h"
#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/testing/engines.h"
#include "tacit/nn/testing/recurrent.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;
using namespace tacit::testing::recurrent;
using Type = ::onnx::TensorProto;

void expect_near(const PublicTensor& got, const PublicTensor& want, double bound, const std::string& where) {
  ASSERT_EQ(got.shape, want.shape) << where;
  for (std::size_t i = 0; i < want.values.size(); ++i)
    ASSERT_NEAR(got.values[i], want.values[i], bound) << where << " at " << i;
}

class OnnxRecurrent : public ::testing::Test {
 protected:
  /// All results of the layer, for a batch that is written down.
  void expect_right(const Net& n, const std::string& where) {
    const PublicTensor x = wave({n.steps, n.batch, n.features});
    Answer want = answer_of(n, x);
    PublicTensor given = x;
    if (n.batch_first) {
      given = {{n.batch, n.steps, n.features}, exchanged(x.values, n.steps, n.batch, n.features)};
      const std::size_t D = n.directions(), H = n.hidden;
      want.y = {{n.batch, n.steps, D, H}, {}};
      const Answer turned = answer_of(n, x);
      for (std::size_t e = 0; e < n.batch; ++e)
        for (std::size_t t = 0; t < n.steps; ++t)
          for (std::size_t i = 0; i < D * H; ++i)
            want.y.values.push_back(turned.y.values[((t * D + i / H) * n.batch + e) * H + i % H]);
      for (PublicTensor* last : {&want.h, &want.c})
        *last = {{n.batch, D, H}, exchanged(last->values, D, n.batch, H)};
    }
    const auto got = run(model_of(n).import(folder_, {.open_batch = false}), {given});
    ASSERT_EQ(got.size(), n.op == "LSTM" ? 3u : 2u) << where;
    expect_near(got[0], want.y, 1e-6, where + ", all steps");
    expect_near(got[1], want.h, 1e-6, where + ", the last");
    if (n.op == "LSTM") expect_near(got[2], want.c, 1e-6, where + ", the last cell");
  }
  std::string error(const Model& m, bool open = false) {
    return usage_error(folder_, [&] { m.import(folder_, {.open_batch = open}); });
  }
  ScratchFolder folder_;
};

TEST_F(OnnxRecurrent, EveryKindDirectionAndLayout) {
  std::uint64_t seed = 1;
  for (const char* op : {"RNN", "GRU", "LSTM"})
    for (const char* direction : {"forward", "reverse", "bidirectional"})
      for (const bool batch_first : {false, true})
        for (const bool whole : {false, true}) {
          Net n;
          n.op = op, n.direction = direction, n.batch_first = batch_first;
          n.steps = 1 + seed % 4, n.batch = 1 + seed % 3, n.features = 1 + seed % 5, n.hidden = 1 + seed % 4;
          expect_right(filled(n, seed++, whole, whole),
                       fmt::format("{} {} {} {}", op, direction, batch_first, whole));
        }
}

TEST_F(OnnxRecurrent, GruThatResetsAfterItsProduct) {
  Net n;
  n.op = "GRU", n.reset_after = true;
  for (const char* direction : {"forward", "bidirectional"}) {
    n.direction = direction;
    expect_right(filled(n, 50, true, true), direction);
    expect_right(filled(n, 51, true, false), direction);  // the bias is there in the first step, too
    expect_right(filled(n, 52, false, true), direction);
    expect_right(filled(n, 53, false, false), direction);
  }
}

TEST_F(OnnxRecurrent, LstmWithPeepholesAndWithCoupledGates) {
  Net n;
  n.direction = "bidirectional";
  expect_right(filled(n, 60, true, true, true), "peepholes");
  expect_right(filled(n, 61, true, false, true), "peepholes from zero");
  n.coupled = true;
  expect_right(filled(n, 62, true, true), "coupled");
  expect_right(filled(n, 63, false, false, true), "coupled, with peepholes");
}

TEST_F(OnnxRecurrent, ClippedBeforeActivations) {
  for (const char* op : {"RNN", "GRU", "LSTM"}) {
    Net n;
    n.op = op, n.clip = 0.25;
    expect_right(filled(n, 70, true, true), op);
  }
}

TEST_F(OnnxRecurrent, OtherActivations) {
  Net n;
  n.bends = {{"HardSigmoid", 0.25, 0.5}, {"Relu"}, {"Affine", 0.5, 0.125}};
  expect_right(filled(n, 80, true, true), "hard");
  n.bends = {{"Sigmoid"}, {"ScaledTanh", 0.5, 2}, {"LeakyRelu", 0.125}};
  expect_right(filled(n, 81, true, true), "scaled");
  // Directions of two kinds do not run side by side.
  n.direction = "bidirectional";
  n.bends = {{"HardSigmoid", 0.25, 0.5},
             {"ThresholdedRelu", 0.25},
             {"Tanh"},
             {"Sigmoid"},
             {"Affine", 2, 0},
             {"Tanh"}};
  expect_right(filled(n, 82, true, true, true), "two kinds");
  Net gru;
  gru.op = "GRU", gru.bends = {{"HardSigmoid", 0.25, 0.5}, {"Elu", 0.5}};
  expect_right(filled(gru, 83, true, true), "GRU");
  Net rnn;
  rnn.op = "RNN", rnn.bends = {{"Relu"}};
  expect_right(filled(rnn, 84, true, true), "RNN");
}

TEST_F(OnnxRecurrent, LengthsThatAreAllTheSame) {
  for (const char* direction : {"forward", "reverse", "bidirectional"}) {
    Net n;
    n.direction = direction, n.steps = 5, n.length = 3;
    expect_right(filled(n, 90, true, true), direction);
    n.length = 5;
    expect_right(filled(n, 91, true, false), direction);
  }
}

TEST_F(OnnxRecurrent, ResultsMayBeLeftOut) {
  const Net n = filled({}, 100, true, false);
  const PublicTensor x = wave({n.steps, n.batch, n.features});
  const Answer want = answer_of(n, x);
  const auto only = [&](const std::string& name) {
    return run(model_of(n, {name}).import(folder_, {.open_batch = false}), {x}).at(0);
  };
  expect_near(only("y"), want.y, 1e-6, "y");
  expect_near(only("y_h"), want.h, 1e-6, "y_h");
  expect_near(only("y_c"), want.c, 1e-6, "y_c");
}

/// Two layers whose first result is left out are two layers: their parts must not be taken for one another's.
TEST_F(OnnxRecurrent, LayersThatGiveTheirLastStateAlone) {
  Net n;
  n.op = "RNN", n.bends = {{"Affine", 0.5, 0.25}};
  n = filled(n, 101, false, false);
  Model m = model_of(n, {"y_h"});
  ::onnx::NodeProto second = m.graph().node(0);
  second.set_name("second"), second.set_output(1, "other");
  for (auto& a : *second.mutable_attribute())
    if (a.name() == "activation_alpha") a.set_floats(0, 0.75F);
  *m.graph().add_node() = second;
  m.output("other");
  const PublicTensor x = wave({n.steps, n.batch, n.features});
  const auto got = run(m.import(folder_, {.open_batch = false}), {x});
  expect_near(got[0], answer_of(n, x).h, 1e-6, "the first");
  n.bends[0].alpha = 0.75;
  expect_near(got[1], answer_of(n, x).h, 1e-6, "the second");
}

TEST_F(OnnxRecurrent, AnyBatchFromStatesOfZeros) {
  for (const char* op : {"GRU", "LSTM"}) {
    Net n;
    n.op = op, n.direction = "bidirectional";
    n = filled(n, 110, true, false);
    const Graph g = as_exported(n).import(folder_);
    EXPECT_EQ(g.parameters().size(), 3u);
    for (const std::size_t batch : {1u, 2u, 5u}) {
      n.batch = batch;
      const PublicTensor x = wave({n.steps, batch, n.features});
      const PublicTensor y =
          run(g, {{{batch, n.steps, n.features}, exchanged(x.values, n.steps, batch, n.features)}})[0];
      const Answer want = answer_of(n, x);
      ASSERT_EQ(y.shape, (Shape{batch, n.steps, 2, n.hidden}));
      for (std::size_t e = 0; e < batch; ++e)
        for (std::size_t i = 0; i < n.steps * 2; ++i)
          for (std::size_t k = 0; k < n.hidden; ++k)
            ASSERT_NEAR(y.values[(e * n.steps * 2 + i) * n.hidden + k],
                        want.y.values[(i * batch + e) * n.hidden + k], 1e-6)
                << op << " " << batch;
    }
  }
}

TEST_F(OnnxRecurrent, OneStateForEveryExample) {
  Net n;
  n.batch = 1;
  n = filled(n, 115, true, true);
  Model m = as_exported(n);
  ::onnx::NodeProto& layer = *m.graph().mutable_node(m.graph().node_size() - 2);
  layer.set_input(5, "h"), layer.set_input(6, "c");
  const Graph g = m.import(folder_);
  const PublicTensor x = wave({2, n.steps, n.features});
  const PublicTensor y = run(g, {x})[0];
  for (std::size_t e = 0; e < 2; ++e) {
    const auto half = static_cast<std::ptrdiff_t>(x.values.size() / 2),
               at = static_cast<std::ptrdiff_t>(e) * half;
    const Answer want = answer_of(
        n, {{n.steps, 1, n.features}, Numbers(x.values.begin() + at, x.values.begin() + at + half)});
    for (std::size_t i = 0; i < want.y.values.size(); ++i)
      ASSERT_NEAR(y.values[e * want.y.values.size() + i], want.y.values[i], 1e-6);
  }
}

TEST_F(OnnxRecurrent, CostsAreToldAndTheFileComesBack) {
  const Net n = filled({}, 120, true, false);
  const Model m = as_exported(n);
  const OnnxCheck told = check_onnx(folder_.write("m.onnx", m.bytes()));
  EXPECT_TRUE(told.supported());
  EXPECT_EQ(told.parameters, n.w.size() + n.r.size() + n.b.size());
  for (const OperatorLine& line : told.operators)
    if (line.name == "LSTM") { EXPECT_GT(line.costs->rounds, n.steps); }
  const Graph g = m.import(folder_);
  std::vector<PublicTensor> numbers;
  for (ValueId id : g.parameters()) numbers.push_back(g.values[id].initial);
  const Graph back = import_onnx(folder_.write("b.onnx", export_onnx(g, numbers, {"lstm", {}})));
  EXPECT_EQ(back.nodes.size(), g.nodes.size());
  const PublicTensor x = wave({3, n.steps, n.features});
  expect_near(run(back, {x})[0], run(g, {x})[0], 1e-9, "there and back");
}

TEST_F(OnnxRecurrent, GradientsAreThoseOfDifferences) {
  for (const char* op : {"GRU", "LSTM"}) {
    Net n;
    n.op = op, n.direction = "bidirectional", n.steps = 3, n.hidden = 2;
    const Graph graph = as_exported(filled(n, 130, true, false)).import(folder_);
    testing::on_doubles([&](Ctx& ctx) {
      const PublicTensor given = wave({2, n.steps, n.features});
      const Secret<Real> x = testing::share(ctx, given);
      const auto outputs = [&](const Graph& g, Tape* tape) {
        return forward(ctx, g, initial_parameters(ctx, g), {&x, 1}, tape)[0];
      };
      Tape tape;
      const PublicTensor up = wave(outputs(graph, &tape).shape());
      const Secret<Real> grad = fn::constant(ctx, up);
      const auto gradients = backward(ctx, graph, tape, {&grad, 1});
      const auto ids = graph.trained();
      ASSERT_EQ(gradients.size(), 3u);
      const auto objective = [&](ValueId id, std::size_t element, double by) {
        Graph moved = graph;
        moved.values[id].initial.values[element] += by;
        const PublicTensor y = testing::open(ctx, outputs(moved, nullptr));
        double sum = 0;
        for (std::size_t i = 0; i < up.values.size(); ++i) sum += up.values[i] * y.values[i];
        return sum;
      };
      constexpr double kStep = 1e-5;
      for (std::size_t p = 0; p < ids.size(); ++p) {
        const Numbers got = testing::open(ctx, gradients[p].real(ctx)).values;
        for (std::size_t e = 0; e < got.size(); e += 3) {
          const double slope = (objective(ids[p], e, kStep) - objective(ids[p], e, -kStep)) / (2 * kStep);
          EXPECT_NEAR(got[e], slope, 1e-4 * (1 + std::fabs(slope)))
              << op << " " << graph.values[ids[p]].name << " " << e;
        }
      }
    });
  }
}

TEST_F(OnnxRecurrent, OnSharesTheSameWithinFixedPoint) {
  for (const char* op : {"GRU", "LSTM"}) {
    Net n;
    n.op = op, n.steps = 3;
    const Graph g = as_exported(filled(n, 140, true, false)).import(folder_);
    const PublicTensor x = wave({2, n.steps, n.features});
    const PublicTensor want = run(g, {x})[0];
    testing::on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
      const Secret<Real> given = testing::share(ctx, x);
      const auto y = forward(ctx, g, initial_parameters(ctx, g), {&given, 1});
      const PublicTensor got = testing::open(ctx, y[0]);
      if (index(party.id()) == 0) expect_near(got, want, 0.002, fmt::format("{} ({})", op, profile.name));
    });
  }
}

TEST_F(OnnxRecurrent, WhatIsNotDoneSaysSo) {
  const Net n = filled({}, 150, true, false);
  const auto with = [&](const std::function<void(::onnx::NodeProto&, Model&)>& change) {
    Model m = model_of(n, {"y"});
    change(*m.graph().mutable_node(0), m);
    return error(m);
  };
  EXPECT_EQ(
      with([](auto& node, Model& m) {
        m.hold(integers("l", {3}, {4, 2, 3}));
        node.add_input("l");
      }),
      "'node_y' (LSTM) has sequences of several lengths, and tacit runs one for all; pad the sequences, "
      "and leave the lengths out");
  EXPECT_EQ(
      with([](auto& node, Model& m) {
        m.input("l", {3}, Type::INT64);
        node.add_input("l");
      }),
      "'node_y' (LSTM) takes its 'sequence_lens' from data, and how many steps run must be known before; "
      "pad the sequences, and leave the lengths out");
  EXPECT_EQ(
      with([](auto& node, Model&) {
        auto& a = *node.add_attribute();
        a.set_name("activations"), a.set_type(::onnx::AttributeProto::STRINGS);
        for (const char* name : {"Sigmoid", "Mish", "Tanh"}) a.add_strings(name);
      }),
      "'node_y' (LSTM) has the activation 'Mish', which ONNX does not have for it; use Sigmoid, Tanh, Relu "
      "or HardSigmoid");
  EXPECT_EQ(
      with([](auto& node, Model&) {
        auto& a = *node.add_attribute();
        a.set_name("activations"), a.set_type(::onnx::AttributeProto::STRINGS);
        for (const char* name : {"Sigmoid", "Affine", "Tanh"}) a.add_strings(name);
      }),
      "'node_y' (LSTM) has the activation 'Affine' without its numbers, for which programs take different "
      "ones; give them as 'activation_alpha' and 'activation_beta'");
  EXPECT_EQ(with([](auto& node, Model& m) {
              m.hold(floats("short", {1, 12}, Numbers(12, 1)));
              node.set_input(3, "short");
            }),
            "'node_y' (LSTM) has 'B' of shape 1x12, and needs 1x24");
  EXPECT_EQ(with([](auto& node, Model&) { node.mutable_attribute(1)->set_s("sideways"); }),
            "'node_y' (LSTM) runs in the direction 'sideways'; use forward, reverse or bidirectional");
  EXPECT_EQ(with([](auto& node, Model&) { set(node, "clip", std::int64_t{0}); }),
            "'node_y' (LSTM) clips at 0; use a number above 0");
}

TEST_F(OnnxRecurrent, StepsThatCountExamplesAreRefused) {
  const Net n = filled({}, 160, true, false);
  EXPECT_EQ(
      error(model_of(n, {"y"}), true),
      "'node_y' (LSTM) takes a step for each example of a batch; export the model with the batch as the "
      "first axis of its inputs");
}

TEST_F(OnnxRecurrent, AShortFileCannotAskForEndlessSteps) {
  Net n = filled({}, 170, true, false);
  n.steps = std::size_t{1} << 20;
  EXPECT_EQ(
      error(model_of(n, {"y"})),
      "'node_y' (LSTM) runs 1048576 steps, and the model then has more than 131072 operators; use shorter "
      "sequences");
}

}  // namespace
}  // namespace tacit::nn
