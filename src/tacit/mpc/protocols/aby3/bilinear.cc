// Products. With x = a + b where the dealer of a block knows a and both holders know b (roles.h), the product
// is
//   a·a'                        by D,
//   a_L·b' + b·(a'_L + b')      by L,
//   a_R·b' + b·a'_R             by R,
// a sum of one part each: five local products instead of the usual six, and no communication (Form::Sum).
// settle() masks the parts with a sharing of zero and sends each to one neighbour: 1 round, 8 bytes a party.
#include "tacit/base/error.h"
#include "tacit/mpc/protocols/aby3/engine.h"
#include "tacit/mpc/protocols/aby3/kernels.h"
#include "tacit/mpc/protocols/aby3/roles.h"

namespace tacit::aby3 {

namespace {

constexpr std::size_t kChunk = 1024;

/// The three parts of this party, one for each role, over thirds of the outer axis.
RingTensor local_product(const Compute& compute, const Bilinear& map, Field field, const Share& a,
                         const Share& b, std::size_t self) {
  const Shape sa = a.domain == Domain::Bool ? a.parts[0].shape : a.shape;
  const Shape sb = b.domain == Domain::Bool ? b.parts[0].shape : b.shape;
  RingTensor out(map.output_shape(sa, sb));
  const std::size_t outer = map.outer(sa, sb);
  const Word *a0 = a.parts[0].data(), *a1 = a.parts[1].data(), *b0 = b.parts[0].data(),
             *b1 = b.parts[1].data();
  const BilinearTerm dealer[] = {{a0, a1, b0, b1}};
  const BilinearTerm left[] = {{a0, nullptr, b1, nullptr}, {a1, nullptr, b0, b1}};  // a0 is a_L, a1 is b
  const BilinearTerm right[] = {{a1, nullptr, b0, nullptr},
                                {a0, nullptr, b1, nullptr}};  // a1 is a_R, a0 is b
  const Roles roles{self};
  auto third = [&](std::size_t j) { return Range{outer * j / 3, outer * (j + 1) / 3}; };
  auto run = [&](std::size_t block, std::span<const BilinearTerm> terms) {
    evaluate(compute, map, field, sa, sb, terms, third(block).begin, third(block).end, out);
  };
  run(roles.deals(), dealer);
  run(roles.left(), left);
  run(roles.right(), right);
  return out;
}

}  // namespace

Share Aby3Engine::bilinear(const Bilinear& map, const Share& a, const Share& b) {
  ensure(a.form == Form::Full && b.form == Form::Full && a.domain == b.domain, "products take Full shares");
  if (a.domain == Domain::Arith) {
    Share out{Domain::Arith, Form::Sum, a.frac + b.frac, 0, map.output_shape(a.shape, b.shape), {}};
    out.parts.push_back(local_product(party_.compute(), map, Field::Ring, a, b, me()));
    return out;
  }
  ensure(map.kind == Bilinear::Kind::And && a.shape == b.shape && a.bits == b.bits,
         "bits are multiplied by And");
  Share out{Domain::Bool, Form::Sum, 0, a.bits, a.shape, {}};
  out.parts.push_back(local_product(party_.compute(), map, Field::Ring, a, b, me()));
  return settle(out);
}

RingTensor Aby3Engine::masked(const RingTensor& part, Domain domain) {
  RingTensor out(part.shape);
  const Stream ahead = party_.coins().with(party_.next()), behind = party_.coins().with(party_.prev());
  const RingKernels& k = party_.compute().kernels;
  const Kernels& own = kernels(k.isa);
  party_.compute().workers.parallel_for(part.size(), kChunk, [&](std::size_t begin, std::size_t end) {
    Word s[kChunk], t[kChunk];
    for (std::size_t i = begin; i < end; i += kChunk) {
      const std::size_t count = std::min(kChunk, end - i);
      ahead.fill(i, {s, count});
      behind.fill(i, {t, count});
      if (domain == Domain::Arith) {
        own.mask_sum(count, part.data() + i, s, t, out.data() + i);
      } else {
        k.bit_xor(count, part.data() + i, s, out.data() + i);
        k.bit_xor(count, out.data() + i, t, out.data() + i);
      }
    }
  });
  return out;
}

Share Aby3Engine::loosen(const Share& x) {
  if (x.form == Form::Sum) return x;
  Share out{x.domain, Form::Sum, x.frac, x.bits, x.shape, {}};
  out.parts.push_back(x.parts[0]);  // component i is party i's part
  return out;
}

Share Aby3Engine::settle(const Share& x) {
  if (x.form == Form::Full) return x;
  // Component i is what party i made; party i-1 holds it too.
  Share out{x.domain, Form::Full, x.frac, x.bits, x.shape, {}};
  out.parts.push_back(masked(x.parts[0], x.domain));
  out.parts.emplace_back(x.parts[0].shape);
  party_.pass_back("settle", out.parts[0].words, out.parts[1].words);
  return out;
}

}  // namespace tacit::aby3
