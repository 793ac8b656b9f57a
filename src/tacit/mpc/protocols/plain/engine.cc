#include "tacit/mpc/protocols/plain/engine.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/ring/codec.h"

namespace tacit::plain {

namespace {
Share arith(RingTensor value, unsigned frac, Form form = Form::Full) {
  Share x{Domain::Arith, form, frac, 0, value.shape, {}};
  x.parts.push_back(std::move(value));
  return x;
}
template <class F>
Share map_words(const Share& x, unsigned frac, F f) {
  RingTensor out(x.shape);
  const Word* from = x.parts[0].data();
  Word* to = out.data();
  for (std::size_t i = 0, n = out.size(); i < n; ++i) to[i] = f(from[i]);
  return arith(std::move(out), frac);
}
/// Planes of bits from words: bit i of word e goes to plane i.
Share bits_of(const Compute& compute, const RingTensor& words, unsigned low, unsigned bits) {
  const std::size_t n = words.size(), w = plane_words(n);
  Words padded(64 * w);
  std::copy(words.words.begin(), words.words.end(), padded.begin());
  std::fill(padded.begin() + static_cast<std::ptrdiff_t>(n), padded.end(), 0);
  Share out{Domain::Bool, Form::Full, 0, bits, words.shape, {}};
  out.parts.emplace_back(Shape{bits, w});
  compute.kernels.to_planes(w, padded.data(), low, bits, out.parts[0].data(), w);
  return out;
}
Word bit_of(const Share& x, std::size_t i) { return x.parts[0].words[i / 64] >> (i % 64) & 1; }
}  // namespace

Share PlainEngine::input(PartyId, const RingTensor* mine, const Shape& shape, unsigned frac) {
  ensure(mine != nullptr && mine->shape == shape, "the only party has the input");
  return arith(*mine, frac);
}

Share PlainEngine::constant(const RingTensor& value, Domain domain, unsigned frac) {
  ensure(domain == Domain::Arith, "constants of bits are made by to_bool of constants");
  return arith(value, frac);
}

Share PlainEngine::bilinear(const Bilinear& map, const Share& a, const Share& b) {
  ensure(a.form == Form::Full && b.form == Form::Full && a.domain == b.domain, "products take Full shares");
  RingTensor out = evaluate(compute_, map, map.kind == Bilinear::Kind::And ? Field::Ring : field(),
                            a.parts[0], b.parts[0]);
  if (a.domain == Domain::Arith) return arith(std::move(out), a.frac + b.frac, Form::Sum);
  Share bits{Domain::Bool, Form::Full, 0, a.bits, a.shape, {}};
  bits.parts.push_back(std::move(out));
  return bits;
}

Share PlainEngine::trunc(const Share& x, unsigned bits) {
  ensure(bits >= 1 && bits <= 62 && x.frac >= bits, "truncation by 1 to 62 bits");
  const Word half = Word{1} << (bits - 1);
  return map_words(x, x.frac - bits,
                   [&](Word w) { return static_cast<Word>(static_cast<std::int64_t>(w + half) >> bits); });
}

Share PlainEngine::loosen(const Share& x) {
  Share out = x;
  out.form = Form::Sum;
  return out;
}

Share PlainEngine::settle(const Share& x) {
  Share out = x;
  out.form = Form::Full;
  return out;
}

Share PlainEngine::to_bool(const Share& x, unsigned bits) { return bits_of(compute_, x.parts[0], 0, bits); }
Share PlainEngine::msb(const Share& x, unsigned width) { return bits_of(compute_, x.parts[0], width - 1, 1); }

Share PlainEngine::to_arith(const Share& bit, unsigned frac) {
  RingTensor out(bit.shape);
  for (std::size_t i = 0; i < out.size(); ++i) out.words[i] = bit_of(bit, i) << frac;
  return arith(std::move(out), frac);
}

RingTensor PlainEngine::open(const Share& x, PartySet to, EngineKey) {
  return to.has(self()) ? x.parts[0] : RingTensor();
}

Share PlainEngine::adopt(std::vector<RingTensor> components, const Shape& shape, unsigned frac) {
  ensure(components.size() == 1 && components[0].shape == shape, "plain adopts one component");
  return arith(std::move(components[0]), frac);
}

Share PlainEngine::add_public(const Share& x, std::span<const double> values) {
  const Words words = encode(values, x.frac);
  ensure(words.size() == x.size(), "one public number an element");
  Share out = x;
  compute_.kernels.add(words.size(), out.parts[0].data(), words.data(), out.parts[0].data());
  return out;
}

Share PlainEngine::bit_not(const Share& x) {
  Share out = x;
  for (Word& w : out.parts[0].words) w = ~w;
  return out;
}

Share PlainEngine::piecewise(const Share& x, const Piecewise& function, unsigned frac) {
  return map_words(x, frac, [&](Word w) { return encode_fixed(function.f(decode_fixed(w, x.frac)), frac); });
}

}  // namespace tacit::plain
