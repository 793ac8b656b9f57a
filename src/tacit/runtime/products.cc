// Steps of MatMul and Gemm. A second factor that is the model's own is packed ahead.
#include <algorithm>

#include "tacit/nn/ops/ops.h"
#include "tacit/runtime/makers.h"
#include "tacit/runtime/view.h"

namespace tacit::runtime {

namespace {

/// Rows and columns of a factor, and how far they lie apart.
struct Sides {
  std::size_t m, n, k;
  std::ptrdiff_t a_outer, a_inner, b_outer, b_inner;

  Product product(const Call& c, const PackedMatrix* packed) const {
    Product p;
    p.m = m, p.n = n, p.k = k;
    p.a.data = c.in[0], p.a.outer_stride = a_outer, p.a.inner_stride = a_inner;
    p.b.packed = packed, p.b.data = c.in[1], p.b.outer_stride = b_outer, p.b.inner_stride = b_inner;
    p.c = c.out, p.c_stride = n;
    return p;
  }
};

std::ptrdiff_t far(std::size_t n) { return static_cast<std::ptrdiff_t>(n); }

/// The second factor in panels, if it is the model's own; null if it is to be packed while the product runs.
const PackedMatrix* packed_ahead(const Request& r, const Sides& s, float factor) {
  if (r.packs == nullptr) return nullptr;
  std::vector<PackedMatrix>& all = r.packs->matrices;
  if (all.empty() && r.weights[1] != nullptr)
    all.emplace_back(r.kernels, r.packs->memory, r.kernels.nr, r.weights[1], s.n, s.b_outer, s.k, s.b_inner,
                     factor);
  return all.empty() ? nullptr : all.data();
}

Step rows_times_matrix(const Request& r) {
  const std::size_t k = r.in[1][0], n = r.in[1][1];
  const Sides sides{elements(r.in[0]) / std::max<std::size_t>(1, k), n, k, far(k), 1, 1, far(n)};
  const PackedMatrix* packed = packed_ahead(r, sides, 1);
  const bool added = r.added, clamped = r.clamped;
  const float low = r.low, high = r.high;
  Step s;
  s.slot = product_scratch(r.kernels, sides.m, n, k, false, packed != nullptr);
  if (packed != nullptr) s.packed = {1};
  s.run = [=](const Call& c) {
    Product p = sides.product(c, packed);
    p.end = {nullptr, added ? c.in[2] : nullptr, clamped, low, high};
    multiply(c.work, p);
  };
  return s;
}

/// A product for each place of the leading axes.
Step several_products(const Request& r) {
  const Shape &a = r.in[0], &b = r.in[1];
  const std::size_t m = a[a.size() - 2], k = a.back(), n = b.back();
  const Sides sides{m, n, k, far(k), 1, 1, far(n)};
  const Shape lead(r.out.begin(), r.out.end() - 2);
  // A place of the leading axes is a place of a tensor of matrices.
  const auto places = [&](const Shape& in) {
    const auto strides = broadcast_strides(Shape(in.begin(), in.end() - 2), lead),
               own = row_major_strides(lead);
    std::vector<std::size_t> out(elements(lead));
    for (std::size_t i = 0; i < out.size(); ++i)
      for (std::size_t axis = 0; axis < lead.size(); ++axis)
        out[i] += i / own[axis] % lead[axis] * strides[axis];
    return out;
  };
  const auto first = places(a), second = places(b);
  Step s;
  s.slot = product_scratch(r.kernels, m, n, k, false, false);
  s.run = [=](const Call& c) {
    const auto product = [&](std::size_t i) {
      Product p = sides.product(c, nullptr);
      p.a.data += first[i] * m * k;
      p.b.data += second[i] * k * n;
      p.c += i * m * n;
      return p;
    };
    if (first.size() < c.work.slot_count)
      for (std::size_t i = 0; i < first.size(); ++i) multiply(c.work, product(i));
    else
      c.work.each(first.size(), m * n * k,
                  [&](std::size_t i, float* scratch) { multiply(c.work.kernels, product(i), scratch); });
  };
  return s;
}

Step matmul(const Request& r) {
  if (r.in[1].size() == 2) return rows_times_matrix(r);
  Step s = several_products(r);
  if (!r.clamped) return s;
  const float low = r.low, high = r.high;
  s.run = [=, product = std::move(s.run), n = elements(r.out)](const Call& c) {
    product(c);
    clamp(c.work.kernels, n, low, high, c.out);
  };
  return s;
}

/// Whether a bias is one number a column.
bool of_columns(const Shape& bias, std::size_t n) {
  return !bias.empty() && bias.back() == n && elements(bias) == n;
}

Step gemm(const Request& r) {
  const bool turned_a = r.attrs.integer("transA", 0) != 0, turned_b = r.attrs.integer("transB", 0) != 0;
  const std::size_t m = r.out[0], n = r.out[1], k = r.in[0][turned_a ? 0 : 1];
  const Sides sides{
      m, n, k, turned_a ? 1 : far(k), turned_a ? far(m) : 1, turned_b ? far(k) : 1, turned_b ? 1 : far(n)};
  const float alpha = static_cast<float>(r.attrs.real("alpha", 1)),
              beta = static_cast<float>(r.attrs.real("beta", 1));
  const PackedMatrix* packed = packed_ahead(r, sides, alpha);
  const float factor = packed != nullptr ? 1 : alpha;
  const bool biased = r.has(2), clamped = r.clamped;
  const float low = r.low, high = r.high;
  Step s;
  s.slot = product_scratch(r.kernels, m, n, k, false, packed != nullptr);
  if (packed != nullptr) s.packed = {1};
  if (factor == 1 && (!biased || (beta == 1 && of_columns(r.in[2], n)))) {
    s.run = [=](const Call& c) {
      Product p = sides.product(c, packed);
      p.end = {nullptr, biased ? c.in[2] : nullptr, clamped, low, high};
      multiply(c.work, p);
    };
    return s;
  }
  const std::size_t bias_size = biased ? elements(r.in[2]) : 0;
  const Repeated loop({r.out, biased ? r.in[2] : Shape{}}, r.out);
  s.common = bias_size;
  s.run = [=](const Call& c) {
    multiply(c.work, sides.product(c, packed));
    const FloatKernels& kernels = c.work.kernels;
    const auto scale = kernels.unary[static_cast<std::size_t>(Unary::Scale)];
    const float by_alpha[] = {factor, 0}, by_beta[] = {beta, 0};
    if (factor != 1) scale(m * n, c.out, by_alpha, c.out);
    if (biased) {
      scale(bias_size, c.in[2], by_beta, c.work.common);
      const auto add = kernels.binary[static_cast<std::size_t>(Binary::Add)];
      for (std::size_t row = 0; row < loop.rows(); ++row) {
        float* to = c.out + loop.begin(0, row);
        add(loop.row(), to, loop.step(0), c.work.common + loop.begin(1, row), loop.step(1), to);
      }
    }
    clamp_if(c.work, clamped, low, high, m * n, c.out);
  };
  return s;
}

}  // namespace

std::span<const Maker> product_makers() {
  static constexpr Maker kAll[] = {{&nn::kGemm, gemm, true}, {&nn::kMatMul, matmul, true}};
  return kAll;
}

}  // namespace tacit::runtime
