// The engine over doubles. Points move nothing here, since a word is the value itself; only move_point, which
// is a multiplication by a power of two, does.
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/mpc/protocols/plain/engine.h"

namespace tacit::plain {

namespace {
double real(Word w) { return std::bit_cast<double>(w); }
Word word(double d) { return std::bit_cast<Word>(d); }

template <class F>
Share map_values(const Share& x, unsigned frac, F f) {
  Share out{Domain::Arith, x.form, frac, 0, x.shape, {}};
  out.parts.emplace_back(x.shape);
  const Word* from = x.parts[0].data();
  Word* to = out.parts[0].data();
  for (std::size_t i = 0, n = out.parts[0].size(); i < n; ++i) to[i] = word(f(real(from[i]), i));
  return out;
}
template <class F>
Share zip(const Share& a, const Share& b, F f) {
  ensure(a.frac == b.frac && a.form == b.form, "sums take shares of one kind and point");
  const Share spread = a.shape == b.shape ? b : strided(b, 0, broadcast_strides(b.shape, a.shape), a.shape);
  const Word* other = spread.parts[0].data();
  return map_values(a, a.frac, [&](double x, std::size_t i) { return f(x, real(other[i])); });
}
}  // namespace

Words DoubleEngine::encode(std::span<const double> values, unsigned) const {
  Words out(values.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = word(values[i]);
  return out;
}
std::vector<double> DoubleEngine::decode(std::span<const Word> words, unsigned) const {
  std::vector<double> out(words.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = real(words[i]);
  return out;
}

Share DoubleEngine::add(const Share& a, const Share& b) {
  return zip(a, b, [](double x, double y) { return x + y; });
}
Share DoubleEngine::sub(const Share& a, const Share& b) {
  return zip(a, b, [](double x, double y) { return x - y; });
}
Share DoubleEngine::negate(const Share& x) {
  return map_values(x, x.frac, [](double v, std::size_t) { return -v; });
}
Share DoubleEngine::scale(const Share& x, std::int64_t factor) {
  return map_values(x, x.frac, [&](double v, std::size_t) { return v * static_cast<double>(factor); });
}
Share DoubleEngine::scale_each(const Share& x, std::span<const double> factors, unsigned frac) {
  ensure(factors.size() == x.size() || factors.size() == 1, "one factor an element, or one for all");
  const std::size_t step = factors.size() == 1 ? 0 : 1;
  return map_values(x, x.frac + frac, [&](double v, std::size_t i) { return v * factors[step * i]; });
}
Share DoubleEngine::move_point(const Share& x, int k) {
  return map_values(x, static_cast<unsigned>(static_cast<int>(x.frac) - k),
                    [&](double v, std::size_t) { return std::ldexp(v, k); });
}
Share DoubleEngine::lift(const Share& x, unsigned bits) {
  Share out = x;
  out.frac += bits;
  return out;
}
Share DoubleEngine::sum_runs(const Share& x, std::size_t length, Shape shape) {
  Share out{Domain::Arith, x.form, x.frac, 0, shape, {}};
  out.parts.emplace_back(shape);
  const Word* from = x.parts[0].data();
  Word* to = out.parts[0].data();
  for (std::size_t g = 0, n = out.parts[0].size(); g < n; ++g) {
    double sum = 0;
    for (std::size_t i = 0; i < length; ++i) sum += real(from[g * length + i]);
    to[g] = word(sum);
  }
  return out;
}
Share DoubleEngine::add_public(const Share& x, std::span<const double> values) {
  ensure(values.size() == x.size(), "one public number an element");
  return map_values(x, x.frac, [&](double v, std::size_t i) { return v + values[i]; });
}

Share DoubleEngine::trunc(const Share& x, unsigned bits) {
  Share out = settle(x);
  out.frac -= bits;
  return out;
}
Share DoubleEngine::to_arith(const Share& bit, unsigned frac) {
  Share out{Domain::Arith, Form::Full, frac, 0, bit.shape, {}};
  out.parts.emplace_back(bit.shape);
  const Word* bits = bit.parts[0].data();
  Word* to = out.parts[0].data();
  for (std::size_t i = 0, n = out.parts[0].size(); i < n; ++i)
    to[i] = word(static_cast<double>(bits[i / 64] >> (i % 64) & 1));
  return out;
}
Share DoubleEngine::msb(const Share& x, unsigned) {
  Share out{Domain::Bool, Form::Full, 0, 1, x.shape, {}};
  out.parts.push_back(RingTensor::zeros({1, plane_words(x.size())}));
  const Word* from = x.parts[0].data();
  Word* to = out.parts[0].data();
  for (std::size_t i = 0, n = x.size(); i < n; ++i) to[i / 64] |= Word{real(from[i]) < 0} << (i % 64);
  return out;
}
Share DoubleEngine::piecewise(const Share& x, const Piecewise& function, unsigned frac) {
  Share out = map_values(x, frac, [&](double v, std::size_t) { return function.f(v); });
  out.form = Form::Full;
  return out;
}

}  // namespace tacit::plain
