// Resize and Upsample by sizes that are known, an axis at a time: the nearest elements are gathered, which is
// free, and interpolation is a product with a matrix that is computed here, by the formulas of ONNX's
// specification.
#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_fold.h"
#include "tacit/nn/graph/onnx_interpolation.h"
#include "tacit/nn/graph/onnx_lower.h"

namespace tacit::nn::onnx_io {

namespace {

class Resize {
 public:
  Resize(Builder& builder, const Step& step, const Origin& origin)
      : builder_(builder), step_(step), origin_(origin), form_(resize_form(step)) {
    require(step.has(0), "{} lacks its tensor", step.what());
    x_ = step.in[0];
  }

  std::vector<Operand> run() {
    for (const ResizedAxis& a : axes()) {
      const std::string name = fmt::format("axis{}", a.axis);
      x_ = form_.mode == "nearest" ? gathered(a, name) : interpolated(a, name);
    }
    return {x_};  // where no axis changes, the tensor itself
  }

 private:
  bool filled(std::size_t i) const {
    return step_.has(i) && (!step_.in[i].numbers() || !step_.in[i].first()->values.empty());
  }

  /// The input with the scales moved when there came a second way to say how large.
  std::size_t scales_at() const { return step_.op == "Upsample" || step_.opset < 11 ? 1 : 2; }

  std::vector<ResizedAxis> axes() const {
    const std::size_t rank = builder_.shape(x_).size();
    std::vector<std::int64_t> named = step_.attrs.integers("axes", {});
    if (!step_.attrs.has("axes"))
      for (std::size_t i = 0; i < rank; ++i) named.push_back(static_cast<std::int64_t>(i));
    std::vector<ResizedAxis> out;
    for (std::int64_t n : named) {
      const std::size_t axis = axis_of(n, rank), from = builder_.shape(x_)[axis];
      for (const ResizedAxis& a : out)
        require(a.axis != axis, "{} names the axis {} twice", step_.what(), axis);
      out.push_back({axis, from, from, 1});
    }
    const bool by_sizes = scales_at() == 2 && filled(3),
               by_scales = step_.attrs.has("scales") || filled(scales_at());
    require(by_sizes != by_scales, "{} needs scales or sizes, one of the two; export the model again",
            step_.what());
    by_sizes ? read_sizes(out) : read_scales(out);
    if (form_.crops()) read_part(out);
    for (const ResizedAxis& a : out) {
      require(a.from > 0 && a.to > 0, "{} resizes the axis {} from {} to {}", step_.what(), a.axis, a.from,
              a.to);
      const bool follows_batch = builder_.shape(x_)[a.axis] != builder_.shape_of_two(x_)[a.axis];
      require(!follows_batch || unchanged_axis(a),
              "{} resizes the axis {}, which counts examples; leave that as it is", step_.what(), a.axis);
    }
    out.erase(std::remove_if(out.begin(), out.end(), unchanged_axis), out.end());
    return out;
  }
  static bool unchanged_axis(const ResizedAxis& a) {
    return a.scale == 1 && a.from == a.to && a.start == 0 && a.end == 1;
  }

  std::vector<double> of_each(const std::vector<double>& values, std::size_t count,
                              std::string_view what) const {
    require(values.size() == count, "{} has {} {}, and needs {}", step_.what(), values.size(), what, count);
    for (double v : values) require(std::isfinite(v), "{} has {} that are no numbers", step_.what(), what);
    return values;
  }

  void read_scales(std::vector<ResizedAxis>& axes) const {
    const auto scales =
        of_each(step_.attrs.has("scales") ? step_.attrs.reals("scales", {})
                                          : numbers_of(step_.in[scales_at()], step_, "scales")->values,
                axes.size(), "scales");
    for (std::size_t i = 0; i < axes.size(); ++i) {
      ResizedAxis& a = axes[i];
      a.scale = scales[i];
      // In 32 bits, as runtimes do: 0.7 times 10 is 7 there.
      const float size = static_cast<float>(a.scale) * static_cast<float>(a.from);
      require(size >= 0 && size < 2147483648.0F, "{} scales an axis of {} by {}", step_.what(), a.from,
              a.scale);
      a.to = static_cast<std::size_t>(size);
    }
  }

  /// Sizes of axes that follow the batch are written for some batch, and the same before and after.
  void read_sizes(std::vector<ResizedAxis>& axes) const {
    const Operand& given = step_.in[3];
    require(
        given.numbers(),
        "{} takes its 'sizes' from data, and they must be known before the model runs; make them constants",
        step_.what());
    const auto one = of_each(given.first()->values, axes.size(), "sizes"),
               two = of_each(given.second()->values, axes.size(), "sizes");
    for (std::size_t i = 0; i < axes.size(); ++i) {
      ResizedAxis& a = axes[i];
      const auto own = static_cast<double>(a.from),
                 of_two = static_cast<double>(builder_.shape_of_two(x_)[a.axis]);
      const bool literal = one[i] == two[i] && one[i] == own * static_cast<double>(origin_.batch);
      if (own != of_two && ((one[i] == own && two[i] == of_two) || literal)) continue;
      require(
          one[i] == two[i],
          "{} takes its 'sizes' from the size of the batch; make them constants that hold for every batch",
          step_.what());
      require(one[i] >= 0 && one[i] < 2147483648.0 && one[i] == std::floor(one[i]), "{} has a size of {}",
              step_.what(), one[i]);
      a.to = static_cast<std::size_t>(one[i]);
      a.scale = a.from > 0 ? one[i] / own : 1;
    }
    keep_aspect_ratio(axes);
  }

  void keep_aspect_ratio(std::vector<ResizedAxis>& axes) const {
    const std::string policy = step_.attrs.text("keep_aspect_ratio_policy", "stretch");
    expect_one_of(step_, "keep_aspect_ratio_policy", policy, {"stretch", "not_larger", "not_smaller"});
    if (policy == "stretch" || axes.empty()) return;
    const auto [low, high] =
        std::minmax_element(axes.begin(), axes.end(),
                            [](const ResizedAxis& a, const ResizedAxis& b) { return a.scale < b.scale; });
    const double scale = policy == "not_larger" ? low->scale : high->scale;
    for (ResizedAxis& a : axes) {
      a.scale = scale;
      a.to = static_cast<std::size_t>(std::floor(scale * static_cast<double>(a.from) + 0.5));
    }
  }

  void read_part(std::vector<ResizedAxis>& axes) const {
    require(filled(1), "{} crops, and lacks its 'roi'; export the model again", step_.what());
    const auto part =
        of_each(numbers_of(step_.in[1], step_, "roi")->values, 2 * axes.size(), "ends of 'roi'");
    for (double v : part)
      require(std::fabs(v) <= 1e6, "{} crops at {}; ends of 'roi' are parts of a whole", step_.what(), v);
    for (std::size_t i = 0; i < axes.size(); ++i)
      axes[i].start = part[i], axes[i].end = part[axes.size() + i];
  }

  /// A tensor of the result's size along one axis.
  Operand along(const ResizedAxis& a, const std::vector<double>& values, std::string_view what) const {
    Shape shape(builder_.shape(x_).size(), 1);
    shape[a.axis] = a.to;
    return known(fmt::format("{}.axis{}.{}", step_.out[0], a.axis, what), {Element::Float, shape, values});
  }
  /// Beyond the tensor stands one number.
  Operand with_outside(const ResizedAxis& a, const Operand& y, std::vector<double> outside,
                       const std::string& name) const {
    for (double& v : outside) v *= form_.outside;
    if (std::all_of(outside.begin(), outside.end(), [](double v) { return v == 0; })) return y;
    return builder_.emit(helper(step_, "Add", name + ".outside", {y, along(a, outside, "outside")}));
  }

  Operand gathered(const ResizedAxis& a, const std::string& name) const {
    builder_.spend(a.to);
    std::vector<std::int64_t> indices;
    std::vector<double> inside, outside;
    for (std::size_t i = 0; i < a.to; ++i) {
      const auto at = nearest_element(form_, a, i);
      indices.push_back(static_cast<std::int64_t>(at.value_or(0)));
      inside.push_back(at ? 1 : 0), outside.push_back(at ? 0 : 1);
    }
    const Operand at = known_integers(fmt::format("{}.{}.indices", step_.out[0], name), indices);
    Operand y =
        builder_.emit(helper(step_, "Gather", name, {x_, at}, {{"axis", static_cast<std::int64_t>(a.axis)}}));
    if (std::find(inside.begin(), inside.end(), 0) != inside.end())
      y = builder_.emit(helper(step_, "Mul", name + ".inside", {y, along(a, inside, "inside")}));
    return with_outside(a, y, outside, name);
  }

  Operand interpolated(const ResizedAxis& a, const std::string& name) const {
    builder_.spend(a.from * a.to);
    Tensor matrix = blank(Element::Float, {a.from, a.to});
    std::vector<double> outside;
    for (std::size_t i = 0; i < a.to; ++i)
      outside.push_back(add_weights(form_, a, i, matrix.values.data() + i, a.to) ? 0 : 1);
    // The axis comes last for the product, and then goes back.
    const std::size_t rank = builder_.shape(x_).size();
    std::vector<std::int64_t> order(rank);
    for (std::size_t i = 0; i < rank; ++i) order[i] = static_cast<std::int64_t>(i);
    std::swap(order[a.axis], order[rank - 1]);
    const auto turned = [&](const Operand& t, const std::string& suffix) {
      if (a.axis + 1 == rank) return t;
      return builder_.emit(helper(step_, "Transpose", name + suffix, {t}, {{"perm", order}}));
    };
    const Operand weights = known(fmt::format("{}.{}.weights", step_.out[0], name), std::move(matrix));
    const Operand y =
        turned(lower_matmul(builder_, helper(step_, "MatMul", name, {turned(x_, ".last"), weights}), origin_),
               ".back");
    return with_outside(a, y, outside, name);
  }

  Builder& builder_;
  const Step& step_;
  const Origin& origin_;
  ResizeForm form_;
  Operand x_;
};

}  // namespace

std::vector<Operand> lower_resize(Builder& builder, const Step& step, const Origin& origin) {
  return Resize(builder, step, origin).run();
}

}  // namespace tacit::nn::onnx_io
