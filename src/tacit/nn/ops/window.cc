#include "tacit/nn/ops/window.h"

#include "tacit/base/error.h"

namespace tacit::nn {

namespace {
std::vector<std::size_t> counts(const Attrs& attrs, std::string_view name, std::size_t n, std::int64_t otherwise) {
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
  return {strides[0], strides[1], pads[0], pads[1], pads[2], pads[3], dilations[0], dilations[1],
          static_cast<std::size_t>(group)};
}

Shape windows_shape(const ConvGeometry& g, const Shape& x, std::size_t kernel_h, std::size_t kernel_w, bool ceil) {
  require(x.size() == 4, "windows slide over tensors of 4 axes, not {}", to_string(x));
  auto extent = [ceil](std::size_t in, std::size_t before, std::size_t after, std::size_t kernel, std::size_t dilation,
                       std::size_t stride) {
    const std::size_t reach = dilation * (kernel - 1) + 1, padded = in + before + after;
    require(padded >= reach, "a window of {} does not fit an input of {} (+{} padding)", reach, in, before + after);
    std::size_t n = (padded - reach + (ceil ? stride - 1 : 0)) / stride + 1;
    // A window that would begin beyond the input and its first padding is not counted.
    if (ceil && (n - 1) * stride >= in + before) --n;
    return n;
  };
  return {x[0], x[1], extent(x[2], g.pad_top, g.pad_bottom, kernel_h, g.dilation_h, g.stride_h),
          extent(x[3], g.pad_left, g.pad_right, kernel_w, g.dilation_w, g.stride_w)};
}

}  // namespace tacit::nn
