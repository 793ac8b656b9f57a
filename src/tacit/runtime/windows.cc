// Steps of convolutions and pools. A convolution is a product of its weights, packed ahead, with what the
// image holds at each place of its windows, which is picked out of the image panel by panel; the image is
// laid out for that first. Of a small image, whose places would leave much of a tile's many columns empty,
// the places are the rows instead, and the result is turned. Of one channel to one, it is added up place by
// place.
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
  /// A padded row is laid out column by column of a stride: first those of which windows begin with, then
  /// those one beside, so that windows side by side always find their numbers side by side.
  std::size_t part = 0;  ///< the length of each

  std::size_t in_plane() const { return p.in_h * p.in_w; }
  std::size_t out_plane() const { return p.out_h * p.out_w; }
  std::size_t steps() const { return in_group * p.kernel_h * p.kernel_w; }
  bool by_points() const {
    return p.kernel_h * p.kernel_w * p.stride_h * p.stride_w == 1 && !laid_out() && p.out_h == p.in_h &&
           p.out_w == p.in_w;
  }
  bool laid_out() const { return padded_h != p.in_h || padded_w != p.in_w || p.stride_w > 1; }
  std::size_t image() const { return channels * in_plane(); }
  std::size_t row() const { return part * p.stride_w; }
  /// Numbers of a channel, and of all, as they are picked out.
  std::size_t plane() const { return laid_out() ? padded_h * row() : in_plane(); }
  std::size_t laid_out_image() const { return laid_out() ? channels * plane() : 0; }
  /// Where in its row a padded column lies.
  std::size_t column(std::size_t w) const { return w % p.stride_w * part + w / p.stride_w; }
};

Convolution convolution_of(const Request& r) {
  const Shape &x = r.in[0], &w = r.in[1];
  const ConvGeometry g = nn::window(r.attrs, x, w[2], w[3]);
  Convolution c{x[0], x[1], g.groups, w[1], w[0] / g.groups, plane_of(g, x, r.out, w[2], w[3])};
  c.padded_h = x[2] + g.pad_top + g.pad_bottom;
  c.padded_w = x[3] + g.pad_left + g.pad_right;
  c.part = (c.padded_w + g.stride_w - 1) / g.stride_w;
  return c;
}

/// The image with its border of zeros, in the parts of its stride.
void lay_out(const FloatKernels& kernels, const Convolution& v, const float* x, float* to) {
  std::fill_n(to, v.laid_out_image(), 0.0f);
  const std::size_t stride = v.p.stride_w, width = v.p.in_w;
  for (std::size_t c = 0; c < v.channels; ++c)
    for (std::size_t h = 0; h < v.p.in_h; ++h) {
      const float* from = x + c * v.in_plane() + h * width;
      float* row = to + c * v.plane() + (h + v.p.pad_top) * v.row();
      for (std::size_t first = 0; first < std::min(stride, width); ++first)
        kernels.every((width - first + stride - 1) / stride, from + first, stride,
                      row + v.column(first + v.p.pad_left));
    }
}

/// Where in an image with its border the windows begin, and where the numbers of a window are from there on.
struct Places {
  std::vector<std::size_t> window, step;
};
Places places_of(const Convolution& v) {
  Places out;
  for (std::size_t h = 0; h < v.p.out_h; ++h)
    for (std::size_t w = 0; w < v.p.out_w; ++w) out.window.push_back(h * v.p.stride_h * v.row() + w);
  for (std::size_t c = 0; c < v.in_group; ++c)
    for (std::size_t h = 0; h < v.p.kernel_h; ++h)
      for (std::size_t w = 0; w < v.p.kernel_w; ++w)
        out.step.push_back(c * v.plane() + h * v.p.dilation_h * v.row() + v.column(w * v.p.dilation_w));
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

/// Whether an image's places are better a tile's rows than its columns, of which many would be empty.
bool better_turned(const FloatKernels& kernels, const Convolution& v) {
  const auto columns = [&](std::size_t n) { return (n + kernels.nr - 1) / kernels.nr * kernels.nr; };
  return 16 * columns(v.out_plane()) * v.out_group > 17 * columns(v.out_group) * v.out_plane();
}

const PackedMatrix* packed_groups(const Request& r, const Convolution& v, std::size_t width) {
  if (r.packs == nullptr) return nullptr;
  std::vector<PackedMatrix>& all = r.packs->matrices;
  if (all.empty() && r.weights[1] != nullptr)
    for (std::size_t g = 0; g < v.groups; ++g)
      all.emplace_back(r.kernels, r.packs->memory, width, r.weights[1] + g * v.out_group * v.steps(),
                       v.out_group, static_cast<std::ptrdiff_t>(v.steps()), v.steps(), 1);
  return all.empty() ? nullptr : all.data();
}

/// What a step of a convolution knows of it.
class Convolver {
 public:
  explicit Convolver(const Request& r)
      : v_(convolution_of(r)), biased_(r.has(2)), end_{nullptr, nullptr, r.clamped, r.low, r.high} {
    const std::size_t mr = r.kernels.mr, nr = r.kernels.nr;
    const bool better = better_turned(r.kernels, v_);
    packed_ = packed_groups(r, v_, better ? nr : mr);
    // What was packed for an image of another size stays as it is.
    turned_ = packed_ == nullptr || packed_->width() == (better ? nr : mr) ? better : !better;
    if (!v_.by_points()) places_ = std::make_shared<const Places>(places_of(v_));
    const std::size_t places = v_.out_plane(), outs = v_.out_group;
    aside_ = turned_ ? places * outs : 0;
    product_ = turned_ ? product_scratch(r.kernels, places, outs, v_.steps(), false, packed_ != nullptr)
                       : product_scratch(r.kernels, outs, places, v_.steps(), packed_ != nullptr, false);
  }

  bool packed() const { return packed_ != nullptr; }
  /// Numbers of memory for an image, and for a product of it.
  std::size_t for_image() const { return v_.laid_out_image() + aside_; }
  std::size_t for_product() const { return product_; }

  void run(const Call& c) const {
    if (v_.images >= c.work.slot_count) {  // an image a thread
      const std::size_t cost = v_.groups * v_.out_group * v_.out_plane() * v_.steps();
      c.work.each(v_.images, cost, [&](std::size_t image, float* slot) {
        one(c, image, slot + product_, [&](const Product& p) { multiply(c.work.kernels, p, slot); });
      });
      return;
    }
    for (std::size_t image = 0; image < v_.images; ++image)
      one(c, image, c.work.common, [&](const Product& p) { multiply(c.work, p); });
  }

 private:
  template <class Multiply>
  void one(const Call& c, std::size_t image, float* scratch, const Multiply& multiply) const {
    const float* x = c.in[0] + image * v_.image();
    if (v_.laid_out()) {
      lay_out(c.work.kernels, v_, x, scratch);
      x = scratch;
    }
    float* const aside = scratch + v_.laid_out_image();
    const std::size_t places = v_.out_plane(), outs = v_.out_group;
    for (std::size_t g = 0; g < v_.groups; ++g) {
      float* const out = c.out + (image * v_.groups + g) * outs * places;
      multiply(product(c, g, x, turned_ ? aside : out));
      if (turned_)
        c.work.kernels.pack(aside, static_cast<std::ptrdiff_t>(outs), 1, places, outs, places, out);
    }
  }

  /// Of one group of an image that is laid out, into `to`.
  Product product(const Call& c, std::size_t group, const float* image, float* to) const {
    Factor weights, numbers;
    if (packed_ != nullptr) {
      weights.packed = packed_ + group;
    } else {
      weights.data = c.in[1] + group * v_.out_group * v_.steps();
      weights.outer_stride = static_cast<std::ptrdiff_t>(v_.steps());
      weights.inner_stride = 1;
    }
    numbers.data = image + group * v_.in_group * v_.plane();
    if (places_) {
      numbers.place = places_->window.data();
      numbers.step = places_->step.data();
    } else {
      numbers.outer_stride = 1;
      numbers.inner_stride = static_cast<std::ptrdiff_t>(v_.in_plane());
    }
    Product p;
    p.m = turned_ ? v_.out_plane() : v_.out_group;
    p.n = turned_ ? v_.out_group : v_.out_plane();
    p.k = v_.steps();
    p.a = turned_ ? numbers : weights;
    p.b = turned_ ? weights : numbers;
    p.c = to, p.c_stride = p.n;
    p.end = end_;
    if (biased_) (turned_ ? p.end.column_bias : p.end.row_bias) = c.in[2] + group * v_.out_group;
    return p;
  }

  Convolution v_;
  bool biased_, turned_ = false;
  TileEnd end_;
  const PackedMatrix* packed_ = nullptr;  ///< a group
  std::shared_ptr<const Places> places_;  ///< none where each place of the image is one of the result
  std::size_t aside_ = 0, product_ = 0;   ///< results of a group before they are turned; of a product
};

Step convolution(const Request& r) {
  const Convolution v = convolution_of(r);
  if (v.in_group == 1 && v.groups > 1) return depthwise(r, v);
  const auto convolver = std::make_shared<const Convolver>(r);
  Step s;
  if (convolver->packed()) s.packed = {1};
  s.common = convolver->for_image();
  s.slot = convolver->for_product() + convolver->for_image();
  s.run = [convolver](const Call& c) { convolver->run(c); };
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
