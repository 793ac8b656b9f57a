// Truncation by m bits of a value z given as a sum z_D + z_L + z_R (our own; docs/protocols/aby3.md). Each
// block of elements has a dealer D and holders L and R.
//
//   D and L know streams a, s and shares e_1, t_1; D and R know b, s2. D alone knows m low bits, and so
//   r = ((a + b) mod 2^(64-m))·2^m + low, its top bit t, and e = the top m bits of a + b.
//   D gives R what lacks of e and t: e_2, t_2. L and R learn c = z + 2^62 + r and no more of z than that.
//
// Since z + 2^62 lies in [0, 2^63), c's sum wrapped exactly if t = 1 and c's top bit is 0. With w that bit,
//   z >> m = (c >> m) - 2^(62-m) - a - b + 2^(64-m)·(e + w),          w = t·(1 - c_63),
// up to one unit, upward with probability (z mod 2^m)/2^m. The components are -a (D, L), -b (D, R), and the
// rest, for which L and R exchange m-bit shares of e + w; e is uniform to each of them and hides w.
//
// Fast: both learn c at once, then exchange: 2 rounds. Frugal: R alone learns c and passes on its half: 3
// rounds, but 16 - 8 = 8 bytes (plus 2 m-bit numbers kept) fewer an element. A Full share needs no sum: D,
// who knows two components, sends the one that a holder lacks.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/mpc/protocols/aby3/aby3_cost.h"
#include "tacit/mpc/protocols/aby3/engine.h"
#include "tacit/mpc/protocols/aby3/kernels.h"
#include "tacit/mpc/protocols/aby3/roles.h"

namespace tacit::aby3 {

namespace {

constexpr std::size_t kChunk = 1024;

std::size_t packed_bytes(unsigned bits) { return (bits + 7) / 8; }

/// Small numbers, so many bytes each, padded to whole words.
struct Packed {
  explicit Packed(std::size_t bytes) : words(Cursor::words_for(bytes)) {
    if (!words.empty()) words.back() = 0;
  }
  std::byte* data() { return reinterpret_cast<std::byte*>(words.data()); }
  Words words;
};

/// Everything of one truncation that the steps share.
struct Truncation {
  unsigned bits;
  std::size_t bytes;
  bool fast;
  Blocks blocks;
  Roles roles;
  const Share& in;
  Share& out;
  RoleStreams streams;
  const Kernels& k;
  const RingKernels& ring;
  Workers& workers;

  const Range& deals() const { return blocks.elements[roles.deals()]; }
  const Range& left() const { return blocks.elements[roles.left()]; }
  const Range& right() const { return blocks.elements[roles.right()]; }
  bool sum() const { return in.form == Form::Sum; }
  std::size_t correction_words(const Range& r) const { return Cursor::words_for(2 * bytes * r.size()); }

  /// Calls body(first, count) for chunks of [0, n). Corrections come as all e, then all t, chunk by chunk.
  void chunks(std::size_t n, const std::function<void(std::size_t, std::size_t)>& body) const {
    workers.parallel_for(n, kChunk, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; i += kChunk) body(i, std::min(kChunk, end - i));
    });
  }
};

// Stream layout for a block of n: dealer-left: a | s | shares (2 words each, chunk by chunk); dealer-right: b
// | s2.

void dealer_step(const Truncation& t, const Stream& low, Word* to_right, std::byte* corrections,
                 Word* to_left) {
  const Range& block = t.deals();
  const std::size_t n = block.size();
  t.chunks(n, [&](std::size_t i, std::size_t count) {
    Word a[kChunk], b[kChunk], s[kChunk], s2[kChunk], lows[kChunk], shares[2 * kChunk];
    t.streams.dealer_left.fill(i, {a, count});
    t.streams.dealer_right.fill(i, {b, count});
    t.streams.dealer_left.fill(2 * n + 2 * i, {shares, 2 * count});
    low.fill(i, {lows, count});
    const std::size_t e = block.begin + i;
    // Of a Full share, R lacks the component that D and L know (part 1), and L the one of D and R (part 0);
    // r alone masks it.
    const Word* z_right = t.in.parts[t.sum() ? 0 : 1].data() + e;
    if (t.sum()) {
      t.streams.dealer_left.fill(n + i, {s, count});
      t.streams.dealer_right.fill(n + i, {s2, count});
    } else {
      std::fill(s, s + count, 0);
      const Word* z_left = t.in.parts[0].data() + e;
      t.ring.sub(count, z_left, z_right, s2);  // so that z_right + s2 is z_left
    }
    t.k.trunc_deal(count, t.bits, t.bytes, z_right, a, b, s, s2, lows, shares, to_right + i,
                   to_left == nullptr ? nullptr : to_left + i, corrections + 2 * t.bytes * i);
    t.ring.negate(count, b, t.out.parts[0].data() + e);
    t.ring.negate(count, a, t.out.parts[1].data() + e);
  });
}

/// What L (or R) sends so that the other can complete c: its part of the sum less the mask shared with D.
void mask_step(const Truncation& t, const Range& block, const Stream& with_dealer, Word* to_other) {
  t.chunks(block.size(), [&](std::size_t i, std::size_t count) {
    with_dealer.fill(block.size() + i, {to_other + i, count});
    t.ring.sub(count, t.in.parts[0].data() + block.begin + i, to_other + i, to_other + i);
  });
}

/// c at a holder: what D sent, what the other holder sent (sums only), and the own part.
void complete(const Truncation& t, const Range& block, std::size_t i, std::size_t count,
              const Word* from_dealer, const Word* from_other, Word* c) {
  const std::size_t e = block.begin + i;
  if (t.sum()) {
    t.ring.add(count, from_dealer + i, from_other + i, c);
    t.ring.add(count, c, t.in.parts[0].data() + e, c);
  } else {
    // A holder has two components: the one shared with the other holder, and the one shared with D.
    t.ring.add(count, t.in.parts[0].data() + e, t.in.parts[1].data() + e, c);
    t.ring.add(count, c, from_dealer + i, c);
  }
}

}  // namespace

Share Aby3Engine::trunc(const Share& x, unsigned bits) {
  ensure(x.domain == Domain::Arith && bits >= 1 && bits <= 62 && x.frac >= bits,
         "truncation by 1 to 62 bits");
  Share out = Share::numbers(x.shape, x.frac - bits, 2);
  const Compute& compute = party_.compute();
  const Truncation t{bits,
                     packed_bytes(bits),
                     trunc_is_fast(x.form, x.size(), profile_),
                     Blocks(x.size()),
                     Roles{me()},
                     x,
                     out,
                     RoleStreams::draw(party_),
                     kernels(compute.kernels.isa),
                     compute.kernels,
                     compute.workers};
  const std::size_t deals = t.deals().size(), left = t.left().size(), right = t.right().size();
  const std::size_t sums = t.sum() ? 1 : 0, fast = t.fast ? 1 : 0;

  // Round 1. To next: [D: for L] [L: for R]. To previous: [D: for R, corrections] [R: for L].
  Words to_next(deals * fast + left * sums),
      to_prev(deals + t.correction_words(t.deals()) + right * sums * fast);
  Words from_prev(left * fast + right * sums),
      from_next(right + t.correction_words(t.right()) + left * sums * fast);
  Cursor next_out(to_next), prev_out(to_prev), next_in(from_next), prev_in(from_prev);
  Word* d_to_left = t.fast ? next_out.words(deals) : nullptr;
  Word* d_to_right = prev_out.words(deals);
  std::byte* d_corrections = prev_out.bytes(2 * t.bytes * deals);
  if (t.correction_words(t.deals()) > 0)
    to_prev[deals + t.correction_words(t.deals()) - 1] = 0;  // the padding
  dealer_step(t, party_.coins().mine(), d_to_right, d_corrections, d_to_left);
  if (t.sum()) {
    mask_step(t, t.left(), t.streams.left_dealer, next_out.words(left));
    if (t.fast) mask_step(t, t.right(), t.streams.right_dealer, prev_out.words(right));
  }
  party_.exchange("trunc.mask", to_next, to_prev, from_next, from_prev);
  const Word* l_from_dealer = t.fast ? prev_in.words(left) : nullptr;
  const Word* r_from_left = t.sum() ? prev_in.words(right) : nullptr;
  const Word* r_from_dealer = next_in.words(right);
  const std::byte* r_corrections = next_in.bytes(2 * t.bytes * right);
  const Word* l_from_right = t.sum() && t.fast ? next_in.words(left) : nullptr;

  auto left_shares = [&](std::size_t i, std::size_t count, Word* shares) {
    t.streams.left_dealer.fill(2 * left + 2 * i, {shares, 2 * count});
  };
  auto left_component = [&](std::size_t i, std::size_t count) {
    Word* own = out.parts[0].data() + t.left().begin + i;
    t.streams.left_dealer.fill(i, {own, count});
    t.ring.negate(count, own, own);
  };
  auto right_component = [&](std::size_t i, std::size_t count) {
    Word* own = out.parts[1].data() + t.right().begin + i;
    t.streams.right_dealer.fill(i, {own, count});
    t.ring.negate(count, own, own);
  };
  Word* l_result = out.parts[1].data() + t.left().begin;
  Word* r_result = out.parts[0].data() + t.right().begin;

  if (t.fast) {
    // Round 2: both holders know c; each sends its share of e + w.
    Packed e_left(t.bytes * left), e_right(t.bytes * right), other_left(t.bytes * left),
        other_right(t.bytes * right);
    t.chunks(left, [&](std::size_t i, std::size_t count) {
      Word shares[2 * kChunk];
      complete(t, t.left(), i, count, l_from_dealer, l_from_right, l_result + i);
      left_shares(i, count, shares);
      t.k.trunc_left(count, bits, t.bytes, l_result + i, shares, e_left.data() + t.bytes * i);
    });
    t.chunks(right, [&](std::size_t i, std::size_t count) {
      complete(t, t.right(), i, count, r_from_dealer, r_from_left, r_result + i);
      t.k.trunc_right(count, bits, t.bytes, r_result + i, r_corrections + 2 * t.bytes * i,
                      e_right.data() + t.bytes * i);
    });
    party_.exchange("trunc.share", e_left.words, e_right.words, other_left.words, other_right.words);
    t.chunks(left, [&](std::size_t i, std::size_t count) {
      t.k.trunc_finish(count, bits, t.bytes, l_result + i, e_left.data() + t.bytes * i,
                       other_left.data() + t.bytes * i, l_result + i);
      left_component(i, count);
    });
    t.chunks(right, [&](std::size_t i, std::size_t count) {
      t.k.trunc_finish(count, bits, t.bytes, r_result + i, other_right.data() + t.bytes * i,
                       e_right.data() + t.bytes * i, r_result + i);
      right_component(i, count);
    });
    return out;
  }

  // Round 2: R passes its half of the component, and the top bits of c, to L. Round 3: L answers with its
  // share.
  const std::size_t right_words = plane_words(right), left_words = plane_words(left);
  Words half_out(right + right_words), half_in(left + left_words);
  Word* half = half_out.data();
  t.chunks(right, [&](std::size_t i, std::size_t count) {
    Word c[kChunk];
    complete(t, t.right(), i, count, r_from_dealer, r_from_left, c);
    t.k.trunc_right_half(count, bits, t.bytes, c, r_corrections + 2 * t.bytes * i, half + i,
                         half + right + i / 64);
    right_component(i, count);
  });
  party_.pass_back("trunc.half", half_out, half_in);
  Packed e_left(t.bytes * left), e_right(t.bytes * right);
  const Word* theirs = half_in.data();
  t.chunks(left, [&](std::size_t i, std::size_t count) {
    Word shares[2 * kChunk];
    left_shares(i, count, shares);
    t.k.trunc_left_half(count, bits, t.bytes, theirs + i, theirs + left + i / 64, shares, l_result + i,
                        e_left.data() + t.bytes * i);
    left_component(i, count);
  });
  party_.pass_on("trunc.share", e_left.words, e_right.words);
  t.chunks(right, [&](std::size_t i, std::size_t count) {
    t.k.trunc_join(count, bits, t.bytes, half + i, e_right.data() + t.bytes * i, r_result + i);
  });
  return out;
}

}  // namespace tacit::aby3
