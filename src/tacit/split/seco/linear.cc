#include "tacit/split/seco/linear.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/he/bfv/rerandomise.h"

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

/// log2 of the sum of the sizes of a factor's coefficients, at most: shares of weights are uniform.
double largest_norm(unsigned bits) { return std::log2(kDegree) + bits - 1; }
/// log2 of the noise of a sum of `inputs` products, whatever the weights' share is.
double product_noise(unsigned bits, std::size_t inputs) {
  return he::SecretKey::fresh_noise() + largest_norm(bits) + std::log2(static_cast<double>(inputs)) + 2;
}
/// The same once it is re-randomised.
double hidden_noise(unsigned bits, std::size_t inputs) {
  return std::ceil(product_noise(bits, inputs) + std::log2(kDegree) + 40) + 1;
}

std::size_t most_inputs(const Network& network) {
  std::size_t most = 1;
  for (const Stage& s : network.stages)
    for (const Term& t : s.terms)
      if (t.is_private()) most = std::max(most, packing_of(network, t).inputs());
  return most;
}

he::BfvParameters parameters_of(const Network& network, std::size_t primes) {
  return {kDegree, he::transform_primes(kPrimeBits, kDegree, primes), Word{1} << network.numbers.bits};
}

std::vector<std::size_t> coefficients_of(const he::LinearPacking& packing, std::size_t o) {
  std::vector<std::size_t> out;
  for (const auto& w : packing.wanted(o)) out.push_back(w.coefficient);
  return out;
}

}  // namespace

/// As few primes as have room for products, for flooding 2^40 above them, and for the message.
he::BfvParameters mask_parameters(const Network& network) {
  const unsigned bits = network.numbers.bits;
  const double needed = hidden_noise(bits, most_inputs(network)) + 2 + bits;
  return parameters_of(network, static_cast<std::size_t>(std::ceil(needed / (kPrimeBits - 0.01))));
}
he::BfvParameters reply_parameters(const Network& network, const he::BfvContext& masks) {
  return parameters_of(network,
                       he::fewest_primes(masks, hidden_noise(network.numbers.bits, most_inputs(network)), 1));
}

LinearTerm linear_term(const Network& network, const Term& term, const he::BfvContext& masks,
                       const he::BfvContext& replies) {
  const he::LinearPacking packing = packing_of(network, term);
  LinearTerm out{.inputs = packing.inputs(), .outputs = packing.outputs(), .products = packing.products()};
  out.mask_bytes = out.inputs * he::seeded_bytes(masks);
  for (std::size_t o = 0; o < out.outputs; ++o)
    out.product_bytes += he::reply_bytes(replies, packing.wanted(o).size());
  return out;
}
std::uint64_t linear_key_bytes(const he::BfvContext& masks) { return 2 * he::poly_bytes(masks); }

LinearMasks::LinearMasks(Party& party, const Network& network)
    : party_(party),
      network_(network),
      context_(mask_parameters(network), party.compute().kernels.isa),
      reply_context_(reply_parameters(network, context_), party.compute().kernels.isa),
      to_reply_(context_, reply_context_),
      key_(context_, random_),
      reply_key_(reply_context_, key_),
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
  const LinearTerm sizes = linear_term(network_, term, context_, reply_context_);
  Bytes own;
  if (holders.size() > (weights != nullptr ? 1 : 0))
    for (std::size_t i = 0; i < packing.inputs(); ++i) {
      he::SecretKey::Seeded c;
      key_.encrypt(packing.input(i, mask), random_, workspace_, c);
      append_bytes(own, he::to_bytes(context_, c));
    }
  std::vector<Bytes> inputs(parties), products(parties), answers(parties);
  trade(
      "seco.masks", [&](std::size_t p) { return holds(p) ? ByteView(own) : ByteView(); },
      [&](std::size_t p) {
        inputs[p].resize(weights != nullptr ? sizes.mask_bytes : 0);
        return ByteSpan(inputs[p]);
      });

  // Back from them: its product with their share, less a mask that they keep.
  if (weights != nullptr)
    for (std::size_t p = 0; p < parties; ++p)
      if (p != self) received_from(p, [&] { products[p] = product(packing, p, inputs[p], *weights, sum); });
  trade(
      "seco.products", [&](std::size_t p) { return ByteView(products[p]); },
      [&](std::size_t p) {
        answers[p].resize(holds(p) && p != self ? sizes.product_bytes : 0);
        return ByteSpan(answers[p]);
      });
  for (std::size_t p = 0; p < parties; ++p)
    if (p != self && holds(p)) received_from(p, [&] { take_answer(packing, answers[p], sum); });

  if (weights != nullptr) {
    const Words local = apply(party_.compute(), term, weights, mask);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += local.data()[i];
  }
}

Bytes LinearMasks::product(const he::LinearPacking& packing, std::size_t peer, ByteView inputs,
                           const RingTensor& weights, std::span<Word> sum) {
  const std::size_t in_bytes = he::seeded_bytes(context_);
  std::vector<he::Ciphertext> x;
  for (std::size_t i = 0; i < packing.inputs(); ++i)
    x.push_back(he::expand(context_, he::read_seeded(context_, inputs.subspan(i * in_bytes, in_bytes))));
  const std::span<const Word> w(weights.data(), weights.size());
  Bytes out;
  for (std::size_t o = 0; o < packing.outputs(); ++o) {
    std::optional<he::Ciphertext> y;
    for (std::size_t i = 0; i < packing.inputs(); ++i) {
      const auto plain = packing.factor(i, o, w);
      if (!plain) continue;
      he::PlainFactor factor = he::prepare(context_, *plain);
      // The share's own norm would show in the noise's bound.
      factor.one_norm = largest_norm(network_.numbers.bits);
      he::Ciphertext part = x[i];
      he::multiply_plain(context_, part, factor);
      if (y)
        he::add(context_, *y, part);
      else
        y = std::move(part);
    }
    ensure(y.has_value() && y->noise <= product_noise(network_.numbers.bits, packing.inputs()),
           "a product's noise within its bound");
    // Uniform in every coefficient: those that nobody asked for tell of the weights, too.
    he::Plaintext mask(kDegree);
    random_.next().fill(0, mask);
    for (Word& m : mask) m &= network_.numbers.mask();
    he::rerandomise(context_, *y, *keys_[peer], mask, 0, random_, workspace_);
    const he::Reply reply = to_reply_.reply(*y, coefficients_of(packing, o), 1, workspace_);
    append_bytes(out, he::to_bytes(reply_context_, reply, o));
    for (const auto& [coefficient, result] : packing.wanted(o)) sum[result] -= mask[coefficient];
  }
  return out;
}

void LinearMasks::take_answer(const he::LinearPacking& packing, ByteView answer, std::span<Word> sum) {
  // What the holder's ciphertext has at most, if it kept to the protocol.
  const double noise = to_reply_.noise_after(hidden_noise(network_.numbers.bits, packing.inputs()), 1);
  for (std::size_t o = 0; o < packing.outputs(); ++o) {
    const auto wanted = packing.wanted(o);
    const std::size_t size = he::reply_bytes(reply_context_, wanted.size());
    const he::Reply reply = he::read_reply(reply_context_, answer.first(size), o, wanted.size(), noise);
    answer = answer.subspan(size);
    const std::vector<Word> m = he::decrypt(reply_key_, reply, coefficients_of(packing, o), workspace_);
    for (std::size_t k = 0; k < wanted.size(); ++k) sum[wanted[k].result] += m[k];
  }
}

}  // namespace tacit::seco
