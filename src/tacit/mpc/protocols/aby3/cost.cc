#include "tacit/mpc/generic/generic.h"
#include "tacit/mpc/protocols/aby3/aby3_cost.h"
#include "tacit/mpc/protocols/aby3/carry_plan.h"
#include "tacit/mpc/protocols/aby3/roles.h"

namespace tacit::aby3 {

namespace {

std::uint64_t packed_words(std::size_t n, unsigned bits) { return Cursor::words_for(n * ((bits + 7) / 8)); }

/// Sums what a party sends as dealer of one block, left holder of another and right holder of the third.
template <class Deal, class Left, class Right>
OpCost by_roles(std::size_t n, std::uint64_t rounds, Deal deal, Left left, Right right) {
  const Blocks b(n);
  OpCost cost{std::vector<std::uint64_t>(3), rounds};
  for (std::size_t i = 0; i < 3; ++i) {
    const Roles r{i};
    auto elements = [&](std::size_t j) { return b.elements[j].size(); };
    cost.payload[i] = 8 * (deal(elements(r.deals())) + left(elements(r.left())) + right(elements(r.right())));
  }
  return cost;
}

}  // namespace

bool trunc_is_fast(Form form, std::size_t n, const Profile& profile) {
  // A round against what it saves: 8 bytes less an eighth, and a packed number (two bytes, mostly), an
  // element.
  const double extra = form == Form::Sum ? 9.9 : 1.9;
  return profile.saves_rounds(1, extra * static_cast<double>(n));
}

OpCost cost_input(std::size_t owner, std::size_t n) {
  OpCost cost{std::vector<std::uint64_t>(3), 1};
  cost.payload[owner] = 2 * 8 * n;
  return cost;
}

OpCost cost_settle(std::size_t words) { return {std::vector<std::uint64_t>(3, 8 * words), 1, {Hears::Next}}; }

OpCost cost_open(std::uint32_t to, std::size_t words, Form form) {
  OpCost cost = form == Form::Sum ? cost_settle(words) : OpCost{std::vector<std::uint64_t>(3), 0};
  for (std::size_t i = 0; i < 3; ++i)
    if ((to >> i & 1) != 0) cost.payload[(i + 1) % 3] += 8 * words;
  cost.rounds += to != 0;
  return cost;
}

OpCost cost_trunc(Form form, std::size_t n, unsigned bits, const Profile& profile) {
  const std::size_t sum = form == Form::Sum ? 1 : 0;
  auto packed = [&](std::size_t m) { return packed_words(m, bits); };
  auto corrections = [&](std::size_t m) { return Cursor::words_for(2 * m * ((bits + 7) / 8)); };
  if (trunc_is_fast(form, n, profile))
    return by_roles(
        n, 2, [&](std::size_t m) { return 2 * m + corrections(m); },
        [&](std::size_t m) { return sum * m + packed(m); },
        [&](std::size_t m) { return sum * m + packed(m); });
  OpCost cost = by_roles(
      n, 3, [&](std::size_t m) { return m + corrections(m); },
      [&](std::size_t m) { return sum * m + packed(m); }, [&](std::size_t m) { return m + plane_words(m); });
  cost.hears = {Hears::All, Hears::Next, Hears::Previous};
  return cost;
}

OpCost cost_compare(std::size_t n, unsigned width, bool with_value, const Profile& profile) {
  const CarryPlan plan = plan_carry(width - 1, std::min(n, kCompareGroup), profile);
  const std::size_t dealt = plan.dealt_planes() + 1, opened = plan.opened_planes() + 1,
                    value = with_value ? 1 : 0;
  OpCost cost{
      std::vector<std::uint64_t>(3), n == 0 ? 0 : plan.rounds() + 1 + value, {Hears::Next}};  // what is dealt
  for (std::size_t begin = 0; begin < n; begin += kCompareGroup) {
    auto holder = [&](std::size_t m) { return opened * plane_words(m) + value * m; };
    const OpCost group = by_roles(
        std::min(kCompareGroup, n - begin), 0,
        [&](std::size_t m) { return dealt * plane_words(m) + 2 * value * m; }, holder, holder);
    for (std::size_t i = 0; i < 3; ++i) cost.payload[i] += group.payload[i];
  }
  return cost;
}

OpCost cost_select(std::size_t n) {
  auto one = [](std::size_t m) { return m; };
  OpCost cost = by_roles(
      n, 2, [](std::size_t m) { return 2 * m; }, one, one);
  cost.hears = {Hears::Next};
  return cost;
}

OpCost cost_to_arith(std::size_t n) {
  auto one = [](std::size_t m) { return m; };
  OpCost cost = by_roles(n, 2, one, one, one);
  cost.hears = {Hears::Next};
  return cost;
}

OpCost cost_to_bool(std::size_t n, unsigned bits) {
  auto none = [](std::size_t) { return std::size_t{0}; };
  OpCost cost = by_roles(
      n, 1, [&](std::size_t m) { return bits * plane_words(m); }, none, none);
  cost.hears = {Hears::Next};
  cost += cost_add_bits(n, bits, cost_settle);
  return cost;
}

OpCost cost_piecewise(std::size_t n, const Piecewise& function, unsigned frac, const Profile& profile) {
  auto none = [](std::size_t) { return std::size_t{0}; };
  const std::size_t entry =
      (std::size_t{1} << function.pieces_log2) * (function.factor == nullptr ? function.degree + 1 : 1);
  OpCost cost = by_roles(
      n, 1, [&](std::size_t m) { return entry * m; }, none, none);
  cost.hears = {Hears::Next};
  cost += cost_trunc(Form::Sum, n, piecewise_digits(function) - frac, profile);
  return cost;
}

namespace {

class Aby3Costs final : public ProtocolCosts {
 public:
  explicit Aby3Costs(const Profile& profile) : profile_(profile) {}
  std::size_t parties() const override { return 3; }
  OpCost input(std::size_t owner, std::size_t n) const override { return cost_input(owner, n); }
  OpCost open(PartySet to, std::size_t words, Form form) const override {
    return cost_open(to.members, words, form);
  }
  OpCost settle(std::size_t words) const override { return cost_settle(words); }
  OpCost bit_and(std::size_t words) const override { return cost_settle(words); }
  OpCost trunc(Form form, std::size_t n, unsigned bits) const override {
    return cost_trunc(form, n, bits, profile_);
  }
  OpCost to_bool(std::size_t n, unsigned bits) const override { return cost_to_bool(n, bits); }
  OpCost to_arith(std::size_t n) const override { return cost_to_arith(n); }
  OpCost msb(std::size_t n, unsigned width) const override { return cost_compare(n, width, false, profile_); }
  OpCost relu(std::size_t n, unsigned width) const override { return cost_compare(n, width, true, profile_); }
  OpCost select(std::size_t n) const override { return cost_select(n); }
  OpCost piecewise(std::size_t n, const Piecewise& function, unsigned frac) const override {
    return cost_piecewise(n, function, frac, profile_);
  }

 private:
  const Profile& profile_;
};

}  // namespace

std::unique_ptr<ProtocolCosts> make_costs(const Profile& profile) {
  return std::make_unique<Aby3Costs>(profile);
}

}  // namespace tacit::aby3
