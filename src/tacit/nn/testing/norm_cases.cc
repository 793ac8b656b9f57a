// Rows for operators that do something else in training, and uses that have to be refused.
#include <cmath>

#include "tacit/nn/testing/op_case.h"

namespace tacit::nn::testing {

namespace {

using Integers = std::vector<std::int64_t>;

struct Statistics {
  std::vector<double> mean, variance;
};
Statistics statistics_of(const PublicTensor& x) {
  const std::size_t channels = x.shape[1], inner = elements(x.shape) / x.shape[0] / channels;
  const double n = static_cast<double>(x.shape[0] * inner);
  Statistics s{std::vector<double>(channels), std::vector<double>(channels)};
  for (std::size_t i = 0; i < x.values.size(); ++i) s.mean[i / inner % channels] += x.values[i] / n;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double d = x.values[i] - s.mean[i / inner % channels];
    s.variance[i / inner % channels] += d * d / n;
  }
  return s;
}

Reference normalised(bool by_batch, double epsilon) {
  return [=](const Tensors& in) {
    const Statistics s = by_batch ? statistics_of(in[0]) : Statistics{in[3].values, in[4].values};
    const std::size_t channels = in[0].shape[1], inner = elements(in[0].shape) / in[0].shape[0] / channels;
    PublicTensor out = in[0];
    for (std::size_t i = 0; i < out.values.size(); ++i) {
      const std::size_t c = i / inner % channels;
      out.values[i] = (out.values[i] - s.mean[c]) / std::sqrt(s.variance[c] + epsilon) * in[1].values[c] +
                      in[2].values[c];
    }
    return out;
  };
}

OpCase batch_norm(const std::string& what, const Shape& x, Attrs attrs, bool by_batch, double epsilon) {
  const Shape c{x[1]};
  return {&kBatchNormalization,
          what,
          {{uniform(x, -3, 3, 600)},
           {uniform(c, 0.5, 1.5, 601)},
           {uniform(c, -1, 1, 602)},
           {uniform(c, -1, 1, 603)},
           {uniform(c, 0.5, 4, 604)}},
          std::move(attrs),
          normalised(false, epsilon),
          {16, std::ldexp(1, -11)},
          {100, std::ldexp(1, -9)},
          normalised(by_batch, epsilon)};
}

/// Each run of `group` elements by its own statistics.
Reference normalised_by_itself(std::size_t group, double epsilon) {
  return [=](const Tensors& in) {
    PublicTensor out = in[0];
    const auto* x = in[0].values.data();
    for (std::size_t begin = 0; begin < out.values.size(); begin += group) {
      const Statistics s = statistics_of({{group, 1}, std::vector<double>(x + begin, x + begin + group)});
      for (std::size_t i = 0; i < group; ++i)
        out.values[begin + i] =
            (x[begin + i] - s.mean[0]) / std::sqrt(s.variance[0] + epsilon) * in[1].values[i] +
            (in.size() > 2 ? in[2].values[i] : 0);
    }
    return out;
  };
}

void add_layer_norms(std::vector<OpCase>& rows) {
  const PublicTensor x = uniform({4, 3, 6}, -3, 3, 606);
  const Bound forward = {16, std::ldexp(1, -11)}, gradient = {100, std::ldexp(1, -9)};
  rows.push_back({&kLayerNormalization,
                  "the last axis",
                  {{x}, {uniform({6}, 0.5, 1.5, 607)}, {uniform({6}, -1, 1, 608)}},
                  {},
                  normalised_by_itself(6, std::ldexp(1, -16)),
                  forward,
                  gradient});
  rows.push_back({&kLayerNormalization,
                  "two axes, without bias",
                  {{x}, {uniform({3, 6}, 0.5, 1.5, 609)}},
                  {{"axis", std::int64_t{1}}, {"epsilon", 0.125}},
                  normalised_by_itself(18, 0.125),
                  forward,
                  gradient});
}

}  // namespace

std::vector<OpCase> norm_cases() {
  std::vector<OpCase> rows;
  const double least = std::ldexp(1, -16);  // what an epsilon of 1e-5 is rounded up to
  rows.push_back(batch_norm("images", {3, 2, 4, 3}, {}, true, least));
  rows.push_back(batch_norm("rows", {16, 5}, {{"epsilon", 0.01}, {"momentum", 0.5}}, true, 0.01));
  rows.push_back(batch_norm("fixed statistics", {4, 3, 2, 2},
                            {{"training_mode", std::int64_t{0}}, {"epsilon", 0.25}}, false, 0.25));
  add_layer_norms(rows);
  const PublicTensor x = edges({4, 6}, 605);
  const Reference same = [](const Tensors& in) { return in[0]; };
  rows.push_back({&kDropout, "no ratio", {{x}}, {}, same});
  rows.push_back(
      {&kDropout, "switched off", {{x}}, {{"ratio", 0.5}, {"training_mode", std::int64_t{0}}}, same});
  return rows;
}

std::vector<BadUse> bad_uses() {
  const std::int64_t one = 1;
  return {
      {&kAdd, {{2, 3}, {4}}, {}, "do not broadcast"},
      {&kArgMax, {{2, 3}}, {{"axis", std::int64_t{2}}}, "no axis 2"},
      {&kAveragePool, {{1, 1, 3, 3}}, {}, "kernel_shape"},
      {&kBatchNormalization, {{2, 3}, {3}, {3}, {2}, {3}}, {}, "needs vectors of 3"},
      {&kBatchNormalization, {{3}, {3}, {3}, {3}, {3}}, {}, "at least 2 axes"},
      {&kClip, {{3}}, {{"min", 2.0}, {"max", 1.0}}, "leaves nothing"},
      {&kConcat, {{2, 3}, {3, 2}}, {{"axis", one}}, "side by side"},
      {&kConcat, {{2, 3}}, {}, "'axis' is missing"},
      {&kConv, {{1, 2, 3}, {1, 2, 3, 3}}, {}, "4 axes"},
      {&kDropout, {{3}}, {{"ratio", 1.0}}, "[0, 1)"},
      {&kExpand, {{2, 3}}, {{"shape", Integers{4}}}, "do not broadcast"},
      {&kFlatten, {{2, 3}}, {{"axis", std::int64_t{3}}}, "no axis 3"},
      {&kGather, {{2, 3}, {2}}, {{"axis", std::int64_t{-3}}}, "no axis -3"},
      {&kGather, {{2, 3}}, {}, "are missing"},
      {&kGather, {{2, 3}}, {{"indices", Integers{0, 1}}, {"indices_shape", Integers{3}}}, "do not fill"},
      {&kGelu, {{3}}, {{"approximate", std::string("sigmoid")}}, "'none' or 'tanh'"},
      {&kGlobalAveragePool, {{2, 3}}, {}, "4 axes"},
      {&kGlobalMaxPool, {{2, 3}}, {}, "4 axes"},
      {&kElu, {{3}}, {{"alpha", -1.0}}, "must be positive"},
      {&kLayerNormalization, {{2, 3}, {2}}, {}, "over 3 needs"},
      {&kMatMul, {{3}, {3, 2}}, {}, "needs matrices"},
      {&kMaxPool, {{1, 1, 3, 3}}, {{"kernel_shape", Integers{4, 4}}}, "does not fit"},
      {&kMaxPool,
       {{1, 1, 3, 3}},
       {{"kernel_shape", Integers{2, 2}}, {"pads", Integers{2, 0, 0, 0}}},
       "less than its window"},
      {&kMaxPool,
       {{1, 1, 3, 3}},
       {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{0, 1}}},
       "'strides' cannot hold 0"},
      {&kOneHot, {{3}}, {}, "'depth' is missing"},
      {&kOneHot, {{3}}, {{"depth", std::int64_t{0}}}, "0 places"},
      {&kPRelu, {{3}, {4, 3}}, {}, "do not broadcast"},
      {&kPad, {{3}}, {{"pads", Integers{1}}}, "takes 2 numbers"},
      {&kPad, {{3}}, {{"pads", Integers{-1, 0}}}, "use Slice"},
      {&kPad, {{3}}, {{"pads", Integers{1, 1}}, {"mode", std::string("reflect")}}, "use 'constant'"},
      {&kReduceSum, {{3}}, {{"axes", Integers{0, -1}}}, "named twice"},
      {&kReduceMax, {{3}}, {{"axes", Integers{1}}}, "no axis 1"},
      {&kReshape, {{2, 3}}, {{"shape", Integers{-1, -1}}}, "not two"},
      {&kReshape, {{2, 3}}, {{"shape", Integers{4}}}, "cannot take"},
      {&kSlice, {{3}}, {{"starts", Integers{2}}, {"ends", Integers{1}}}, "is empty"},
      {&kSlice,
       {{3}},
       {{"starts", Integers{0}}, {"ends", Integers{1}}, {"steps", Integers{0}}},
       "steps of 0"},
      {&kSlice, {{3}}, {{"starts", Integers{0}}, {"ends", Integers{1, 2}}}, "as many ends"},
      {&kSoftmax, {{3}}, {{"axis", one}}, "no axis 1"},
      {&kSqueeze, {{2, 3}}, {{"axes", Integers{0}}}, "not of length 1"},
      {&kTile, {{2, 3}}, {{"repeats", Integers{2}}}, "a repetition an axis"},
      {&kTranspose, {{2, 3}}, {{"perm", Integers{0, 0}}}, "twice"},
      {&kTranspose, {{2, 3}}, {{"perm", Integers{0}}}, "names 1 axes"},
      {&kUnsqueeze, {{3}}, {{"axes", Integers{0, 0}}}, "named twice"},
      {&kWhere, {{2}, {3}, {3}}, {}, "do not broadcast"},
  };
}

}  // namespace tacit::nn::testing
