// Steps of operators that look at rows of numbers: sums, the largest, softmax, normalisations. Axes that are
// taken together and do not lie side by side are brought there first.
#include <algorithm>
#include <cmath>

#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/runtime/makers.h"
#include "tacit/runtime/view.h"

namespace tacit::runtime {

namespace {

/// Operands as rows [count][length] of numbers that are taken together.
struct RowsOf {
  std::size_t count, length;
  std::optional<BoxCopy> there, back;  ///< if they do not lie so already
  std::size_t size() const { return count * length; }
};

RowsOf rows_over(const Shape& x, const std::vector<std::size_t>& axes) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) order.push_back(i);
  order.insert(order.end(), axes.begin(), axes.end());
  RowsOf rows{1, 1, std::nullopt, std::nullopt};
  for (const std::size_t a : axes) rows.length *= x[a];
  for (std::size_t i = 0; i + axes.size() < x.size(); ++i) rows.count *= x[order[i]];
  if (std::is_sorted(order.begin(), order.end())) return rows;
  const Strides own = strides_of(x);
  Shape moved;
  Strides from;
  for (const std::size_t a : order) {
    moved.push_back(x[a]);
    from.push_back(own[a]);
  }
  rows.there.emplace(moved, from, strides_of(moved));
  rows.back.emplace(moved, strides_of(moved), from);
  return rows;
}

/// Calls body(row, numbers) for all rows of the first operand.
template <class Body>
void each_row(const RowsOf& rows, const Call& c, const Body& body) {
  const float* x = c.in[0];
  if (rows.there) {
    rows.there->run(x, c.work.common);
    x = c.work.common;
  }
  c.work.each(rows.count, rows.length, [&](std::size_t row, float*) { body(row, x + row * rows.length); });
}

/// A number a row, times a factor and then a function.
Step number_step(const RowsOf& rows, Row what, float factor = 1, bool root = false) {
  Step s;
  s.common = rows.there ? rows.size() : 0;
  s.run = [=](const Call& c) {
    const auto f = c.work.kernels.row[static_cast<std::size_t>(what)];
    each_row(rows, c, [&](std::size_t row, const float* x) {
      const float v = f(rows.length, x) * factor;
      c.out[row] = root ? std::sqrt(v) : v;
    });
  };
  return s;
}

RowsOf reduced(const Request& r) { return rows_over(r.in[0], nn::axes_of(r.attrs, r.in[0])); }
template <Row kWhat, bool kRoot = false>
Step reduce(const Request& r) {
  return number_step(reduced(r), kWhat, 1, kRoot);
}
float share_of(const RowsOf& rows) { return static_cast<float>(1 / static_cast<double>(rows.length)); }
Step reduce_mean(const Request& r) {
  const RowsOf rows = reduced(r);
  return number_step(rows, Row::Sum, share_of(rows));
}
Step reduce_log_sum(const Request& r) {
  const RowsOf rows = reduced(r);
  Step s;
  s.common = rows.there ? rows.size() : 0;
  s.run = [=](const Call& c) {
    each_row(rows, c,
             [&](std::size_t row, const float* x) { c.out[row] = c.work.kernels.log_sum(rows.length, x); });
  };
  return s;
}
RowsOf images(const Request& r) { return rows_over(r.in[0], {2, 3}); }
Step global_mean(const Request& r) {
  const RowsOf rows = images(r);
  return number_step(rows, Row::Sum, share_of(rows));
}
Step global_max(const Request& r) { return number_step(images(r), Row::Max); }

/// A row for a row.
Step row_step(const Request& r, void (*FloatKernels::*what)(std::size_t, const float*, float*)) {
  const RowsOf rows = rows_over(r.in[0], {nn::axis_of(r.attrs.integer("axis", -1), r.in[0])});
  Step s;
  s.in_place = {0};
  s.common = rows.there ? rows.size() : 0;
  s.run = [=](const Call& c) {
    float* const out = rows.there ? c.work.common : c.out;
    each_row(rows, c, [&](std::size_t row, const float* x) {
      (c.work.kernels.*what)(rows.length, x, out + row * rows.length);
    });
    if (rows.back) rows.back->run(c.work.common, c.out);
  };
  return s;
}
Step softmax(const Request& r) { return row_step(r, &FloatKernels::softmax); }
Step log_softmax(const Request& r) { return row_step(r, &FloatKernels::log_softmax); }

template <bool kLargest>
Step place_step(const Request& r) {
  const std::size_t axis = nn::axis_of(r.attrs.integer("axis", 0), r.in[0]);
  const std::size_t length = r.in[0][axis], after = row_major_strides(r.in[0])[axis];
  const std::size_t before = elements(r.in[0]) / std::max<std::size_t>(1, length * after);
  const bool last = r.attrs.integer("select_last_index", 0) != 0;
  Step s;
  s.run = [=](const Call& c) {
    for (std::size_t b = 0; b < before; ++b)
      for (std::size_t a = 0; a < after; ++a) {
        const float* x = c.in[0] + b * length * after + a;
        std::size_t best = 0;
        for (std::size_t i = 1; i < length; ++i) {
          const float v = x[i * after], top = x[best * after];
          if ((kLargest ? v > top : v < top) || (last && v == top)) best = i;
        }
        c.out[b * after + a] = static_cast<float>(best);
      }
  };
  return s;
}

Step layer_norm(const Request& r) {
  const std::size_t axis = nn::axis_of(r.attrs.integer("axis", -1), r.in[0]);
  std::size_t length = 1;
  for (std::size_t i = axis; i < r.in[0].size(); ++i) length *= r.in[0][i];
  const std::size_t rows = elements(r.in[0]) / std::max<std::size_t>(1, length);
  const float epsilon = static_cast<float>(r.attrs.real("epsilon", 1e-5));
  const bool biased = r.has(2);
  Step s;
  s.in_place = {0};
  s.run = [=](const Call& c) {
    c.work.each(rows, length, [&](std::size_t row, float*) {
      c.work.kernels.layer_norm(length, c.in[0] + row * length, c.in[1], biased ? c.in[2] : nullptr, epsilon,
                                c.out + row * length);
    });
  };
  return s;
}

/// By the running statistics: a factor and a summand a channel.
Step batch_norm(const Request& r) {
  const std::size_t channels = r.in[0][1], images_in = r.in[0][0];
  const std::size_t each = elements(r.in[0]) / std::max<std::size_t>(1, channels * images_in);
  const double epsilon = r.attrs.real("epsilon", 1e-5);
  const bool clamped = r.clamped;
  const float low = r.low, high = r.high;
  Step s;
  s.in_place = {0};
  s.run = [=](const Call& c) {
    const auto scale = c.work.kernels.unary[static_cast<std::size_t>(Unary::Scale)];
    c.work.each(images_in * channels, each, [&](std::size_t i, float*) {
      const std::size_t channel = i % channels;
      const auto at = [&](std::size_t input) { return static_cast<double>(c.in[input][channel]); };
      const double factor = at(1) / std::sqrt(at(4) + epsilon);
      const float line[] = {static_cast<float>(factor), static_cast<float>(at(2) - at(3) * factor)};
      scale(each, c.in[0] + i * each, line, c.out + i * each);
      clamp_if(c.work, clamped, low, high, each, c.out + i * each);
    });
  };
  return s;
}

}  // namespace

std::span<const Maker> row_makers() {
  static constexpr Maker kAll[] = {{&nn::kArgMax, place_step<true>},
                                   {&nn::kArgMin, place_step<false>},
                                   {&nn::kBatchNormalization, batch_norm, true},
                                   {&nn::kGlobalAveragePool, global_mean},
                                   {&nn::kGlobalMaxPool, global_max},
                                   {&nn::kLayerNormalization, layer_norm},
                                   {&nn::kLogSoftmax, log_softmax},
                                   {&nn::kReduceL1, reduce<Row::SumOfMagnitudes>},
                                   {&nn::kReduceL2, reduce<Row::SumOfSquares, true>},
                                   {&nn::kReduceLogSumExp, reduce_log_sum},
                                   {&nn::kReduceMax, reduce<Row::Max>},
                                   {&nn::kReduceMean, reduce_mean},
                                   {&nn::kReduceMin, reduce<Row::Min>},
                                   {&nn::kReduceSum, reduce<Row::Sum>},
                                   {&nn::kReduceSumSquare, reduce<Row::SumOfSquares>},
                                   {&nn::kSoftmax, softmax}};
  return kAll;
}

}  // namespace tacit::runtime
