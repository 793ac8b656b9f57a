#include "tacit/audit/algebra.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace tacit::audit {

namespace {

constexpr std::size_t kRowsAtOnce = 256;
/// Points at which gradients are looked at, until nothing new was seen at so many one after the other.
constexpr std::size_t kMostPoints = 48, kIdlePoints = 12;

using Numbers = std::vector<double>;

/// Asks, and counts.
class Asker {
 public:
  Asker(const Points& f, std::size_t inputs, std::size_t outputs)
      : f_(f), inputs_(inputs), outputs_(outputs) {}

  Numbers at(const Numbers& x) {
    ++queries;
    return f_(1, x);
  }
  /// Values at x + step·e_i, for each input i: [inputs, outputs].
  Numbers around(const Numbers& x, double step) {
    Numbers out;
    out.reserve(inputs_ * outputs_);
    for (std::size_t begin = 0; begin < inputs_; begin += kRowsAtOnce) {
      const std::size_t rows = std::min(kRowsAtOnce, inputs_ - begin);
      Numbers points;
      points.reserve(rows * inputs_);
      for (std::size_t r = 0; r < rows; ++r) {
        points.insert(points.end(), x.begin(), x.end());
        points[r * inputs_ + begin + r] += step;
      }
      const Numbers y = f_(rows, std::move(points));
      out.insert(out.end(), y.begin(), y.end());
    }
    queries += inputs_;
    return out;
  }
  /// [outputs, inputs], where the function is affine that far.
  Numbers gradient(const Numbers& x, const Numbers& here, double step) {
    const Numbers y = around(x, step);
    Numbers out(outputs_ * inputs_);
    for (std::size_t i = 0; i < inputs_; ++i)
      for (std::size_t o = 0; o < outputs_; ++o)
        out[o * inputs_ + i] = (y[i * outputs_ + o] - here[o]) / step;
    return out;
  }
  std::uint64_t queries = 0;

 private:
  const Points& f_;
  std::size_t inputs_, outputs_;
};

Numbers normal_numbers(std::size_t count, std::mt19937_64& source) {
  std::normal_distribution<double> normal;
  Numbers out(count);
  for (double& x : out) x = normal(source);
  return out;
}
double product(const double* a, const double* b, std::size_t n) {
  return std::inner_product(a, a + n, b, 0.0);
}
double largest(const Numbers& x) {
  double out = 0;
  for (const double v : x) out = std::max(out, std::fabs(v));
  return out;
}
Numbers moved(const Numbers& x, const Numbers& by, double times) {
  Numbers out = x;
  for (std::size_t i = 0; i < x.size(); ++i) out[i] += times * by[i];
  return out;
}

/// Where a function bends along a line.
class Line {
 public:
  /// Slopes that differ by no more than `least` are alike.
  Line(Asker& asker, Numbers from, Numbers along, double least, std::uint64_t most_queries)
      : asker_(asker),
        from_(std::move(from)),
        along_(std::move(along)),
        least_(least),
        most_queries_(most_queries) {}

  /// Bends between these ends, upwards.
  void search(double low, double high) {
    const Numbers at_low = value(low), at_high = value(high);
    search(low, high, at_low, slope(low, at_low, +1), at_high, slope(high, at_high, -1), 0);
  }
  Numbers point(double t) const { return moved(from_, along_, t); }
  std::vector<double> bends;

 private:
  static constexpr int kDeepest = 60;
  static constexpr double kAlike = 1e-6;

  Numbers value(double t) { return asker_.at(point(t)); }
  static double step(double t) { return 1e-6 * std::max(1.0, std::fabs(t)); }
  Numbers slope(double t, const Numbers& here, int side) {
    const double h = side * step(t);
    Numbers out = value(t + h);
    for (std::size_t o = 0; o < out.size(); ++o) out[o] = (out[o] - here[o]) / h;
    return out;
  }
  bool alike(const Numbers& a, const Numbers& b) const {
    const double most = std::max(kAlike * std::max(largest(a), largest(b)), least_);
    for (std::size_t o = 0; o < a.size(); ++o)
      if (std::fabs(a[o] - b[o]) > most) return false;
    return true;
  }

  void search(double low, double high, const Numbers& f_low, const Numbers& g_low, const Numbers& f_high,
              const Numbers& g_high, int deep) {
    if (deep > kDeepest || high - low < 4 * step(low) || asker_.queries > most_queries_) return;
    if (alike(g_low, g_high)) return;
    // Where both tangents meet, by least squares over the outputs.
    double over = 0, under = 0;
    for (std::size_t o = 0; o < f_low.size(); ++o) {
      const double d = g_low[o] - g_high[o];
      over += d * (f_high[o] - f_low[o] - g_high[o] * high + g_low[o] * low);
      under += d * d;
    }
    const double t = over / under;
    if (t > low && t < high) {
      const Numbers f = value(t);
      Numbers expected = f_low;
      for (std::size_t o = 0; o < f.size(); ++o) expected[o] += g_low[o] * (t - low);
      double off = 0, size = std::max(largest(f), 1e-12);
      for (std::size_t o = 0; o < f.size(); ++o) off = std::max(off, std::fabs(f[o] - expected[o]));
      if (off < kAlike * 1e-2 * size) {
        // One bend, if the tangents reach it from both sides.
        const Numbers left = slope((low + t) / 2, value((low + t) / 2), +1);
        const Numbers right = slope((t + high) / 2, value((t + high) / 2), +1);
        if (alike(left, g_low) && alike(right, g_high)) {
          bends.push_back(t);
          return;
        }
      }
    }
    // An end of both halves that no bend stands at.
    const double middle = low + 0.4837 * (high - low);
    const Numbers f = value(middle);
    search(low, middle, f_low, g_low, f, slope(middle, f, -1), deep + 1);
    search(middle, high, f, slope(middle, f, +1), f_high, g_high, deep + 1);
  }

  Asker& asker_;
  Numbers from_, along_;
  double least_;
  std::uint64_t most_queries_;
};

/// The neuron that changes sides between two points: what the gradients there differ by is one column times
/// one row, and along the line between them both tangents meet where it does.
void add_neuron(Recovered& r, const Numbers& before, const Numbers& after, const Numbers& bend,
                const Numbers& along, double reach) {
  Numbers jump(before.size());
  for (std::size_t i = 0; i < jump.size(); ++i) jump[i] = after[i] - before[i];
  std::size_t row = 0;
  double most = 0;
  for (std::size_t o = 0; o < r.outputs; ++o) {
    const double* at = jump.data() + o * r.inputs;
    if (const double n = product(at, at, r.inputs); n > most) most = n, row = o;
  }
  if (most <= 0) return;
  Numbers w(jump.begin() + static_cast<std::ptrdiff_t>(row * r.inputs),
            jump.begin() + static_cast<std::ptrdiff_t>((row + 1) * r.inputs));
  // Turned so that it is the far side on which it is not 0, as the gradients have it.
  const double scale = std::copysign(std::sqrt(most), product(w.data(), along.data(), r.inputs));
  for (double& x : w) x /= scale;
  // Of a line that runs beside it gradients may have been taken across it.
  if (largest(w) > reach * std::fabs(product(w.data(), along.data(), r.inputs))) return;
  Numbers outer;
  for (std::size_t o = 0; o < r.outputs; ++o) {
    const auto old = r.outer.begin() + static_cast<std::ptrdiff_t>(o * r.hidden);
    outer.insert(outer.end(), old, old + static_cast<std::ptrdiff_t>(r.hidden));
    outer.push_back(product(jump.data() + o * r.inputs, w.data(), r.inputs));
  }
  // Where more than one changed sides, another line will tell them apart.
  double off = 0;
  for (std::size_t o = 0; o < r.outputs; ++o)
    for (std::size_t i = 0; i < r.inputs; ++i)
      off = std::max(off, std::fabs(jump[o * r.inputs + i] - outer[o * (r.hidden + 1) + r.hidden] * w[i]));
  if (off > 1e-3 * std::sqrt(most)) return;
  r.outer = std::move(outer);
  r.shift.push_back(-product(w.data(), bend.data(), r.inputs));
  r.inner.insert(r.inner.end(), w.begin(), w.end());
  ++r.hidden;
}

}  // namespace

std::vector<double> Recovered::run(std::size_t rows, const std::vector<double>& x) const {
  Numbers out;
  Numbers bent(hidden);
  for (std::size_t r = 0; r < rows; ++r) {
    const double* at = x.data() + r * inputs;
    for (std::size_t h = 0; h < hidden; ++h)
      bent[h] = std::max(product(&inner[h * inputs], at, inputs) + shift[h], 0.0);
    for (std::size_t o = 0; o < outputs; ++o) {
      double y = bias[o] + product(&direct[o * inputs], at, inputs);
      if (hidden > 0) y += product(&outer[o * hidden], bent.data(), hidden);
      out.push_back(rectified ? std::max(y, 0.0) : y);
    }
  }
  return out;
}

Recovered recover_affine(const Points& f, std::size_t inputs, std::size_t outputs) {
  Asker asker(f, inputs, outputs);
  Recovered out{inputs, outputs, 0, false, {}, {}, {}, {}, {}, 0};
  const Numbers origin(inputs);
  out.bias = asker.at(origin);
  out.direct = asker.gradient(origin, out.bias, 1);
  out.queries = asker.queries;
  return out;
}

Recovered recover_rectified(const Points& f, std::size_t inputs, std::size_t outputs) {
  Asker asker(f, inputs, outputs);
  Recovered out{inputs, outputs, 0, true, Numbers(outputs * inputs), Numbers(outputs), {}, {}, {}, 0};
  std::vector<bool> known(outputs);
  std::mt19937_64 source(1);
  std::size_t left = outputs;
  for (std::size_t point = 0, idle = 0; point < kMostPoints && idle < kIdlePoints && left > 0; ++point) {
    // Also far away, where no bias holds an output at 0.
    const double far = std::pow(10.0, static_cast<double>(point % 3)), step = 1e-4 * far;
    const Numbers x = moved(Numbers(inputs), normal_numbers(inputs, source), far);
    const Numbers here = asker.at(x);
    ++idle;
    bool news = false;
    for (std::size_t o = 0; o < outputs; ++o) news = news || (!known[o] && here[o] > 0);
    if (!news) continue;
    const Numbers y = asker.around(x, step);
    for (std::size_t o = 0; o < outputs; ++o) {
      bool bends = known[o] || here[o] <= 0;
      for (std::size_t i = 0; i < inputs && !bends; ++i) bends = y[i * outputs + o] <= 0;
      if (bends) continue;
      double* row = &out.direct[o * inputs];
      for (std::size_t i = 0; i < inputs; ++i) row[i] = (y[i * outputs + o] - here[o]) / step;
      out.bias[o] = here[o] - product(row, x.data(), inputs);
      known[o] = true;
      --left;
      idle = 0;
    }
  }
  out.queries = asker.queries;
  return out;
}

std::optional<Recovered> recover_one_hidden(const Points& f, std::size_t inputs, std::size_t outputs,
                                            std::size_t most_hidden, std::uint64_t most_queries) {
  constexpr double kEnd = 30, kNear = 2e-3;
  constexpr std::size_t kMostLines = 16, kIdleLines = 3;
  Recovered out{inputs, outputs, 0, false, Numbers(outputs * inputs), Numbers(outputs), {}, {}, {}, 0};
  // What is not explained yet: later lines see the neurons that earlier ones missed, or had wrong, alone.
  const Points rest = [&](std::size_t rows, std::vector<double> x) {
    const Numbers known = out.run(rows, x);
    Numbers y = f(rows, std::move(x));
    for (std::size_t i = 0; i < y.size(); ++i) y[i] -= known[i];
    return y;
  };
  Asker asker(rest, inputs, outputs);
  std::mt19937_64 source(2);
  const double least = 1e-6 * largest(recover_affine(rest, inputs, outputs).direct);
  for (std::size_t l = 0, idle = 0; l < kMostLines && idle < kIdleLines; ++l) {
    const Numbers along = normal_numbers(inputs, source);
    Line line(asker, normal_numbers(inputs, source), along, least, most_queries);
    line.search(-kEnd, kEnd);
    idle = line.bends.empty() ? idle + 1 : 0;
    for (std::size_t b = 0; b < line.bends.size(); ++b) {
      // Beside it, and nearer than the next.
      const double t = line.bends[b];
      double gap = std::max(1.0, std::fabs(t));
      if (b > 0) gap = std::min(gap, t - line.bends[b - 1]);
      if (b + 1 < line.bends.size()) gap = std::min(gap, line.bends[b + 1] - t);
      if (gap < kNear) continue;
      const double beside = 0.2 * gap, step = 1e-3 * beside;
      if (out.hidden == most_hidden || asker.queries + 2 * inputs > most_queries) return std::nullopt;
      const Numbers p = line.point(t - beside), q = line.point(t + beside);
      const Numbers at_p = asker.at(p), at_q = asker.at(q);
      const Numbers before = asker.gradient(p, at_p, step), after = asker.gradient(q, at_q, step);
      double over = 0, under = 0;
      for (std::size_t o = 0; o < outputs; ++o) {
        const double left = product(&before[o * inputs], along.data(), inputs);
        const double right = product(&after[o * inputs], along.data(), inputs), d = right - left;
        over += d * (at_q[o] - at_p[o] - left * 2 * beside);
        under += d * d;
      }
      // The part of the way that the second tangent takes, from the far end.
      const double where = under > 0 ? t + beside - over / under : t;
      if (std::fabs(where - t) < beside)
        add_neuron(out, before, after, line.point(where), along, 0.5 * beside / step);
    }
  }
  if (asker.queries > most_queries) return std::nullopt;
  // What is left is affine.
  Recovered affine = recover_affine(rest, inputs, outputs);
  out.direct = std::move(affine.direct);
  out.bias = std::move(affine.bias);
  out.queries = asker.queries + 2 * affine.queries;  // and of the slopes at first
  return out;
}

}  // namespace tacit::audit
