// Steps of operators on several tensors, number by number: arithmetic, comparisons, logic, choices. Operands
// are repeated to the shape of the result without being copied.
#include <algorithm>

#include "tacit/nn/ops/ops.h"
#include "tacit/runtime/makers.h"
#include "tacit/runtime/view.h"

namespace tacit::runtime {

namespace {

/// Numbers that a task takes of a row: they stay in a cache.
constexpr std::size_t kPart = 1 << 13;

std::vector<std::size_t> of_shape(const std::vector<Shape>& in, const Shape& out) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < in.size(); ++i)
    if (in[i] == out) places.push_back(i);
  return places;
}

/// Of two operands; `swapped`: the other way round.
template <Binary kFunction, bool kSwapped = false>
Step pair_step(const Request& r) {
  const std::size_t first = kSwapped ? 1 : 0;
  const Repeated loop({r.in[first], r.in[1 - first]}, r.out);
  const bool clamped = r.clamped;
  const float low = r.low, high = r.high;
  Step s;
  s.in_place = of_shape(r.in, r.out);
  s.run = [=](const Call& c) {
    const auto f = c.work.kernels.binary[static_cast<std::size_t>(kFunction)];
    const std::size_t parts = (loop.row() + kPart - 1) / kPart;
    c.work.each(loop.rows() * parts, std::min(kPart, loop.row()), [&](std::size_t task, float*) {
      const std::size_t row = task / parts, from = task % parts * kPart,
                        n = std::min(kPart, loop.row() - from);
      float* to = c.out + row * loop.row() + from;
      f(n, c.in[first] + loop.begin(0, row) + from * loop.step(0), loop.step(0),
        c.in[1 - first] + loop.begin(1, row) + from * loop.step(1), loop.step(1), to);
      clamp_if(c.work, clamped, low, high, n, to);
    });
  };
  return s;
}

/// Of any number of operands, one after the other; then times a factor.
Step several(const Request& r, Binary function, double factor) {
  const Repeated first({r.in[0]}, r.out);
  std::vector<Repeated> more;
  for (std::size_t i = 1; i < r.in.size(); ++i) more.push_back(Repeated({r.out, r.in[i]}, r.out));
  const float scale[] = {static_cast<float>(factor), 0};
  const std::size_t n = elements(r.out);
  Step s;
  if (r.in[0] == r.out) s.in_place = {0};
  s.run = [=](const Call& c) {
    if (c.in[0] != c.out)
      for (std::size_t row = 0; row < first.rows(); ++row) {
        const float* from = c.in[0] + first.begin(0, row);
        float* to = c.out + row * first.row();
        if (first.step(0) == 0)
          std::fill_n(to, first.row(), *from);
        else
          std::copy_n(from, first.row(), to);
      }
    const auto f = c.work.kernels.binary[static_cast<std::size_t>(function)];
    for (std::size_t i = 0; i < more.size(); ++i)
      for (std::size_t row = 0; row < more[i].rows(); ++row) {
        float* to = c.out + more[i].begin(0, row);
        f(more[i].row(), to, more[i].step(0), c.in[i + 1] + more[i].begin(1, row), more[i].step(1), to);
      }
    if (scale[0] != 1) c.work.kernels.unary[static_cast<std::size_t>(Unary::Scale)](n, c.out, scale, c.out);
  };
  return s;
}
Step sum(const Request& r) { return several(r, Binary::Add, 1); }
Step mean(const Request& r) { return several(r, Binary::Add, 1 / static_cast<double>(r.in.size())); }
Step largest(const Request& r) { return several(r, Binary::Max, 1); }
Step smallest(const Request& r) { return several(r, Binary::Min, 1); }

Step where(const Request& r) {
  const Repeated loop({r.in[0], r.in[1], r.in[2]}, r.out);
  Step s;
  s.in_place = of_shape(r.in, r.out);
  s.run = [=](const Call& c) {
    for (std::size_t row = 0; row < loop.rows(); ++row)
      c.work.kernels.choose(loop.row(), c.in[0] + loop.begin(0, row), loop.step(0),
                            c.in[1] + loop.begin(1, row), loop.step(1), c.in[2] + loop.begin(2, row),
                            loop.step(2), c.out + row * loop.row());
  };
  return s;
}

}  // namespace

std::span<const Maker> pair_makers() {
  static constexpr Maker kAll[] = {{&nn::kAdd, pair_step<Binary::Add>, true},
                                   {&nn::kAnd, pair_step<Binary::And>},
                                   {&nn::kDiv, pair_step<Binary::Div>, true},
                                   {&nn::kEqual, pair_step<Binary::Equal>},
                                   {&nn::kGreater, pair_step<Binary::Less, true>},
                                   {&nn::kGreaterOrEqual, pair_step<Binary::LessOrEqual, true>},
                                   {&nn::kLess, pair_step<Binary::Less>},
                                   {&nn::kLessOrEqual, pair_step<Binary::LessOrEqual>},
                                   {&nn::kMax, largest},
                                   {&nn::kMean, mean},
                                   {&nn::kMin, smallest},
                                   {&nn::kMul, pair_step<Binary::Mul>, true},
                                   {&nn::kOr, pair_step<Binary::Or>},
                                   {&nn::kPRelu, pair_step<Binary::PRelu>},
                                   {&nn::kSub, pair_step<Binary::Sub>, true},
                                   {&nn::kSum, sum},
                                   {&nn::kWhere, where},
                                   {&nn::kXor, pair_step<Binary::Xor>}};
  return kAll;
}

}  // namespace tacit::runtime
