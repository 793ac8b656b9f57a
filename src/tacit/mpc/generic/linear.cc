// Local arithmetic on shares of ring elements: component by component, the same for every protocol.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/mpc/engine.h"
#include "tacit/ring/codec.h"

namespace tacit {

namespace {

void ensure_alike(const Share& a, const Share& b) {
  ensure(a.domain == b.domain && a.form == b.form && a.frac == b.frac && a.bits == b.bits,
         "sums take shares of one kind and point");
}

template <class Op>
Share componentwise(const Share& a, const Share& b, Op op) {
  ensure_alike(a, b);
  ensure(a.shape == b.shape, "shapes agree");
  Share out{a.domain, a.form, a.frac, a.bits, a.shape, {}};
  for (std::size_t p = 0; p < a.parts.size(); ++p) {
    out.parts.emplace_back(a.parts[p].shape);
    op(out.parts[p].size(), a.parts[p].data(), b.parts[p].data(), out.parts[p].data());
  }
  return out;
}

template <class Op>
Share componentwise(const Share& x, Op op) {
  Share out{x.domain, x.form, x.frac, x.bits, x.shape, {}};
  for (const auto& part : x.parts) {
    out.parts.emplace_back(part.shape);
    op(part.size(), part.data(), out.parts.back().data());
  }
  return out;
}

}  // namespace

Words Engine::encode(std::span<const double> values, unsigned frac) const {
  return encode_fixed(values, frac);
}
std::vector<double> Engine::decode(std::span<const Word> words, unsigned frac) const {
  return decode_fixed(words, frac);
}

Share Engine::add(const Share& a, const Share& b) {
  const RingKernels& k = compute().kernels;
  if (a.shape == b.shape) return componentwise(a, b, k.add);
  // b is read again and again instead of being spread out in memory.
  ensure_alike(a, b);
  const auto strides = broadcast_strides(b.shape, a.shape);
  Share out = a;
  for (std::size_t p = 0; p < a.parts.size(); ++p) {
    Word* to = out.parts[p].data();
    const Word* from = b.parts[p].data();
    each_row(0, strides, a.shape, [&](std::size_t i, std::size_t at, std::size_t length, std::size_t step) {
      if (step == 0)
        k.add_scalar(length, to + i, from[at], to + i);
      else if (step == 1)
        k.add(length, to + i, from + at, to + i);
      else
        for (std::size_t j = 0; j < length; ++j) to[i + j] += from[at + j * step];
    });
  }
  return out;
}
Share Engine::sub(const Share& a, const Share& b) {
  return a.shape == b.shape ? componentwise(a, b, compute().kernels.sub) : add(a, negate(b));
}
Share Engine::negate(const Share& x) { return componentwise(x, compute().kernels.negate); }
Share Engine::bit_xor(const Share& a, const Share& b) {
  return componentwise(a, b, compute().kernels.bit_xor);
}

Share Engine::scale(const Share& x, std::int64_t factor) {
  return componentwise(x, [&](std::size_t n, const Word* in, Word* out) {
    compute().kernels.scale(n, in, static_cast<Word>(factor), out);
  });
}

Share Engine::scale_each(const Share& x, std::span<const double> factors, unsigned frac) {
  const Words words = encode(factors, frac);
  ensure(words.size() == x.size() || words.size() == 1, "one factor an element, or one for all");
  Share out = componentwise(x, [&](std::size_t n, const Word* in, Word* to) {
    if (words.size() == 1)
      compute().kernels.scale(n, in, words.data()[0], to);
    else
      compute().kernels.mul(n, in, words.data(), to);
  });
  out.frac += frac;
  return out;
}

Share Engine::move_point(const Share& x, int k) {
  ensure(static_cast<int>(x.frac) >= k, "a point cannot move past the last digit");
  Share out = x;
  out.frac = static_cast<unsigned>(static_cast<int>(x.frac) - k);
  return out;
}

Share Engine::lift(const Share& x, unsigned bits) {
  Share out = scale(x, std::int64_t{1} << bits);
  out.frac += bits;
  return out;
}

Share Engine::sum_runs(const Share& x, std::size_t length, Shape shape) {
  ensure(elements(shape) * length == x.size(), "runs cover the tensor");
  Share out{x.domain, x.form, x.frac, x.bits, shape, {}};
  for (const auto& part : x.parts) {
    RingTensor t(shape);
    const Word* in = part.data();
    Word* to = t.data();
    for (std::size_t g = 0, n = t.size(); g < n; ++g, in += length) {
      Word sum = 0;
      for (std::size_t i = 0; i < length; ++i) sum += in[i];
      to[g] = sum;
    }
    out.parts.push_back(std::move(t));
  }
  return out;
}

}  // namespace tacit
