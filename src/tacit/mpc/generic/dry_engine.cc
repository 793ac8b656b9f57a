#include "tacit/mpc/generic/dry_engine.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit {

void DryEngine::pay(const OpCost& cost) {
  if (!cost.payload.empty()) meter_.count_more(cost.payload[index(self_)], 0);
  for (std::uint64_t r = 0; r < cost.rounds; ++r)
    hear(PartySet::first(costs_->parties()), r < cost.hears.size() ? cost.hears[r] : Hears::All);
}

void DryEngine::hear(PartySet who, Hears whom) {
  const std::vector<std::int64_t> before = ahead_;
  const std::size_t n = before.size();
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const bool hears = whom == Hears::All    ? i != j
                         : whom == Hears::Next ? j == (i + 1) % n
                                               : i == (j + 1) % n;
      if (hears && who.has(party_id(i))) ahead_[i] = std::max(ahead_[i], before[j] + 1);
    }
  catch_up();
}

void DryEngine::catch_up() {
  const std::int64_t own = ahead_[index(self_)];
  meter_.saw(meter_.depth() + static_cast<std::uint32_t>(own));
  for (std::int64_t& a : ahead_) a -= own;
}

void DryEngine::tell_all(std::size_t bytes) {
  meter_.count_more((costs_->parties() - 1) * bytes, 0);
  hear(PartySet::first(costs_->parties()), Hears::All);
}

void DryEngine::hear_outsider(std::uint32_t depth) {
  const std::int64_t from_here = static_cast<std::int64_t>(depth) - meter_.depth();
  for (std::int64_t& a : ahead_) a = std::max(a, from_here);
  catch_up();
}

std::uint32_t DryEngine::deepest() const {
  return static_cast<std::uint32_t>(meter_.depth() + *std::max_element(ahead_.begin(), ahead_.end()));
}

void DryEngine::pay_settled(const Share& x) {
  if (x.form == Form::Sum) pay(costs_->settle(x.size()));
}

Share DryEngine::input(PartyId owner, const RingTensor*, const Shape& shape, unsigned frac) {
  pay(costs_->input(index(owner), elements(shape)));
  return Share::numbers(shape, frac, 0);
}
Share DryEngine::constant(const RingTensor& value, Domain, unsigned frac) {
  return Share::numbers(value.shape, frac, 0);
}

Share DryEngine::bilinear(const Bilinear& map, const Share& a, const Share& b) {
  if (a.domain == Domain::Bool) {
    pay(costs_->bit_and(a.bits * plane_words(a.size())));
    return Share::bit_planes(a.shape, a.bits, 0);
  }
  return Share::numbers(map.output_shape(a.shape, b.shape), a.frac + b.frac, 0, Form::Sum);
}

Share DryEngine::trunc(const Share& x, unsigned bits) {
  pay(costs_->trunc(x.form, x.size(), bits));
  return Share::numbers(x.shape, x.frac - bits, 0);
}
Share DryEngine::to_bool(const Share& x, unsigned bits) {
  pay_settled(x);
  pay(costs_->to_bool(x.size(), bits));
  return Share::bit_planes(x.shape, bits, 0);
}
Share DryEngine::to_arith(const Share& bit, unsigned frac) {
  pay(costs_->to_arith(bit.size()));
  return Share::numbers(bit.shape, frac, 0);
}
RingTensor DryEngine::open(const Share& x, PartySet to, EngineKey) {
  const std::size_t words = x.domain == Domain::Arith ? x.size() : x.bits * plane_words(x.size());
  meter_.count_more(costs_->open(to, words, x.form).payload.at(index(self_)), 0);
  if (x.form == Form::Sum) hear(PartySet::first(costs_->parties()), Hears::Next);
  if (to.members != 0) hear(to, Hears::Next);
  return to.has(self_)
             ? RingTensor::zeros(x.domain == Domain::Arith ? x.shape : Shape{x.bits, plane_words(x.size())})
             : RingTensor();
}
std::vector<std::vector<unsigned>> DryEngine::component_sets() const {
  return std::vector<std::vector<unsigned>>(costs_->parties());
}
Share DryEngine::adopt(std::vector<RingTensor>, const Shape& shape, unsigned frac) {
  return Share::numbers(shape, frac, 0);
}
RingTensor DryEngine::summand(const Share& x, EngineKey) { return RingTensor::zeros(x.shape); }

Share DryEngine::add_public(const Share& x, std::span<const double>) { return x; }
Share DryEngine::loosen(const Share& x) {
  Share out = x;
  out.form = Form::Sum;
  return out;
}
Share DryEngine::settle(const Share& x) {
  pay_settled(x);
  Share out = x;
  out.form = Form::Full;
  return out;
}
Share DryEngine::msb(const Share& x, unsigned width) {
  pay_settled(x);
  pay(costs_->msb(x.size(), width));
  return Share::bit_planes(x.shape, 1, 0);
}
Share DryEngine::select(const Share&, const Share& x) {
  pay_settled(x);
  pay(costs_->select(x.size()));
  return Share::numbers(x.shape, x.frac, 0);
}
Engine::Rectified DryEngine::relu(const Share& x, unsigned width) {
  pay_settled(x);
  pay(costs_->relu(x.size(), width));
  return {Share::numbers(x.shape, x.frac, 0), Share::bit_planes(x.shape, 1, 0)};
}
Share DryEngine::piecewise(const Share& x, const Piecewise& function, unsigned frac) {
  pay_settled(x);
  pay(costs_->piecewise(x.size(), function, frac));
  return Share::numbers(x.shape, frac, 0);
}

}  // namespace tacit
