// Resize and Upsample against ONNX's formulas, element by element: modes, places, sizes and scales, axes,
// crops; sizes that follow the batch; gradients, shares, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/testing/engines.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;
using Type = ::onnx::TensorProto;

/// How the last two of four axes are resized.
struct Way {
  std::string mode = "nearest", places = "half_pixel", nearest = "round_prefer_floor";
  bool antialias = false, exclude_outside = false;
  double cubic = -0.75, outside = 0;
  Numbers roi = {};  ///< of the last two axes: two starts, two ends
};

/// Where the element lies by one mode; R is what ties are decided in.
template <class R>
R place(const Way& w, int axis, std::size_t i, std::size_t from, std::size_t to, double wanted_scale) {
  const R x = static_cast<R>(i), n = static_cast<R>(from), scale = static_cast<R>(wanted_scale);
  const R half = static_cast<R>(0.5), size = n * scale;
  if (scale == 1 && w.roi.empty()) return x;  // as runtimes do, whatever the mode would make of it
  if (w.places == "half_pixel") return (x + half) / scale - half;
  if (w.places == "pytorch_half_pixel") return to > 1 ? (x + half) / scale - half : 0;
  if (w.places == "half_pixel_symmetric")
    return n / 2 * (1 - static_cast<R>(to) / size) + (x + half) / scale - half;
  if (w.places == "asymmetric") return x / scale;
  if (w.places == "tf_half_pixel_for_nn") return (x + half) / scale;
  if (w.places == "align_corners") return to > 1 ? x * (n - 1) / (size - 1) : 0;
  const R start = static_cast<R>(w.roi[static_cast<std::size_t>(axis)]),
          end = static_cast<R>(w.roi[static_cast<std::size_t>(axis) + 2]);
  return to > 1 ? start * (n - 1) + x * (end - start) * (n - 1) / (size - 1) : (start + end) * (n - 1) / 2;
}

using Taps = std::vector<std::pair<std::size_t, double>>;

/// The elements that count for one of the result, and how much; none if it lies outside.
Taps taps(const Way& w, int axis, std::size_t i, std::size_t from, std::size_t to, double scale) {
  const bool nearest = w.mode == "nearest";
  const double at = nearest ? static_cast<double>(place<float>(w, axis, i, from, to, scale))
                            : place<double>(w, axis, i, from, to, scale);
  const double last = static_cast<double>(from) - 1;
  if (!w.roi.empty() && (at < 0 || at > last)) return {};
  const auto held = [&](double v) { return static_cast<std::size_t>(std::clamp(v, 0.0, last)); };
  if (nearest) {
    const double below = std::floor(at), rest = at - below;
    double index = below;
    if (w.nearest == "ceil" && rest > 0) index = below + 1;
    if (w.nearest == "round_prefer_floor" && rest > 0.5) index = below + 1;
    if (w.nearest == "round_prefer_ceil" && rest >= 0.5) index = below + 1;
    return {{held(index), 1}};
  }
  const double wide = w.antialias && scale < 1 ? 1 / scale : 1, reach = (w.mode == "linear" ? 1 : 2) * wide;
  Taps out;
  double sum = 0;
  for (double k = std::floor(at - reach) - 1; k <= at + reach + 1; ++k) {
    if (w.exclude_outside && (k < 0 || k > last)) continue;
    const double x = std::fabs(k - at) / wide, a = w.cubic;
    double weight = 0;
    if (w.mode == "linear")
      weight = std::max(0.0, 1 - x);
    else if (x <= 1)
      weight = (a + 2) * x * x * x - (a + 3) * x * x + 1;
    else if (x < 2)
      weight = a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a;
    out.push_back({held(k), weight});
    sum += weight;
  }
  for (auto& tap : out) tap.second /= sum;
  return out;
}

/// x [n, c, h, w] with the last two axes resized.
PublicTensor resized(const PublicTensor& x, const Way& w, std::size_t rows, std::size_t columns,
                     double by_row, double by_column) {
  const Shape& s = x.shape;
  PublicTensor y{{s[0], s[1], rows, columns}, {}};
  for (std::size_t image = 0; image < s[0] * s[1]; ++image)
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j) {
        const Taps down = taps(w, 0, i, s[2], rows, by_row), across = taps(w, 1, j, s[3], columns, by_column);
        double sum = down.empty() || across.empty() ? w.outside : 0;
        for (const auto& [r, weight] : down)
          for (const auto& [c, more] : across) sum += weight * more * x.values[(image * s[2] + r) * s[3] + c];
        y.values.push_back(sum);
      }
  return y;
}

void write_way(::onnx::NodeProto& node, const Way& w) {
  set_text(node, "mode", w.mode);
  set_text(node, "coordinate_transformation_mode", w.places);
  if (w.mode == "nearest") set_text(node, "nearest_mode", w.nearest);
  if (w.antialias) set(node, "antialias", std::int64_t{1});
  if (w.exclude_outside) set(node, "exclude_outside", std::int64_t{1});
  set_real(node, "cubic_coeff_a", w.cubic);
  set_real(node, "extrapolation_value", w.outside);
}

/// Of images [.., 2, rows, columns], to sizes of the last two axes.
Model to_sizes(const Way& w, const Shape& image, std::int64_t rows, std::int64_t columns) {
  Model m(19);
  m.input("x", {0, static_cast<std::int64_t>(image[1]), static_cast<std::int64_t>(image[2]),
                static_cast<std::int64_t>(image[3])});
  m.output("y").hold(integers("sizes", {2}, {rows, columns}));
  if (!w.roi.empty()) m.hold(floats("roi", {4}, w.roi));
  auto& node = m.node("Resize", {"x", w.roi.empty() ? "" : "roi", "", "sizes"}, {"y"});
  set(node, "axes", Integers{2, 3});
  write_way(node, w);
  return m;
}

void expect_near(const PublicTensor& got, const PublicTensor& want, double bound, const std::string& where) {
  ASSERT_EQ(got.shape, want.shape) << where;
  for (std::size_t i = 0; i < want.values.size(); ++i)
    ASSERT_NEAR(got.values[i], want.values[i], bound) << where << " at " << i;
}

class OnnxResize : public ::testing::Test {
 protected:
  void expect_right(const Way& w, std::size_t rows, std::size_t columns, std::size_t to_rows,
                    std::size_t to_columns) {
    const PublicTensor x = wave({2, 2, rows, columns});
    const Graph g =
        to_sizes(w, x.shape, static_cast<std::int64_t>(to_rows), static_cast<std::int64_t>(to_columns))
            .import(folder_);
    const auto ratio = [](std::size_t to, std::size_t from) {
      return static_cast<double>(to) / static_cast<double>(from);
    };
    const PublicTensor want =
        resized(x, w, to_rows, to_columns, ratio(to_rows, rows), ratio(to_columns, columns));
    expect_near(run(g, {x})[0], want, 1e-9,
                fmt::format("{} {} {} {}x{} to {}x{}", w.mode, w.places, w.nearest, rows, columns, to_rows,
                            to_columns));
  }
  std::string error(const Model& m) {
    return usage_error(folder_, [&] { m.import(folder_); });
  }
  ScratchFolder folder_;
};

/// Rows and columns before and after: up, down, one of each, to one, from one, and the same.
constexpr std::size_t kSizes[][4] = {{3, 4, 6, 8}, {6, 10, 4, 6}, {5, 3, 2, 7},
                                     {4, 5, 1, 1}, {1, 1, 3, 2},  {3, 4, 3, 7}};

TEST_F(OnnxResize, NearestElements) {
  for (const char* places : {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                             "asymmetric", "tf_half_pixel_for_nn"})
    for (const char* nearest : {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"})
      for (const auto& [rows, columns, to_rows, to_columns] : kSizes) {
        Way w;
        w.places = places, w.nearest = nearest;
        expect_right(w, rows, columns, to_rows, to_columns);
      }
}

TEST_F(OnnxResize, InterpolatedElements) {
  for (const char* mode : {"linear", "cubic"})
    for (const char* places :
         {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"})
      for (const bool antialias : {false, true})
        for (const bool exclude : {false, true})
          for (const auto& [rows, columns, to_rows, to_columns] : kSizes) {
            Way w;
            w.mode = mode, w.places = places, w.antialias = antialias, w.exclude_outside = exclude;
            if (exclude) w.cubic = -0.5;
            expect_right(w, rows, columns, to_rows, to_columns);
          }
}

TEST_F(OnnxResize, CropsAreFilledWithANumber) {
  for (const char* mode : {"nearest", "linear", "cubic"})
    for (const double outside : {0.0, 10.0}) {
      Way w;
      w.mode = mode, w.places = "tf_crop_and_resize", w.outside = outside;
      w.roi = {0.25, -0.5, 0.75, 1.25};
      expect_right(w, 5, 4, 3, 7);
      expect_right(w, 4, 5, 1, 1);
    }
}

TEST_F(OnnxResize, ScalesThatDoNotDivideTheAxis) {
  for (const char* mode : {"nearest", "linear", "cubic"})
    for (const auto& [by_row, by_column] :
         {std::pair(0.6F, 1.7F), std::pair(2.3F, 0.5F), std::pair(0.7F, 1.0F)}) {
      Way w;
      w.mode = mode;
      Model m;
      m.input("x", {0, 2, 10, 5}).output("y").hold(floats("scales", {4}, {1, 1, by_row, by_column}));
      write_way(m.node("Resize", {"x", "", "scales"}, {"y"}), w);
      const PublicTensor x = wave({3, 2, 10, 5});
      // 0.7 of ten is seven, also in 32 bits.
      const auto rows = static_cast<std::size_t>(10 * by_row),
                 columns = static_cast<std::size_t>(5 * by_column);
      expect_near(run(m.import(folder_), {x})[0],
                  resized(x, w, rows, columns, static_cast<double>(by_row), static_cast<double>(by_column)),
                  1e-9, fmt::format("{} by {} and {}", mode, by_row, by_column));
    }
}

TEST_F(OnnxResize, OlderOperatorSets) {
  const PublicTensor x = wave({2, 2, 4, 6});
  for (const char* mode : {"nearest", "linear"})
    for (const double scale : {2.0, 0.5}) {
      Way w;
      w.mode = mode, w.places = "asymmetric", w.nearest = scale < 1 ? "ceil" : "floor";
      const auto rows = static_cast<std::size_t>(4 * scale), columns = static_cast<std::size_t>(6 * scale);
      const PublicTensor want = resized(x, w, rows, columns, scale, scale);
      const Numbers scales{1, 1, scale, scale};
      Model seven(7);
      seven.input("x", {0, 2, 4, 6}).output("y");
      auto& node = seven.node("Upsample", {"x"}, {"y"});
      set_text(node, "mode", mode);
      auto& a = *node.add_attribute();
      a.set_name("scales"), a.set_type(::onnx::AttributeProto::FLOATS);
      for (double v : scales) a.add_floats(static_cast<float>(v));
      expect_near(run(seven.import(folder_), {x})[0], want, 1e-9, "7");
      for (const auto& [opset, op] : {std::pair(9, "Upsample"), std::pair(10, "Resize")}) {
        Model m(opset);
        m.input("x", {0, 2, 4, 6}).output("y").hold(floats("scales", {4}, scales));
        set_text(m.node(op, {"x", "scales"}, {"y"}), "mode", mode);
        expect_near(run(m.import(folder_), {x})[0], want, 1e-9, op);
      }
    }
}

TEST_F(OnnxResize, KeepsTheAspectRatioIfAsked) {
  const PublicTensor x = wave({1, 2, 4, 6});
  for (const auto& [policy, rows, columns, scale] :
       {std::tuple("not_larger", 6u, 9u, 1.5), std::tuple("not_smaller", 8u, 12u, 2.0)}) {
    Way w;
    w.mode = "linear";
    Model m = to_sizes(w, x.shape, 8, 9);
    set_text(*m.graph().mutable_node(0), "keep_aspect_ratio_policy", policy);
    expect_near(run(m.import(folder_), {x})[0], resized(x, w, rows, columns, scale, scale), 1e-9, policy);
  }
}

/// As PyTorch exports it: the first sizes are the input's own, which follow the batch.
Model sizes_from_shape(const char* mode) {
  Model m;
  m.input("x", {0, 2, 3, 4}).output("y").hold(integers("last", {2}, {6, 8}));
  m.hold(floats("w", {1, 2, 1, 1}, {0.5, -1.5}));
  m.hold(integers("begin", {1}, {0})).hold(integers("end", {1}, {2}));
  m.node("Mul", {"x", "w"}, {"h"});
  m.node("Shape", {"h"}, {"shape"});
  m.node("Slice", {"shape", "begin", "end"}, {"first"});
  set(m.node("Concat", {"first", "last"}, {"sizes"}), "axis", std::int64_t{0});
  set_text(m.node("Resize", {"h", "", "", "sizes"}, {"y"}), "mode", mode);
  return m;
}
PublicTensor weighed(PublicTensor x) {
  for (std::size_t i = 0; i < x.values.size(); ++i) x.values[i] *= i / 12 % 2 == 0 ? 0.5 : -1.5;
  return x;
}

TEST_F(OnnxResize, SizesThatFollowTheBatch) {
  for (const char* mode : {"nearest", "linear"}) {
    Way w;
    w.mode = mode;
    const Graph g = sizes_from_shape(mode).import(folder_);
    for (const std::size_t batch : {1u, 3u}) {
      const PublicTensor x = wave({batch, 2, 3, 4});
      expect_near(run(g, {x})[0], resized(weighed(x), w, 6, 8, 2, 2), 1e-9, mode);
    }
    std::vector<PublicTensor> weights;
    for (ValueId id : g.parameters()) weights.push_back(g.values[id].initial);
    ASSERT_EQ(weights.size(), 1u);
    const Graph back = import_onnx(folder_.write("b.onnx", export_onnx(g, weights, {"resize", {}})));
    EXPECT_EQ(back.nodes.size(), g.nodes.size());
    const PublicTensor x = wave({2, 2, 3, 4});
    expect_near(run(back, {x})[0], run(g, {x})[0], 1e-6, mode);  // constants are floats in a file
  }
  // A file that was exported for a batch of four, and says so.
  Model m;
  m.input("x", {4, 2, 3, 4}).output("y").hold(integers("sizes", {4}, {4, 2, 6, 8}));
  m.node("Resize", {"x", "", "", "sizes"}, {"y"});
  const PublicTensor x = wave({3, 2, 3, 4});
  expect_near(run(m.import(folder_), {x})[0], resized(x, {}, 6, 8, 2, 2), 1e-9, "a literal batch");
}

TEST_F(OnnxResize, WhatIsNearestCostsNothing) {
  for (const Node& node : sizes_from_shape("nearest").import(folder_).nodes)
    EXPECT_TRUE(node.op->name == "Gather" || node.op->name == "Mul") << node.op->name;
}

TEST_F(OnnxResize, GradientsAreThoseOfDifferences) {
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    const Graph graph = sizes_from_shape(mode).import(folder_);
    testing::on_doubles([&](Ctx& ctx) {
      const Secret<Real> x = testing::share(ctx, wave({2, 2, 3, 4}));
      Tape tape;
      const auto y = forward(ctx, graph, initial_parameters(ctx, graph), {&x, 1}, &tape);
      const PublicTensor up = wave(y[0].shape());
      const Secret<Real> grad = fn::constant(ctx, up);
      const PublicTensor got = testing::open(ctx, backward(ctx, graph, tape, {&grad, 1}).at(0).real(ctx));
      for (std::size_t e = 0; e < got.values.size(); ++e) {
        double slope = 0;
        for (const double step : {1e-5, -1e-5}) {
          Graph moved = graph;
          moved.values[graph.trained()[0]].initial.values[e] += step;
          const PublicTensor there =
              testing::open(ctx, forward(ctx, moved, initial_parameters(ctx, moved), {&x, 1})[0]);
          for (std::size_t i = 0; i < up.values.size(); ++i)
            slope += up.values[i] * there.values[i] / (2 * step);
        }
        EXPECT_NEAR(got.values[e], slope, 1e-4 * (1 + std::fabs(slope))) << mode << " " << e;
      }
    });
  }
}

TEST_F(OnnxResize, OnSharesTheSameWithinFixedPoint) {
  for (const char* mode : {"nearest", "cubic"}) {
    const Graph g = sizes_from_shape(mode).import(folder_);
    const PublicTensor x = wave({2, 2, 3, 4}), want = run(g, {x})[0];
    testing::on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
      const Secret<Real> given = testing::share(ctx, x);
      const auto y = forward(ctx, g, initial_parameters(ctx, g), {&given, 1});
      const PublicTensor got = testing::open(ctx, y[0]);
      if (index(party.id()) == 0) expect_near(got, want, 0.001, fmt::format("{} ({})", mode, profile.name));
    });
  }
}

TEST_F(OnnxResize, WhatIsNotDoneSaysSo) {
  const auto with = [&](const Integers& sizes,
                        const std::function<void(::onnx::NodeProto&, Model&)>& change) {
    Model m;
    m.input("x", {0, 2, 3, 4}).output("y").hold(integers("sizes", {4}, sizes));
    change(m.node("Resize", {"x", "", "", "sizes"}, {"y"}), m);
    return error(m);
  };
  EXPECT_EQ(with({2, 2, 6, 8}, [](auto&, Model&) {}),
            "'node_y' (Resize) resizes the axis 0, which counts examples; leave that as it is");
  EXPECT_EQ(with({1, 2, 0, 8}, [](auto&, Model&) {}), "'node_y' (Resize) resizes the axis 2 from 3 to 0");
  EXPECT_EQ(
      with({1, 2, 6, 8}, [](auto& node, Model&) { set_text(node, "mode", "area"); }),
      "'node_y' (Resize) has 'area' as its 'mode', which tacit does not know; use one of nearest, linear, "
      "cubic");
  EXPECT_EQ(with({1, 2, 6, 8},
                 [](auto& node, Model&) {
                   set(node, "axes", Integers{2, 3});
                 }),
            "'node_y' (Resize) has 4 sizes, and needs 2");
  EXPECT_EQ(with({1, 2, 6, 8},
                 [](auto& node, Model&) {
                   set(node, "axes", Integers{2, 2, 0, 1});
                 }),
            "'node_y' (Resize) names the axis 2 twice");
  EXPECT_EQ(with({1, 2, 6, 8}, [](auto& node, Model&) { node.set_input(3, ""); }),
            "'node_y' (Resize) needs scales or sizes, one of the two; export the model again");
  EXPECT_EQ(with({1, 2, 6, 8},
                 [](auto& node, Model&) {
                   set_text(node, "coordinate_transformation_mode", "tf_crop_and_resize");
                 }),
            "'node_y' (Resize) crops, and lacks its 'roi'; export the model again");
  EXPECT_EQ(
      with({1, 2, 6, 8},
           [](auto& node, Model& m) {
             m.input("given", {4}, Type::INT64);
             node.set_input(3, "given");
           }),
      "'node_y' (Resize) takes its 'sizes' from data, and they must be known before the model runs; make "
      "them constants");
  // A matrix of weights for it would be larger than what a short file may make.
  EXPECT_EQ(with({1, 2, 6, 2147483647}, [](auto& node, Model&) { set_text(node, "mode", "linear"); }),
            "the model computes too many constants; simplify it before the export");
}

}  // namespace
}  // namespace tacit::nn
