// Convolutions of all kinds: small images, whose results are computed turned, and large ones, by every
// instruction set, with weights packed ahead and without.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tacit/base/error.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/runtime/model.h"

namespace tacit::runtime {
namespace {

using Integers = std::vector<std::int64_t>;

struct Kind {
  std::size_t group, in, out;  ///< groups, and channels of one
  std::size_t kernel[2], stride[2], dilation[2], pads[4];
  bool biased, clamped;
};

struct Window {
  std::size_t extent, stride, dilation, before, after, kernel;
  std::size_t places() const { return (extent + before + after - (kernel - 1) * dilation - 1) / stride + 1; }
};

/// Along rows and along columns, of an image of h x w.
std::array<Window, 2> windows_of(const Kind& k, std::size_t h, std::size_t w) {
  const std::size_t extents[] = {h, w};
  std::array<Window, 2> out;
  for (std::size_t a = 0; a < 2; ++a)
    out[a] = {extents[a], k.stride[a], k.dilation[a], k.pads[a], k.pads[a + 2], k.kernel[a]};
  return out;
}

/// By its definition.
std::vector<double> reference(const Kind& k, const FloatTensor& x, const FloatTensor& w,
                              const FloatTensor& b) {
  const auto [rows, columns] = windows_of(k, x.shape[2], x.shape[3]);
  std::vector<double> out;
  for (std::size_t n = 0; n < x.shape[0]; ++n)
    for (std::size_t c = 0; c < k.group * k.out; ++c)
      for (std::size_t i = 0; i < rows.places(); ++i)
        for (std::size_t j = 0; j < columns.places(); ++j) {
          double sum = k.biased ? static_cast<double>(b.values[c]) : 0;
          for (std::size_t d = 0; d < k.in; ++d)
            for (std::size_t y = 0; y < rows.kernel; ++y)
              for (std::size_t z = 0; z < columns.kernel; ++z) {
                const std::size_t h = i * rows.stride + y * rows.dilation - rows.before,
                                  v = j * columns.stride + z * columns.dilation - columns.before;
                if (h >= rows.extent || v >= columns.extent) continue;  // in the border, before 0 as well
                const std::size_t from = ((n * k.group + c / k.out) * k.in + d) * rows.extent + h;
                const std::size_t weight = ((c * k.in + d) * rows.kernel + y) * columns.kernel + z;
                sum += static_cast<double>(x.values[from * columns.extent + v]) *
                       static_cast<double>(w.values[weight]);
              }
          out.push_back(k.clamped ? std::max(sum, 0.0) : sum);
        }
  return out;
}

class Convolutions : public ::testing::TestWithParam<Isa> {
 protected:
  std::size_t upto(std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random_);
  }
  FloatTensor noise(const Shape& shape) {
    FloatTensor out{shape, std::vector<float>(elements(shape))};
    for (float& v : out.values) v = std::uniform_real_distribution<float>(-1, 1)(random_);
    return out;
  }
  Kind any() {
    Kind k{upto(1, 4) == 1 ? upto(2, 3) : 1,
           upto(1, 20),
           upto(1, 70),
           {},
           {},
           {},
           {},
           upto(0, 1) == 1,
           upto(0, 1) == 1};
    const bool point = upto(1, 4) == 1;
    for (std::size_t a = 0; a < 2; ++a) {
      k.kernel[a] = point ? 1 : upto(1, 4);
      k.stride[a] = upto(1, 2) == 1 ? 1 : upto(2, 3);
      k.dilation[a] = upto(1, 3) == 1 ? 2 : 1;
    }
    for (std::size_t& p : k.pads) p = point ? 0 : upto(0, 2);
    return k;
  }
  /// Of an image of h x w. `own`: the weights are the model's.
  nn::Graph graph(const Kind& k, std::size_t h, std::size_t w, bool own, const FloatTensor& weights,
                  const FloatTensor& bias) {
    nn::Graph g;
    std::vector<nn::ValueId> in{g.add_input("x", {1, k.group * k.in, h, w})};
    const auto add = [&](const char* name, const FloatTensor& t) {
      in.push_back(own ? g.add_parameter(name, {t.shape, {t.values.begin(), t.values.end()}})
                       : g.add_input(name, t.shape));
    };
    add("w", weights);
    if (k.biased) add("b", bias);
    const auto integers = [](const auto& from) { return Integers(std::begin(from), std::end(from)); };
    nn::ValueId y = g.add_node(nn::kConv, "conv", in,
                               {{"group", static_cast<std::int64_t>(k.group)},
                                {"strides", integers(k.stride)},
                                {"dilations", integers(k.dilation)},
                                {"pads", integers(k.pads)}});
    if (k.clamped) y = g.add_node(nn::kRelu, "relu", {y});
    g.outputs = {y};
    return g;
  }

  std::mt19937 random_{7};
  OrdinaryMemory memory_;
};

TEST_P(Convolutions, AreSumsOverWindows) {
  Workers one(1), three(3);
  for (int round = 0; round < 60; ++round) {
    const Kind k = any();
    const FloatTensor w = noise({k.group * k.out, k.in, k.kernel[0], k.kernel[1]}),
                      b = noise({k.group * k.out});
    for (const bool own : {false, true}) {
      const Model model(graph(k, 9, 9, own, w, b), memory_, round % 2 == 0 ? one : three, GetParam());
      // One model for images of several sizes: its weights stay packed as the first wanted them.
      for (int size = 0; size < 3; ++size) {
        const std::size_t least = 7, height = upto(least, 9), width = upto(least, size == 2 ? 40 : 12);
        const FloatTensor x = noise({upto(1, 4), k.group * k.in, height, width});
        std::vector<FloatTensor> in{x};
        if (!own) in.push_back(w);
        if (!own && k.biased) in.push_back(b);
        const FloatTensor got = model.run(in)[0];
        const std::vector<double> want = reference(k, x, w, b);
        ASSERT_EQ(got.values.size(), want.size());
        for (std::size_t i = 0; i < want.size(); ++i)
          ASSERT_NEAR(got.values[i], want[i], 1e-4)
              << "round " << round << ", " << k.group << " groups of " << k.in << " to " << k.out
              << ", kernel " << k.kernel[0] << "x" << k.kernel[1] << ", strides " << k.stride[0] << "x"
              << k.stride[1] << ", image " << height << "x" << width << ", own " << own << " at " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Convolutions, ::testing::ValuesIn(runnable_isas()),
                         [](const auto& row) { return std::string(to_string(row.param)); });

}  // namespace
}  // namespace tacit::runtime
