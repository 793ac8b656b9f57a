#include "tacit/split/seco/linear.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/he/poly/flood.h"
#include "tacit/he/threshold/key_share.h"

namespace tacit::seco {

namespace {

constexpr std::size_t kDegree = 8192;
constexpr unsigned kPrimeBits = 49;  // where transforms are fastest

he::LinearPacking packing_of(const Network& network, const Term& term) {
  const Shape& weights = network.weights[term.weights];
  return term.kind == Term::Kind::Convolution
             ? he::LinearPacking::convolution(term.geometry, term.in, weights, kDegree)
             : he::LinearPacking::matrix(1, weights[1], weights[0], kDegree);
}

/// log2 of the noise that a product of `inputs` ciphertexts with a share of weights has at most, whatever the
/// share is: its coefficients are below 2^(bits - 1) in size, and its own rounding is as large again.
double product_noise(unsigned bits, std::size_t inputs) {
  return he::SecretKey::fresh_noise() + std::log2(static_cast<double>(kDegree * inputs)) + bits;
}

std::size_t most_inputs(const Network& network) {
  std::size_t most = 1;
  for (const Stage& s : network.stages)
    for (const Term& t : s.terms)
      if (t.is_private()) most = std::max(most, packing_of(network, t).inputs());
  return most;
}

/// As few primes as have room for products, for flooding 2^40 above them, and for the message.
he::BfvParameters parameters_for(const Network& network) {
  const unsigned bits = network.numbers.bits;
  const double flooded = product_noise(bits, most_inputs(network)) + std::log2(kDegree) + 40;
  const auto limbs =
      static_cast<std::size_t>(std::ceil((flooded + 3 + bits) / (static_cast<double>(kPrimeBits) - 0.01)));
  return {kDegree, he::transform_primes(kPrimeBits, kDegree, limbs), Word{1} << bits};
}

void flood(const he::BfvContext& context, he::Ciphertext& c, unsigned bits, he::Randomness& random) {
  const he::Ring& ring = context.ring();
  he::FloodPoly noise(ring, bits, random);
  he::Poly values;
  for (std::size_t i = 0; i < ring.limbs(); ++i)
    values.insert(values.end(), noise.part(i).begin(), noise.part(i).end());
  ring.forward(values);
  ring.add(c.c0, values);
  c.noise = std::max<double>(c.noise, bits) + 1;
}

}  // namespace

LinearMasks::LinearMasks(Party& party, const Network& network)
    : party_(party),
      network_(network),
      context_(parameters_for(network), party.compute().kernels.isa),
      key_(context_, random_),
      keys_(party.count()) {
  const he::PublicKey own(context_, key_, random_);
  Bytes told = he::to_bytes(context_, own.p0());
  const Bytes second = he::to_bytes(context_, own.p1());
  told.insert(told.end(), second.begin(), second.end());
  const std::vector<Bytes> all = party_.tell_all("seco.key", told);
  const std::size_t half = told.size() / 2;
  for (std::size_t p = 0; p < party_.count(); ++p) {
    if (party_id(p) == party_.id()) continue;
    received_from(p, [&] {
      const ByteView bytes(all[p]);
      keys_[p].emplace(context_, he::read_poly(context_, bytes.first(half)),
                       he::read_poly(context_, bytes.subspan(half)), 1);
    });
  }
}

std::vector<Word> LinearMasks::share(const Stage& stage, std::span<const PartyId> holders,
                                     const Weights* weights, std::span<const std::vector<Word>> masks) {
  std::vector<Word> sum(elements(stage.sum), 0);
  for (const Term& term : stage.terms) {
    if (!term.is_private()) continue;
    const bool holds = std::find(holders.begin(), holders.end(), party_.id()) != holders.end();
    ensure(!holds || weights != nullptr, "a holder has its share of the weights");
    share_term(term, holders, holds ? &(*weights)[term.weights] : nullptr, masks[term.value], sum);
  }
  for (Word& w : sum) w &= network_.numbers.mask();
  return sum;
}

void LinearMasks::share_term(const Term& term, std::span<const PartyId> holders, const RingTensor* weights,
                             std::span<const Word> mask, std::span<Word> sum) {
  const he::LinearPacking packing = packing_of(network_, term);
  const std::size_t parties = party_.count(), self = index(party_.id());
  auto holds = [&](std::size_t p) {
    return std::find(holders.begin(), holders.end(), party_id(p)) != holders.end();
  };

  // To the holders: one's own summand of the mask.
  const std::size_t in_bytes = packing.inputs() * he::seeded_bytes(context_);
  Bytes own;
  if (holders.size() > (weights != nullptr ? 1 : 0))
    for (std::size_t i = 0; i < packing.inputs(); ++i) {
      const Bytes one = he::to_bytes(context_, key_.encrypt(packing.input(i, mask), random_));
      own.insert(own.end(), one.begin(), one.end());
    }
  std::vector<Bytes> inputs(parties), products(parties), answers(parties);
  trade(
      "seco.masks", [&](std::size_t p) { return holds(p) ? ByteView(own) : ByteView(); },
      [&](std::size_t p) {
        inputs[p].resize(weights != nullptr ? in_bytes : 0);
        return ByteSpan(inputs[p]);
      });

  // Back from them: its product with their share, less a mask that they keep.
  if (weights != nullptr)
    for (std::size_t p = 0; p < parties; ++p)
      if (p != self) received_from(p, [&] { products[p] = product(packing, p, inputs[p], *weights, sum); });
  const std::size_t out_bytes = packing.outputs() * he::ciphertext_bytes(context_);
  trade(
      "seco.products", [&](std::size_t p) { return ByteView(products[p]); },
      [&](std::size_t p) {
        answers[p].resize(holds(p) && p != self ? out_bytes : 0);
        return ByteSpan(answers[p]);
      });
  for (std::size_t p = 0; p < parties; ++p) {
    if (p == self || !holds(p)) continue;
    received_from(p, [&] {
      for (std::size_t o = 0; o < packing.outputs(); ++o) {
        const auto bytes =
            ByteView(answers[p]).subspan(o * he::ciphertext_bytes(context_), he::ciphertext_bytes(context_));
        const he::Plaintext m = key_.decrypt(he::read_ciphertext(context_, bytes, 0));
        for (const auto& [coefficient, result] : packing.wanted(o)) sum[result] += m[coefficient];
      }
    });
  }

  if (weights != nullptr) {
    const Words local = apply(party_.compute(), term, weights, mask);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += local.data()[i];
  }
}

Bytes LinearMasks::product(const he::LinearPacking& packing, std::size_t peer, ByteView inputs,
                           const RingTensor& weights, std::span<Word> sum) {
  const double noise = product_noise(network_.numbers.bits, packing.inputs());
  std::vector<he::Ciphertext> x;
  for (std::size_t i = 0; i < packing.inputs(); ++i)
    x.push_back(he::expand(context_, he::read_seeded(context_, inputs.subspan(i * he::seeded_bytes(context_),
                                                                              he::seeded_bytes(context_)))));
  const std::span<const Word> w(weights.data(), weights.size());
  const std::size_t n = context_.ring().degree();
  Bytes out;
  for (std::size_t o = 0; o < packing.outputs(); ++o) {
    // Uniform in every coefficient: those that nobody asked for tell of the weights, too.
    he::Plaintext mask(n);
    random_.next().fill(0, mask);
    for (Word& m : mask) m &= network_.numbers.mask();
    he::Ciphertext y = keys_[peer]->encrypt(mask, random_);
    for (std::size_t i = 0; i < packing.inputs(); ++i) {
      const auto factor = packing.factor(i, o, w);
      if (!factor) continue;
      he::Ciphertext part = x[i];
      he::multiply_plain(context_, part, he::prepare(context_, *factor));
      he::add(context_, y, part);
    }
    ensure(y.noise <= noise + 1, "a product's noise within its bound");
    flood(context_, y, he::flood_bits(context_, noise + 1, 1), random_);
    const Bytes one = he::to_bytes(context_, y);
    out.insert(out.end(), one.begin(), one.end());
    for (const auto& [coefficient, result] : packing.wanted(o)) sum[result] -= mask[coefficient];
  }
  return out;
}

}  // namespace tacit::seco
