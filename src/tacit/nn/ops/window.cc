#include "tacit/nn/ops/window.h"

#include "tacit/base/error.h"

namespace tacit::nn {

namespace {
std::vector<std::size_t> counts(const Attrs& attrs, std::string_view name, std::size_t n,
                                std::int64_t otherwise) {
  const auto given = attrs.integers(name, std::vector<std::int64_t>(n, otherwise));
  require(given.size() == n, "the attribute '{}' needs {} numbers, not {}", name, n, given.size());
  std::vector<std::size_t> out;
  for (std::int64_t v : given) {
    require(v >= otherwise && v < (1 << 20), "the attribute '{}' cannot hold {}", name, v);
    out.push_back(static_cast<std::size_t>(v));
  }
  return out;
}
}  // namespace

ConvGeometry window(const Attrs& attrs, const Shape& x, std::size_t kernel_h, std::size_t kernel_w) {
  const auto strides = counts(attrs, "strides", 2, 1), dilations = counts(attrs, "dilations", 2, 1);
  auto pads = counts(attrs, "pads", 4, 0);
  const std::string automatic = attrs.text("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    const std::size_t kernel[] = {kernel_h, kernel_w};
    for (std::size_t i = 0; i < 2; ++i) {
      const std::size_t reach = dilations[i] * (kernel[i] - 1) + 1, in = x[2 + i];
      const std::size_t need = ((in + strides[i] - 1) / strides[i] - 1) * strides[i] + reach;
      const std::size_t pad = need > in ? need - in : 0, small = pad / 2;
      pads[i] = automatic == "SAME_UPPER" ? small : pad - small;
      pads[2 + i] = pad - pads[i];
    }
  } else {
    require(automatic == "NOTSET" || automatic == "VALID", "auto_pad '{}' is not known", automatic);
  }
  const std::int64_t group = attrs.integer("group", 1);
  require(group > 0, "the attribute 'group' cannot hold {}", group);
  return {strides[0],   strides[1],   pads[0],
          pads[1],      pads[2],      pads[3],
          dilations[0], dilations[1], static_cast<std::size_t>(group)};
}

Windows::Windows(const Attrs& attrs, const Shape& x) : x_(x) {
  require(x.size() == 4, "windows slide over tensors of 4 axes, not {}", to_string(x));
  const auto kernel = attrs.integers("kernel_shape");
  require(kernel.size() == 2 && kernel[0] > 0 && kernel[1] > 0,
          "the attribute 'kernel_shape' needs two positive numbers");
  kernel_h_ = static_cast<std::size_t>(kernel[0]);
  kernel_w_ = static_cast<std::size_t>(kernel[1]);
  g_ = window(attrs, x, kernel_h_, kernel_w_);
  // Else there would be windows of nothing but padding.
  const std::size_t reach_h = g_.dilation_h * (kernel_h_ - 1) + 1,
                    reach_w = g_.dilation_w * (kernel_w_ - 1) + 1;
  require(g_.pad_top < reach_h && g_.pad_bottom < reach_h && g_.pad_left < reach_w && g_.pad_right < reach_w,
          "a pool's padding must be less than its window of {}x{}", reach_h, reach_w);
  const bool ceil = attrs.integer("ceil_mode", 0) != 0;
  auto extent = [ceil](std::size_t in, std::size_t before, std::size_t after, std::size_t reach,
                       std::size_t stride) {
    const std::size_t padded = in + before + after;
    require(padded >= reach, "a window of {} does not fit an input of {} (+{} padding)", reach, in,
            before + after);
    std::size_t n = (padded - reach + (ceil ? stride - 1 : 0)) / stride + 1;
    // A window that would begin beyond the input and its first padding does not count.
    if (ceil && (n - 1) * stride >= in + before) --n;
    return n;
  };
  out_ = {x[0], x[1], extent(x[2], g_.pad_top, g_.pad_bottom, reach_h, g_.stride_h),
          extent(x[3], g_.pad_left, g_.pad_right, reach_w, g_.stride_w)};
  padded_ = {x[0], x[1], std::max(x[2] + g_.pad_top + g_.pad_bottom, (out_[2] - 1) * g_.stride_h + reach_h),
             std::max(x[3] + g_.pad_left + g_.pad_right, (out_[3] - 1) * g_.stride_w + reach_w)};
}

Shape Windows::view() const { return {kernel_h_, kernel_w_, out_[0], out_[1], out_[2], out_[3]}; }

std::vector<std::size_t> Windows::strides() const {
  const auto s = row_major_strides(padded_);
  return {g_.dilation_h * s[2], g_.dilation_w * s[3], s[0], s[1], g_.stride_h * s[2], g_.stride_w * s[3]};
}

Secret<Real> Windows::take(fn::Ctx& ctx, const Secret<Real>& x, double padding) const {
  const Shape joined{positions(), out_[0], out_[1], out_[2], out_[3]};
  if (padded_ == x_) return fn::reshape(ctx, fn::strided(ctx, x, 0, strides(), view()), joined);
  Secret<Real> canvas = padding == 0
                            ? fn::zeros(ctx, padded_)
                            : fn::constant(ctx, {padded_, std::vector<double>(elements(padded_), padding)});
  canvas = fn::placed(ctx, std::move(canvas), g_.pad_top * padded_[3] + g_.pad_left,
                      row_major_strides(padded_), x);
  return fn::reshape(ctx, fn::strided(ctx, canvas, 0, strides(), view()), joined);
}

Secret<Real> Windows::give_back(fn::Ctx& ctx, const Secret<Real>& spread) const {
  const bool overlap =
      kernel_h_ > g_.stride_h || kernel_w_ > g_.stride_w || g_.dilation_h > 1 || g_.dilation_w > 1;
  Secret<Real> canvas = fn::zeros(ctx, padded_);
  const auto all = strides();
  if (!overlap) {
    canvas = fn::placed(ctx, std::move(canvas), 0, all, fn::reshape(ctx, spread, view()));
  } else {
    const auto per_position = fn::split(ctx, spread, std::vector<Shape>(positions(), out_));
    const std::span<const std::size_t> inner(all.begin() + 2, all.end());
    for (std::size_t i = 0; i < positions(); ++i)
      canvas = fn::add(ctx, canvas,
                       fn::placed(ctx, fn::zeros(ctx, padded_),
                                  i / kernel_w_ * all[0] + i % kernel_w_ * all[1], inner, per_position[i]));
  }
  if (padded_ == x_) return canvas;
  return fn::strided(ctx, canvas, g_.pad_top * padded_[3] + g_.pad_left, row_major_strides(padded_), x_);
}

}  // namespace tacit::nn
