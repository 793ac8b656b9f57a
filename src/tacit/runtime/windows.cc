// Steps of convolutions and pools. A convolution is a product of its weights, packed ahead, with what the
// image holds at each place of its windows, which is picked out of the image panel by panel; the image is
// given its border first. Of one channel to one, it is added up place by place.
#include <algorithm>
#include <memory>

#include "tacit/nn/ops/ops.h"
#include "tacit/nn/ops/window.h"
#include "tacit/runtime/makers.h"
#include "tacit/runtime/view.h"

namespace tacit::runtime {

namespace {

Plane plane_of(const ConvGeometry& g, const Shape& x, const Shape& out, std::size_t kernel_h,
               std::size_t kernel_w) {
  return {x[2],       x[3],       out[2],       out[3],       kernel_h,  kernel_w,
          g.stride_h, g.stride_w, g.dilation_h, g.dilation_w, g.pad_top, g.pad_left};
}

struct Convolution {
  std::size_t images, channels, groups, in_group, out_group;  ///< channels in and out of a group
  Plane p;
  std::size_t padded_h = 0, padded_w = 0;

  std::size_t in_plane() const { return p.in_h * p.in_w; }
  std::size_t out_plane() const { return p.out_h * p.out_w; }
  std::size_t steps() const { return in_group * p.kernel_h * p.kernel_w; }
  bool by_points() const {
    return p.kernel_h * p.kernel_w * p.stride_h * p.stride_w == 1 && !padded() && p.out_h == p.in_h &&
           p.out_w == p.in_w;
  }
  bool padded() const { return padded_h != p.in_h || padded_w != p.in_w; }
  std::size_t image() const { return channels * in_plane(); }
  std::size_t padded_image() const { return padded() ? channels * padded_h * padded_w : 0; }
};

Convolution convolution_of(const Request& r) {
  const Shape &x = r.in[0], &w = r.in[1];
  const ConvGeometry g = nn::window(r.attrs, x, w[2], w[3]);
  Convolution c{x[0], x[1], g.groups, w[1], w[0] / g.groups, plane_of(g, x, r.out, w[2], w[3])};
  c.padded_h = x[2] + g.pad_top + g.pad_bottom;
  c.padded_w = x[3] + g.pad_left + g.pad_right;
  return c;
}

/// The image with its border of zeros.
void give_border(const Convolution& v, const float* x, float* to) {
  std::fill_n(to, v.padded_image(), 0.0f);
  for (std::size_t c = 0; c < v.channels; ++c)
    for (std::size_t h = 0; h < v.p.in_h; ++h)
      std::copy_n(x + c * v.in_plane() + h * v.p.in_w, v.p.in_w,
                  to + (c * v.padded_h + h + v.p.pad_top) * v.padded_w + v.p.pad_left);
}

/// Where in an image with its border the windows begin, and where the numbers of a window are from there on.
struct Places {
  std::vector<std::size_t> window, step;
};
Places places_of(const Convolution& v) {
  Places out;
  for (std::size_t h = 0; h < v.p.out_h; ++h)
    for (std::size_t w = 0; w < v.p.out_w; ++w)
      out.window.push_back(h * v.p.stride_h * v.padded_w + w * v.p.stride_w);
  for (std::size_t c = 0; c < v.in_group; ++c)
    for (std::size_t h = 0; h < v.p.kernel_h; ++h)
      for (std::size_t w = 0; w < v.p.kernel_w; ++w)
        out.step.push_back((c * v.padded_h + h * v.p.dilation_h) * v.padded_w + w * v.p.dilation_w);
  return out;
}

/// One channel to one.
Step depthwise(const Request& r, const Convolution& v) {
  const bool biased = r.has(2);
  const TileEnd end{nullptr, nullptr, r.clamped, r.low, r.high};
  const std::size_t outs = v.groups * v.out_group, kernel = v.p.kernel_h * v.p.kernel_w;
  Step s;
  s.run = [=](const Call& c) {
    c.work.each(v.images * outs, kernel * v.out_plane(), [&](std::size_t i, float*) {
      const std::size_t image = i / outs, out = i % outs;
      TileEnd own = end;
      if (biased) own.row_bias = c.in[2] + out;
      c.work.kernels.depthwise(v.p, c.in[0] + image * v.image() + out / v.out_group * v.in_plane(),
                               c.in[1] + out * kernel, own, c.out + i * v.out_plane());
    });
  };
  return s;
}

const PackedMatrix* packed_groups(const Request& r, const Convolution& v) {
  if (r.packs == nullptr) return nullptr;
  std::vector<PackedMatrix>& all = r.packs->matrices;
  if (all.empty() && r.weights[1] != nullptr)
    for (std::size_t g = 0; g < v.groups; ++g)
      all.emplace_back(r.kernels, r.packs->memory, r.kernels.mr, r.weights[1] + g * v.out_group * v.steps(),
                       v.out_group, static_cast<std::ptrdiff_t>(v.steps()), v.steps(), 1);
  return all.empty() ? nullptr : all.data();
}

Step convolution(const Request& r) {
  const Convolution v = convolution_of(r);
  if (v.in_group == 1 && v.groups > 1) return depthwise(r, v);
  const PackedMatrix* packed = packed_groups(r, v);
  const bool biased = r.has(2), by_points = v.by_points();
  const auto places = std::make_shared<const Places>(by_points ? Places{} : places_of(v));
  const TileEnd end{nullptr, nullptr, r.clamped, r.low, r.high};
  Step s;
  if (packed != nullptr) s.packed = {1};
  s.common = v.padded_image();
  const std::size_t block =
      product_scratch(r.kernels, v.out_group, v.out_plane(), v.steps(), packed != nullptr, false);
  s.slot = block + v.padded_image();
  // One group of one image, of which `x` is that group's part, with its border.
  const auto product = [=](const Call& c, std::size_t image, std::size_t group, const float* x) {
    Product p;
    p.m = v.out_group, p.n = v.out_plane(), p.k = v.steps();
    if (packed != nullptr) {
      p.a.packed = packed + group;
    } else {
      p.a.data = c.in[1] + group * v.out_group * v.steps();
      p.a.outer_stride = static_cast<std::ptrdiff_t>(v.steps());
      p.a.inner_stride = 1;
    }
    p.b.data = x;
    if (by_points) {
      p.b.outer_stride = 1;
      p.b.inner_stride = static_cast<std::ptrdiff_t>(v.in_plane());
    } else {
      p.b.place = places->window.data();
      p.b.step = places->step.data();
    }
    const std::size_t first = group * v.out_group;
    p.c = c.out + (image * v.groups * v.out_group + first) * v.out_plane();
    p.c_stride = v.out_plane();
    p.end = end;
    if (biased) p.end.row_bias = c.in[2] + first;
    return p;
  };
  const std::size_t group_size = v.in_group * (v.padded() ? v.padded_h * v.padded_w : v.in_plane());
  s.run = [=](const Call& c) {
    const auto bordered = [&](std::size_t image, float* to) {
      const float* x = c.in[0] + image * v.image();
      if (!v.padded()) return x;
      give_border(v, x, to);
      return static_cast<const float*>(to);
    };
    if (v.images >= c.work.slot_count) {  // an image a thread
      c.work.each(v.images, v.groups * v.out_group * v.out_plane() * v.steps(),
                  [&](std::size_t image, float* scratch) {
                    const float* x = bordered(image, scratch + block);
                    for (std::size_t g = 0; g < v.groups; ++g)
                      multiply(c.work.kernels, product(c, image, g, x + g * group_size), scratch);
                  });
      return;
    }
    for (std::size_t image = 0; image < v.images; ++image) {
      const float* x = bordered(image, c.work.common);
      for (std::size_t g = 0; g < v.groups; ++g) multiply(c.work, product(c, image, g, x + g * group_size));
    }
  };
  return s;
}

Step max_pool(const Request& r) {
  const nn::Windows w(r.attrs, r.in[0]);
  const Plane p = plane_of(w.geometry(), r.in[0], r.out, w.kernel_h(), w.kernel_w());
  const std::size_t planes = r.out[0] * r.out[1];
  Step s;
  s.run = [=](const Call& c) {
    c.work.each(planes, p.out_h * p.out_w * p.kernel_h * p.kernel_w, [&](std::size_t i, float*) {
      c.work.kernels.max_pool(p, c.in[0] + i * p.in_h * p.in_w, c.out + i * p.out_h * p.out_w);
    });
  };
  return s;
}

/// Places of a window from `begin` on that lie in [low, high).
std::size_t counted(std::size_t begin, std::size_t kernel, std::size_t dilation, std::size_t low,
                    std::size_t high) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < kernel; ++i) n += begin + i * dilation >= low && begin + i * dilation < high;
  return n;
}

Step average_pool(const Request& r) {
  const nn::Windows w(r.attrs, r.in[0]);
  const ConvGeometry& g = w.geometry();
  const Plane p = plane_of(g, r.in[0], r.out, w.kernel_h(), w.kernel_w());
  // Padding counts, if it is to, but not what rounding the number of windows up added beyond it.
  const bool padding = r.attrs.integer("count_include_pad", 0) != 0;
  const auto weights = std::make_shared<std::vector<float>>();
  for (std::size_t h = 0; h < p.out_h; ++h)
    for (std::size_t v = 0; v < p.out_w; ++v) {
      const std::size_t n = counted(h * g.stride_h, p.kernel_h, g.dilation_h, padding ? 0 : g.pad_top,
                                    g.pad_top + p.in_h + (padding ? g.pad_bottom : 0)) *
                            counted(v * g.stride_w, p.kernel_w, g.dilation_w, padding ? 0 : g.pad_left,
                                    g.pad_left + p.in_w + (padding ? g.pad_right : 0));
      weights->push_back(static_cast<float>(1 / static_cast<double>(std::max<std::size_t>(n, 1))));
    }
  const std::size_t planes = r.out[0] * r.out[1];
  Step s;
  s.run = [=](const Call& c) {
    c.work.each(planes, p.out_h * p.out_w * p.kernel_h * p.kernel_w, [&](std::size_t i, float*) {
      c.work.kernels.sum_pool(p, c.in[0] + i * p.in_h * p.in_w, weights->data(),
                              c.out + i * p.out_h * p.out_w);
    });
  };
  return s;
}

}  // namespace

std::span<const Maker> window_makers() {
  static constexpr Maker kAll[] = {
      {&nn::kAveragePool, average_pool}, {&nn::kConv, convolution, true}, {&nn::kMaxPool, max_pool}};
  return kAll;
}

}  // namespace tacit::runtime
