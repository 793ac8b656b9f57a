// Comparison. The sign of x = a + b, where D knows a and L and R know b, is the top bit of a sum, whose carry
// is taken by the tree of carry_plan.h: D deals shares of products of its bits and of masks (1 round), and L
// and R open masked bits between themselves, two bits each, level by level. The result's bit is opened
// masked, too: m at L and R, its mask λ = λ_L + λ_R at D and each of them, which is a replicated sharing of
// the bit.
//
// With a value (relu), D also deals shares u0 of λ and u1 of λ·a as numbers; then bit·x = m·x + (1 - 2m)(u1 +
// u0·b) is a sum of one part at L and one at R, who mask and exchange them: 1 round more, 32 bytes an
// element.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/mpc/protocols/aby3/aby3_cost.h"
#include "tacit/mpc/protocols/aby3/carry.h"
#include "tacit/mpc/protocols/aby3/engine.h"
#include "tacit/mpc/protocols/aby3/kernels.h"

namespace tacit::aby3 {

namespace {

constexpr std::size_t kTile = 64 * kTileWords;

/// One group of elements: views of the input and the results, and everything that roles share.
struct Group {
  const CarryLayout& layout;
  Blocks blocks;
  Roles roles;
  const Word* x[2];
  std::size_t n;
  Word* bit[2];    ///< replicated result, planes of n elements
  Word* value[2];  ///< or null
  RoleStreams streams;
  const Compute& compute;
  const Kernels& k;

  bool with_value() const { return value[0] != nullptr; }

  /// Calls body(first word, words, first element, elements) for each tile of a block, relative to the block.
  template <class Body>
  void tiles(std::size_t block, Body body) const {
    const std::size_t elements = blocks.elements[block].size();
    compute.workers.parallel_for(blocks.words[block].size(), kTileWords,
                                 [&](std::size_t begin, std::size_t end) {
                                   for (std::size_t w = begin; w < end; w += kTileWords) {
                                     const std::size_t words = std::min(kTileWords, end - w), e = 64 * w;
                                     body(w, words, e, std::min(64 * words, elements - e));
                                   }
                                 });
  }
};

/// The lowest bits of up to a tile of numbers as planes.
void to_planes(const Group& g, const Word* numbers, std::size_t count, std::size_t words, unsigned bits,
               Word* planes) {
  alignas(64) Word padded[kTile];
  if (count < 64 * words) {
    std::copy_n(numbers, count, padded);
    std::fill(padded + count, padded + 64 * words, 0);
    numbers = padded;
  }
  g.compute.kernels.to_planes(words, numbers, 0, bits, planes, words);
}

// Stream layout for a block of w words and e elements. dealer-left: dealt planes | masks | u0 | u1 |
// component; dealer-right: masks | component.
struct StreamPlan {
  std::size_t dealt, masks_left, masks_right = 0, u0, u1, left, right;
  StreamPlan(const CarryLayout& l, std::size_t w, std::size_t e)
      : dealt(0),
        masks_left(l.dealt * w),
        u0(masks_left + l.masks * w),
        u1(u0 + e),
        left(u1 + e),
        right(l.masks * w) {}
};

/// D: fills its message to R, [dealt planes | u0 | u1], and its parts of the results.
void dealer_step(const Group& g, Word* message) {
  const std::size_t block = g.roles.deals(), words = g.blocks.words[block].size();
  const Range e = g.blocks.elements[block];
  const CarryLayout& l = g.layout;
  const StreamPlan at(l, words, e.size());
  const unsigned bits = l.plan.chain + 1;
  g.tiles(block, [&](std::size_t w, std::size_t tw, std::size_t i, std::size_t count) {
    Words scratch((bits + 2 * l.masks) * tw);
    Word *a_planes = scratch.data(), *masks = a_planes + bits * tw, *masks_right = masks + l.masks * tw;
    alignas(64) Word a[kTile];
    g.compute.kernels.add(count, g.x[0] + e.begin + i, g.x[1] + e.begin + i, a);
    to_planes(g, a, count, tw, bits, a_planes);
    g.streams.dealer_left.fill(at.masks_left + l.masks * w, {masks, l.masks * tw});
    g.streams.dealer_right.fill(at.masks_right + l.masks * w, {masks_right, l.masks * tw});
    // The mask of the result is what D shares with L (part 1) and with R (part 0).
    const std::size_t last = (l.masks - 1) * tw, out = g.blocks.words[block].begin + w;
    std::copy_n(masks + last, tw, g.bit[1] + out);
    std::copy_n(masks_right + last, tw, g.bit[0] + out);
    g.compute.kernels.bit_xor(l.masks * tw, masks, masks_right, masks);
    Word* dealt = message + l.dealt * w;
    g.streams.dealer_left.fill(at.dealt + l.dealt * w, {dealt, l.dealt * tw});
    deal_carry(g.compute.kernels, l, tw, a_planes, masks, dealt);
    if (!g.with_value()) return;
    Word* u0 = message + l.dealt * words + i;
    Word* u1 = u0 + e.size();
    g.streams.dealer_left.fill(at.u0 + i, {u0, count});
    g.streams.dealer_left.fill(at.u1 + i, {u1, count});
    g.k.select_deal(count, masks + last, a, u0, u1, u0, u1);
    g.streams.dealer_left.fill(at.left + i, {g.value[1] + e.begin + i, count});
    g.streams.dealer_right.fill(at.right + i, {g.value[0] + e.begin + i, count});
  });
}

/// What a holder keeps of its block between rounds.
struct Holder {
  std::size_t block;
  bool is_left;
  std::size_t words, elements, first_word, first_element;
  const Word* shared_with_other;  ///< b: the component of both holders
  const Word* shared_with_dealer;
  Word *bit_with_other, *bit_with_dealer, *value_with_other, *value_with_dealer;
  const Stream& stream;
  StreamPlan at;
  Words b, dealt, masks, opened, values;
  const Word* u;  ///< R: dealt numbers, u0 then u1

  Holder(const Group& g, bool left, Words* from_dealer)
      : block(left ? g.roles.left() : g.roles.right()),
        is_left(left),
        words(g.blocks.words[block].size()),
        elements(g.blocks.elements[block].size()),
        first_word(g.blocks.words[block].begin),
        first_element(g.blocks.elements[block].begin),
        shared_with_other(g.x[left ? 1 : 0] + first_element),
        shared_with_dealer(g.x[left ? 0 : 1] + first_element),
        bit_with_other(g.bit[left ? 1 : 0] + first_word),
        bit_with_dealer(g.bit[left ? 0 : 1] + first_word),
        value_with_other(g.with_value() ? g.value[left ? 1 : 0] + first_element : nullptr),
        value_with_dealer(g.with_value() ? g.value[left ? 0 : 1] + first_element : nullptr),
        stream(left ? g.streams.left_dealer : g.streams.right_dealer),
        at(g.layout, words, elements),
        b((g.layout.plan.chain + 1) * words),
        masks(g.layout.masks * words),
        opened(g.layout.masks * words),
        values(g.layout.values * words),
        u(nullptr) {
    if (!left) {
      dealt = std::move(*from_dealer);
      u = dealt.data() + g.layout.dealt * words;
    } else {
      dealt = Words(g.layout.dealt * words);
    }
  }

  CarryHolder tile(const Group& g, std::size_t w, std::size_t tw) {
    const CarryLayout& l = g.layout;
    return CarryHolder(g.compute.kernels, l, is_left, tw, b.data() + (l.plan.chain + 1) * w,
                       dealt.data() + l.dealt * w, masks.data() + l.masks * w, opened.data() + l.masks * w,
                       values.data() + l.values * w);
  }
};

/// Before the first level: the holder's bits, masks and (L) its shares of what was dealt.
void prepare(const Group& g, Holder& h) {
  const CarryLayout& l = g.layout;
  g.tiles(h.block, [&](std::size_t w, std::size_t tw, std::size_t i, std::size_t count) {
    to_planes(g, h.shared_with_other + i, count, tw, l.plan.chain + 1, h.b.data() + (l.plan.chain + 1) * w);
    h.stream.fill((h.is_left ? h.at.masks_left : h.at.masks_right) + l.masks * w,
                  {h.masks.data() + l.masks * w, l.masks * tw});
    if (h.is_left) h.stream.fill(h.at.dealt + l.dealt * w, {h.dealt.data() + l.dealt * w, l.dealt * tw});
    std::copy_n(h.masks.data() + l.masks * w + (l.masks - 1) * tw, tw, h.bit_with_dealer + w);
  });
}

/// Evaluates one level and writes what opens it.
void level_step(const Group& g, Holder& h, std::size_t level, Word* message) {
  const std::size_t planes = g.layout.opened[level].size();
  g.tiles(h.block, [&](std::size_t w, std::size_t tw, std::size_t, std::size_t) {
    CarryHolder tile = h.tile(g, w, tw);
    tile.evaluate(level);
    tile.masked(level, message + planes * w);
  });
}

/// Takes in what the other holder sent for a level.
void open_step(const Group& g, Holder& h, std::size_t level, const Word* own, const Word* theirs) {
  const Range planes = g.layout.opened[level];
  g.tiles(h.block, [&](std::size_t w, std::size_t tw, std::size_t, std::size_t) {
    Word* to = h.opened.data() + g.layout.masks * w + planes.begin * tw;
    g.compute.kernels.bit_xor(planes.size() * tw, own + planes.size() * w, theirs + planes.size() * w, to);
  });
}

/// The masked share of the result, "x is not negative".
void result_step(const Group& g, Holder& h, Word* message) {
  g.tiles(h.block, [&](std::size_t w, std::size_t tw, std::size_t, std::size_t) {
    h.tile(g, w, tw).top_bit(message + w);
    g.compute.kernels.bit_xor(tw, message + w, h.bit_with_dealer + w, message + w);
    if (h.is_left)
      for (std::size_t j = 0; j < tw; ++j) message[w + j] = ~message[w + j];
  });
}

void value_step(const Group& g, Holder& h, Word* message) {
  g.tiles(h.block, [&](std::size_t w, std::size_t, std::size_t i, std::size_t count) {
    alignas(64) Word left_u[2 * kTile], own[kTile];
    const Word *u0 = left_u, *u1 = left_u + kTile;
    if (!h.is_left) {
      u0 = h.u + i;
      u1 = h.u + h.elements + i;
    } else {
      h.stream.fill(h.at.u0 + i, {left_u, count});
      h.stream.fill(h.at.u1 + i, {left_u + kTile, count});
      g.compute.kernels.add(count, h.shared_with_dealer + i, h.shared_with_other + i, own);
    }
    Word* component = h.value_with_dealer + i;
    h.stream.fill((h.is_left ? h.at.left : h.at.right) + i, {component, count});
    g.k.select_hold(count, h.bit_with_other + w, h.is_left ? own : h.shared_with_dealer + i,
                    h.shared_with_other + i, u0, u1, component, message + i);
  });
}

void compare_group(Party& party, const Group& g) {
  const CarryLayout& l = g.layout;
  auto words = [&](std::size_t block) { return g.blocks.words[block].size(); };
  auto dealt_size = [&](std::size_t block) {
    return l.dealt * words(block) + (g.with_value() ? 2 * g.blocks.elements[block].size() : 0);
  };
  const std::size_t lw = words(g.roles.left()), rw = words(g.roles.right());

  Words dealing(dealt_size(g.roles.deals())), dealt(dealt_size(g.roles.right()));
  dealer_step(g, dealing.data());
  party.pass_back("compare.deal", dealing, dealt);
  Holder left(g, true, nullptr), right(g, false, &dealt);
  prepare(g, left);
  prepare(g, right);

  // As L we face the next party, as R the previous one.
  for (std::size_t level = 0; level < l.levels.size(); ++level) {
    const std::size_t planes = l.opened[level].size();
    Words own_left(planes * lw), own_right(planes * rw), their_left(planes * lw), their_right(planes * rw);
    level_step(g, left, level, own_left.data());
    level_step(g, right, level, own_right.data());
    if (planes == 0) continue;
    party.exchange("compare.open", own_left, own_right, their_left, their_right);
    open_step(g, left, level, own_left.data(), their_left.data());
    open_step(g, right, level, own_right.data(), their_right.data());
  }

  Words own_left(lw), own_right(rw), their_left(lw), their_right(rw);
  result_step(g, left, own_left.data());
  result_step(g, right, own_right.data());
  party.exchange("compare.sign", own_left, own_right, their_left, their_right);
  const RingKernels& k = g.compute.kernels;
  k.bit_xor(lw, own_left.data(), their_left.data(), left.bit_with_other);
  k.bit_xor(rw, own_right.data(), their_right.data(), right.bit_with_other);
  if (!g.with_value()) return;

  Words y_left(left.elements), y_right(right.elements), z_left(left.elements), z_right(right.elements);
  value_step(g, left, y_left.data());
  value_step(g, right, y_right.data());
  party.exchange("compare.value", y_left, y_right, z_left, z_right);
  k.add(left.elements, y_left.data(), z_left.data(), left.value_with_other);
  k.add(right.elements, y_right.data(), z_right.data(), right.value_with_other);
}

}  // namespace

void Aby3Engine::compare(const Share& shared, unsigned width, RingTensor* positive, RingTensor* value) {
  ensure(width >= 2 && width <= 64 && shared.domain == Domain::Arith, "signs of numbers of 2 to 64 bits");
  Share storage;
  const Share& x = settled(shared, storage);
  const std::size_t n = x.size();
  const CarryLayout layout(plan_carry(width - 1, std::min(n, kCompareGroup), profile_));
  Meter::Branches groups(party_.meter());
  for (std::size_t begin = 0; begin < n; begin += kCompareGroup) {
    const std::size_t count = std::min(kCompareGroup, n - begin);
    Group g{layout,
            Blocks(count),
            Roles{me()},
            {x.parts[0].data() + begin, x.parts[1].data() + begin},
            count,
            {positive[0].data() + begin / 64, positive[1].data() + begin / 64},
            {value == nullptr ? nullptr : value[0].data() + begin,
             value == nullptr ? nullptr : value[1].data() + begin},
            RoleStreams::draw(party_),
            party_.compute(),
            kernels(party_.compute().kernels.isa)};
    compare_group(party_, g);
    groups.next();
  }
}

Engine::Rectified Aby3Engine::relu(const Share& x, unsigned width) {
  Rectified out{Share::numbers(x.shape, x.frac, 2), Share::bit_planes(x.shape, 1, 2)};
  compare(x, width, out.positive.parts.data(), out.value.parts.data());
  return out;
}

Share Aby3Engine::msb(const Share& x, unsigned width) {
  Share positive = Share::bit_planes(x.shape, 1, 2);
  compare(x, width, positive.parts.data(), nullptr);
  return bit_not(positive);
}

}  // namespace tacit::aby3
