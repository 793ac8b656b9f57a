#include <algorithm>
#include <bit>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/he/bfv/bfv.h"
#include "tacit/he/poly/flood.h"

namespace tacit::he {

namespace {

std::span<Word> words_of(SecretBytes& bytes) {
  return {reinterpret_cast<Word*>(bytes.bytes().data()), bytes.size() / sizeof(Word)};
}
std::span<const Word> words_of(const SecretBytes& bytes) {
  return {reinterpret_cast<const Word*>(bytes.bytes().data()), bytes.size() / sizeof(Word)};
}

void check_room(const BfvContext& context, double noise) {
  require(
      noise < context.noise_limit(),
      "under a modulus of {} bits, plaintexts of {} bits drown in the noise of encryption: use more primes",
      context.parameters().modulus_bits(), std::bit_width(context.parameters().plain - 1));
}

/// Numbers below q from their residues, by their digits in the mixed radix of the primes (Garner).
class Sizes {
 public:
  explicit Sizes(const Ring& ring) : ring_(&ring) {
    for (std::size_t i = 0; i < ring.limbs(); ++i)
      for (std::size_t j = 0; j < ring.limbs(); ++j) {
        const Modulus& q = ring.modulus(i);
        inverse_.push_back(i == j ? 0 : q.inverse(q.reduce(ring.modulus(j).value())));
      }
  }
  double operator()(std::vector<Word> residues) const {
    const std::size_t limbs = residues.size();
    for (std::size_t i = 0; i < limbs; ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const Modulus& q = ring_->modulus(i);
        residues[i] = q.mul(q.sub(residues[i], q.reduce(residues[j])), inverse_[i * limbs + j]);
      }
    double number = 0;
    for (std::size_t i = limbs; i-- > 0;)
      number = number * static_cast<double>(ring_->modulus(i).value()) + static_cast<double>(residues[i]);
    return number;
  }

 private:
  const Ring* ring_;
  std::vector<Word> inverse_;
};

/// The roundings of a message, with zeros up to the degree.
std::span<const Word> padded_roundings(const BfvContext& context, const Plaintext& m, Workspace& workspace) {
  check_plaintext(context, m);
  const auto out = workspace.take<Word>(context.ring().degree());
  context.roundings(m, out);
  return out;
}

}  // namespace

namespace {
SmallPoly copy_of(const SmallPoly& p, std::size_t degree) {
  require(p.coefficients().size() == degree, "a key of degree {} is no key of degree {}",
          p.coefficients().size(), degree);
  SmallPoly out(degree);
  std::copy_n(p.coefficients().begin(), degree, out.coefficients().begin());
  return out;
}
}  // namespace

SecretKey::SecretKey(const BfvContext& context, Randomness& random)
    : SecretKey(context, sample_ternary(context.ring().degree(), random)) {}
SecretKey::SecretKey(const BfvContext& context, const SecretKey& key)
    : SecretKey(context, copy_of(key.secret_, context.ring().degree())) {}
SecretKey::SecretKey(const BfvContext& context, SmallPoly secret)
    : context_(&context),
      secret_(std::move(secret)),
      values_(context.ring().words() * sizeof(Word)),
      negative_(context.ring().words() * sizeof(Word)) {
  const Ring& ring = context.ring();
  const std::size_t n = ring.degree();
  SmallPoly opposite(n);
  for (std::size_t k = 0; k < n; ++k)
    opposite.coefficients()[k] = static_cast<std::int8_t>(-secret_.coefficients()[k]);
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    const auto to = words_of(values_).subspan(i * n, n);
    ring.limb(i).lift(secret_.coefficients(), to);
    ring.limb(i).forward(to);
    ring.limb(i).forward_small(opposite.coefficients(), words_of(negative_).subspan(i * n, n));
  }
}

std::span<const Word> SecretKey::values(std::size_t limb) const {
  const std::size_t n = context_->ring().degree();
  return words_of(values_).subspan(limb * n, n);
}
std::span<const Word> SecretKey::negative(std::size_t limb) const {
  const std::size_t n = context_->ring().degree();
  return words_of(negative_).subspan(limb * n, n);
}

void SecretKey::encrypt(const Plaintext& m, Randomness& random, Workspace& workspace, Seeded& out) const {
  check_room(*context_, fresh_noise());
  const Ring& ring = context_->ring();
  const std::size_t n = ring.degree();
  const Workspace::Scope scope(workspace);
  const auto roundings = padded_roundings(*context_, m, workspace);
  const auto e = workspace.take<std::int8_t>(n);
  sample_error(e, random, workspace);
  // The seed is public, and so may come from the same generator as what is secret: its streams are
  // independent.
  std::array<Word, 2> seed;
  random.next().fill(0, seed);
  std::memcpy(out.seed.data(), seed.data(), sizeof seed);
  Randomness uniform(out.seed);
  const auto a = workspace.take<Word>(ring.words());
  sample_uniform(ring, uniform, a);
  out.c0.resize(ring.words());
  for (std::size_t i = 0; i < ring.limbs(); ++i)
    ring.limb(i).forward_sum(e, roundings, context_->plain_inverse(i), a.subspan(i * n, n), negative(i),
                             ring.part(out.c0, i));
  out.noise = fresh_noise();
}
SecretKey::Seeded SecretKey::encrypt(const Plaintext& m, Randomness& random) const {
  Seeded out;
  Workspace workspace;
  encrypt(m, random, workspace, out);
  return out;
}

double SecretKey::fresh_noise() { return std::log2(kErrorBound + 0.5); }

Ciphertext expand(const BfvContext& context, SecretKey::Seeded c) {
  Randomness uniform(c.seed);
  return {std::move(c.c0), sample_uniform(context.ring(), uniform), c.noise};
}

void SecretKey::noisy(const Poly* c0, const Poly& c1, std::span<Word> out) const {
  const Ring& ring = context_->ring();
  const std::size_t n = ring.degree();
  ensure(c1.size() == ring.words() && (c0 == nullptr || c0->size() == ring.words()), "a ciphertext's size");
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    const auto to = out.subspan(i * n, n);
    if (c0 == nullptr) {
      ring.limb(i).multiply(ring.part(c1, i), values(i), to);
    } else {
      std::copy_n(ring.part(*c0, i).begin(), n, to.begin());
      ring.limb(i).multiply_add(ring.part(c1, i), values(i), to);
    }
    ring.limb(i).inverse(to);
  }
}

void SecretKey::decrypt(const Ciphertext& c, Workspace& workspace, Plaintext& out) const {
  const Workspace::Scope scope(workspace);
  const auto v = workspace.take<Word>(context_->ring().words());
  noisy(&c.c0, c.c1, v);
  out.resize(context_->ring().degree());
  context_->unscale(v, workspace, out);
}
Plaintext SecretKey::decrypt(const Ciphertext& c) const {
  Workspace workspace;
  Plaintext out;
  decrypt(c, workspace, out);
  return out;
}

double SecretKey::noise(const Ciphertext& c) const {
  const Ring& ring = context_->ring();
  Workspace workspace;
  Poly v(ring.words());
  noisy(&c.c0, c.c1, v);
  Plaintext m(ring.degree()), roundings(ring.degree()), scratch(ring.degree());
  context_->unscale(v, workspace, m);
  Poly message(ring.words(), 0);
  context_->roundings(m, roundings);
  for (std::size_t i = 0; i < ring.limbs(); ++i)
    context_->add_scaled(roundings, i, ring.part(message, i), scratch);
  ring.subtract(v, message);
  const Sizes size(ring);
  double largest = 0;
  std::vector<Word> residues(ring.limbs()), opposite(ring.limbs());
  for (std::size_t k = 0; k < ring.degree(); ++k) {
    for (std::size_t i = 0; i < ring.limbs(); ++i) {
      residues[i] = ring.part(v, i)[k];
      opposite[i] = ring.modulus(i).negate(residues[i]);
    }
    largest = std::max(largest, std::min(size(residues), size(opposite)));
  }
  return std::log2(std::max(largest, 1.0));
}

Poly SecretKey::masked_by(const Poly& a, Randomness& random) const {
  const Ring& ring = context_->ring();
  const SmallPoly e = sample_error(ring.degree(), random);
  Poly out(ring.words());
  for (std::size_t i = 0; i < ring.limbs(); ++i)
    ring.limb(i).forward_sum(e.coefficients(), ring.part(a, i), negative(i), ring.part(out, i));
  return out;
}

PublicKey::PublicKey(const BfvContext& context, const SecretKey& key, Randomness& random)
    : context_(&context), p1_(sample_uniform(context.ring(), random)) {
  p0_ = key.masked_by(p1_, random);
}
PublicKey::PublicKey(const BfvContext& context, Poly p0, Poly p1, std::size_t parties)
    : context_(&context), p0_(std::move(p0)), p1_(std::move(p1)), parties_(parties) {
  ensure(p0_.size() == context.ring().words() && p1_.size() == p0_.size() && parties > 0, "a public key");
}

void PublicKey::check_made_for(const BfvContext& context) const {
  require(context_->id() == context.id(),
          "the public key was made with other parameters than the ciphertext");
}

// v = e·u + e0 + e1·s, with u ternary, e and s sums of the parties', and half a unit of rounding.
double PublicKey::fresh_noise() const {
  const double n = static_cast<double>(context_->ring().degree()), parties = static_cast<double>(parties_);
  return std::log2(kErrorBound * (2 * n * parties + 1) + 0.5);
}

// Limb by limb, so that all that a limb needs stays in the second cache.
void PublicKey::encrypt(const Plaintext& m, Randomness& random, Workspace& workspace, Ciphertext& out) const {
  check_room(*context_, fresh_noise());
  const Ring& ring = context_->ring();
  const std::size_t n = ring.degree();
  const Workspace::Scope scope(workspace);
  const auto roundings = padded_roundings(*context_, m, workspace);
  const auto u = workspace.take<std::int8_t>(n), e0 = workspace.take<std::int8_t>(n),
             e1 = workspace.take<std::int8_t>(n);
  sample_ternary(u, random, workspace);
  sample_error(e0, random, workspace);
  sample_error(e1, random, workspace);
  const auto mask = workspace.take<Word>(n);
  out.c0.resize(ring.words());
  out.c1.resize(ring.words());
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    ring.limb(i).forward_small(u, mask);
    ring.limb(i).forward_sum(e0, roundings, context_->plain_inverse(i), ring.part(p0_, i), mask,
                             ring.part(out.c0, i));
    ring.limb(i).forward_sum(e1, ring.part(p1_, i), mask, ring.part(out.c1, i));
  }
  out.noise = fresh_noise();
}
void PublicKey::encrypt_flooded(const Plaintext& m, unsigned flood, Randomness& random, Workspace& workspace,
                                Ciphertext& out) const {
  encrypt(m, random, workspace, out);
  const Ring& ring = context_->ring();
  const Workspace::Scope scope(workspace);
  const FloodPoly noise(ring, flood, random, workspace);
  const auto wide = workspace.take<Word>(ring.degree()), scratch = workspace.take<Word>(ring.degree());
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    noise.residues(i, wide, scratch);
    ring.limb(i).forward(wide);
    ring.limb(i).add(ring.part(out.c0, i), wide);
  }
  out.noise = flooded_noise(flood);
}
Ciphertext PublicKey::encrypt(const Plaintext& m, Randomness& random) const {
  Ciphertext out;
  Workspace workspace;
  encrypt(m, random, workspace, out);
  return out;
}

}  // namespace tacit::he
