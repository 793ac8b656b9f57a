// Between bits and numbers. A replicated bit is m ^ λ with m at both holders and λ at the dealer (roles.h),
// so
//   bit·x = m·x + (1 - 2m)(λ·a + λ·b),   x = a + b with a at the dealer and b at both holders:
// the dealer deals shares of λ and λ·a, and the holders exchange the masked result: 2 rounds, 32 bytes an
// element; a bit alone as a number: 24. A number as bits is the sum of two shared bit strings, a and b, by a
// prefix adder.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/mpc/generic/generic.h"
#include "tacit/mpc/protocols/aby3/engine.h"
#include "tacit/mpc/protocols/aby3/kernels.h"
#include "tacit/mpc/protocols/aby3/roles.h"

namespace tacit::aby3 {

namespace {

constexpr std::size_t kChunk = 1024;

void chunks(const Compute& compute, std::size_t n,
            const std::function<void(std::size_t, std::size_t)>& body) {
  compute.workers.parallel_for(n, kChunk, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; i += kChunk) body(i, std::min(kChunk, end - i));
  });
}

/// Exchanges what both holders computed and puts the components where they belong.
void finish(Party& party, const Blocks& blocks, const Roles& roles, const Words& y_left, const Words& y_right,
            Share& out) {
  Words z_left(y_left.size()), z_right(y_right.size());
  party.exchange("select.value", y_left, y_right, z_left, z_right);
  const RingKernels& k = party.compute().kernels;
  k.add(y_left.size(), y_left.data(), z_left.data(),
        out.parts[1].data() + blocks.elements[roles.left()].begin);
  k.add(y_right.size(), y_right.data(), z_right.data(),
        out.parts[0].data() + blocks.elements[roles.right()].begin);
}

}  // namespace

// Streams of a block of n: dealer-left: u0 | u1 | component; dealer-right: component.
Share Aby3Engine::select(const Share& bit, const Share& shared) {
  ensure(bit.domain == Domain::Bool && bit.bits == 1 && bit.shape == shared.shape, "a bit for each element");
  Share storage;
  const Share& x = settled(shared, storage);
  Share out = Share::numbers(x.shape, x.frac, 2);
  const Blocks blocks(x.size());
  const Roles roles{me()};
  const RoleStreams streams = RoleStreams::draw(party_);
  const Compute& compute = party_.compute();
  const RingKernels& ring = compute.kernels;
  const Kernels& k = kernels(ring.isa);

  const Range deals = blocks.elements[roles.deals()];
  const std::size_t deals_word = blocks.words[roles.deals()].begin;
  Words dealing(2 * deals.size()), dealt(2 * blocks.elements[roles.right()].size());
  chunks(compute, deals.size(), [&](std::size_t i, std::size_t count) {
    Word lambda[kChunk / 64], a[kChunk];
    const std::size_t e = deals.begin + i, w = deals_word + i / 64;
    ring.bit_xor(plane_words(count), bit.parts[0].data() + w, bit.parts[1].data() + w, lambda);
    ring.add(count, x.parts[0].data() + e, x.parts[1].data() + e, a);
    Word *u0 = dealing.data() + i, *u1 = u0 + deals.size();
    streams.dealer_left.fill(i, {u0, count});
    streams.dealer_left.fill(deals.size() + i, {u1, count});
    k.select_deal(count, lambda, a, u0, u1, u0, u1);
    streams.dealer_left.fill(2 * deals.size() + i, {out.parts[1].data() + e, count});
    streams.dealer_right.fill(i, {out.parts[0].data() + e, count});
  });
  party_.pass_back("select.deal", dealing, dealt);

  auto hold = [&](std::size_t block, bool left, Words& y) {
    const Range range = blocks.elements[block];
    const std::size_t first_word = blocks.words[block].begin, n = range.size();
    y = Words(n);
    chunks(compute, n, [&](std::size_t i, std::size_t count) {
      Word u0[kChunk], u1[kChunk], own[kChunk];
      const std::size_t e = range.begin + i, w = first_word + i / 64;
      const Word *b = x.parts[left ? 1 : 0].data() + e, *with_dealer = x.parts[left ? 0 : 1].data() + e;
      Word* component = out.parts[left ? 0 : 1].data() + e;
      const Stream& stream = left ? streams.left_dealer : streams.right_dealer;
      stream.fill((left ? 2 * n : 0) + i, {component, count});
      if (left) {
        stream.fill(i, {u0, count});
        stream.fill(n + i, {u1, count});
        ring.add(count, with_dealer, b, own);
      }
      k.select_hold(count, bit.parts[left ? 1 : 0].data() + w, left ? own : with_dealer, b,
                    left ? u0 : dealt.data() + i, left ? u1 : dealt.data() + n + i, component, y.data() + i);
    });
  };
  Words y_left, y_right;
  hold(roles.left(), true, y_left);
  hold(roles.right(), false, y_right);
  finish(party_, blocks, roles, y_left, y_right, out);
  return out;
}

// Streams of a block of n: dealer-left: u | component; dealer-right: component.
Share Aby3Engine::to_arith(const Share& bit, unsigned frac) {
  ensure(bit.domain == Domain::Bool && bit.bits == 1, "one bit an element");
  Share out = Share::numbers(bit.shape, frac, 2);
  const Word one = Word{1} << frac;
  const Blocks blocks(bit.size());
  const Roles roles{me()};
  const RoleStreams streams = RoleStreams::draw(party_);
  const Compute& compute = party_.compute();
  const Kernels& k = kernels(compute.kernels.isa);

  const Range deals = blocks.elements[roles.deals()];
  const std::size_t deals_word = blocks.words[roles.deals()].begin;
  Words dealing(deals.size()), dealt(blocks.elements[roles.right()].size());
  chunks(compute, deals.size(), [&](std::size_t i, std::size_t count) {
    Word lambda[kChunk / 64];
    const std::size_t e = deals.begin + i, w = deals_word + i / 64;
    compute.kernels.bit_xor(plane_words(count), bit.parts[0].data() + w, bit.parts[1].data() + w, lambda);
    streams.dealer_left.fill(i, {dealing.data() + i, count});
    k.lift_deal(count, lambda, one, dealing.data() + i, dealing.data() + i);
    streams.dealer_left.fill(deals.size() + i, {out.parts[1].data() + e, count});
    streams.dealer_right.fill(i, {out.parts[0].data() + e, count});
  });
  party_.pass_back("to_arith.deal", dealing, dealt);

  auto hold = [&](std::size_t block, bool left, Words& y) {
    const Range range = blocks.elements[block];
    const std::size_t first_word = blocks.words[block].begin, n = range.size();
    y = Words(n);
    chunks(compute, n, [&](std::size_t i, std::size_t count) {
      Word u[kChunk];
      Word* component = out.parts[left ? 0 : 1].data() + range.begin + i;
      const Stream& stream = left ? streams.left_dealer : streams.right_dealer;
      stream.fill((left ? n : 0) + i, {component, count});
      if (left) stream.fill(i, {u, count});
      k.lift_hold(count, bit.parts[left ? 1 : 0].data() + first_word + i / 64, left ? one : 0,
                  left ? u : dealt.data() + i, component, y.data() + i);
    });
  };
  Words y_left, y_right;
  hold(roles.left(), true, y_left);
  hold(roles.right(), false, y_right);
  finish(party_, blocks, roles, y_left, y_right, out);
  return out;
}

// D shares the bits of a with a stream known to L, and sends R the rest: 1 round, one bit a bit. The bits of
// b are a sharing as they are.
Share Aby3Engine::to_bool(const Share& shared, unsigned bits) {
  ensure(shared.domain == Domain::Arith && bits >= 1 && bits <= 64, "1 to 64 bits");
  Share storage;
  const Share& x = settled(shared, storage);
  const std::size_t n = x.size(), words = plane_words(n);
  Share a = Share::bit_planes(x.shape, bits, 2), b = Share::bit_planes(x.shape, bits, 2);
  for (Share* s : {&a, &b})
    for (RingTensor& part : s->parts) std::fill(part.words.begin(), part.words.end(), 0);
  const Blocks blocks(n);
  const Roles roles{me()};
  const RoleStreams streams = RoleStreams::draw(party_);
  const RingKernels& k = party_.compute().kernels;

  auto planes_of = [&](const Range& range, const Word* numbers) {
    Words padded(64 * plane_words(range.size())), planes(bits * plane_words(range.size()));
    std::copy_n(numbers, range.size(), padded.data());
    std::fill(padded.data() + range.size(), padded.data() + padded.size(), 0);
    k.to_planes(plane_words(range.size()), padded.data(), 0, bits, planes.data(), plane_words(range.size()));
    return planes;
  };
  auto put = [&](std::size_t block, const Words& planes, RingTensor& part) {
    const Range w = blocks.words[block];
    for (unsigned i = 0; i < bits; ++i)
      std::copy_n(planes.data() + i * w.size(), w.size(), part.data() + i * words + w.begin);
  };

  const Range deals = blocks.elements[roles.deals()];
  Words sum(deals.size());
  k.add(sum.size(), x.parts[0].data() + deals.begin, x.parts[1].data() + deals.begin, sum.data());
  Words dealing = planes_of(deals, sum.data()), with_left(dealing.size());
  streams.dealer_left.fill(0, with_left);
  k.bit_xor(dealing.size(), dealing.data(), with_left.data(), dealing.data());
  put(roles.deals(), dealing, a.parts[0]);
  put(roles.deals(), with_left, a.parts[1]);
  Words dealt(bits * blocks.words[roles.right()].size()),
      from_stream(bits * blocks.words[roles.left()].size());
  party_.pass_back("to_bool.deal", dealing, dealt);
  put(roles.right(), dealt, a.parts[1]);
  streams.left_dealer.fill(0, from_stream);
  put(roles.left(), from_stream, a.parts[0]);
  const Range left = blocks.elements[roles.left()], right = blocks.elements[roles.right()];
  put(roles.left(), planes_of(left, x.parts[1].data() + left.begin), b.parts[1]);
  put(roles.right(), planes_of(right, x.parts[0].data() + right.begin), b.parts[0]);
  return add_bits(*this, a, b);
}

}  // namespace tacit::aby3
