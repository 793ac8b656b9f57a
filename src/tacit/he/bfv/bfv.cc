#include "tacit/he/bfv/bfv.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit::he {

namespace {

BfvParameters checked(BfvParameters p) {
  p.check();
  return p;
}

/// log2(2^a + 2^b)
double log_sum(double a, double b) { return std::max(a, b) + std::log2(1 + std::exp2(-std::fabs(a - b))); }

/// Modulo a plaintext modulus, prime or power of two, without division.
Word reduce_plain(Word plain, const std::optional<Modulus>& prime, Wide x) {
  return prime ? prime->reduce(x) : static_cast<Word>(x) & (plain - 1);
}
std::optional<Modulus> prime_modulus(Word plain) {
  if (std::has_single_bit(plain)) return std::nullopt;
  return Modulus(plain);
}

std::span<Word> words_of(SecretBytes& bytes) {
  return {reinterpret_cast<Word*>(bytes.bytes().data()), bytes.size() / sizeof(Word)};
}
std::span<const Word> words_of(const SecretBytes& bytes) {
  return {reinterpret_cast<const Word*>(bytes.bytes().data()), bytes.size() / sizeof(Word)};
}
/// Memory for one limb of a secret polynomial.
SecretBytes secret_limb(const Ring& ring) { return SecretBytes(ring.degree() * sizeof(Word)); }

}  // namespace

BfvContext::BfvContext(BfvParameters parameters, Isa isa)
    : parameters_(checked(std::move(parameters))),
      ring_(parameters_.degree, parameters_.primes, isa),
      id_(parameters_.id()) {
  const Word t = parameters_.plain;
  double bits = 0;
  Wide q_mod_plain = 1;
  for (std::size_t i = 0; i < ring_.limbs(); ++i) {
    const Modulus& q = ring_.modulus(i);
    bits += std::log2(static_cast<double>(q.value()));
    q_mod_plain = q_mod_plain * (q.value() % t) % t;
    plain_inverse_.push_back(q.inverse(t));
    Word rest = 1;
    for (std::size_t j = 0; j < ring_.limbs(); ++j)
      if (j != i) rest = q.mul(rest, q.reduce(ring_.modulus(j).value()));
    rest_inverse_.push_back(q.inverse(rest));
    plain_fraction_.push_back(static_cast<Word>((Wide{t} << 64) / q.value()));
  }
  q_mod_plain_ = static_cast<Word>(q_mod_plain);
  // unscale() errs by less than 2^-16 of a unit of the message.
  noise_limit_ = bits - std::log2(static_cast<double>(t)) + std::log2(0.5 - 0x1p-16);
}

// round(q·m/t) = (q·m + h - z)/t with h = floor(t/2) and z = (q·m + h) mod t; q is 0 modulo q_i, so what is
// left there is (h - z)/t.
SecretBytes BfvContext::roundings(std::span<const Word> m) const {
  const Word t = parameters_.plain, half = t / 2;
  const std::optional<Modulus> prime = prime_modulus(t);
  SecretBytes out(m.size() * sizeof(Word));
  const auto to = words_of(out);
  for (std::size_t k = 0; k < m.size(); ++k)
    to[k] = half - reduce_plain(t, prime, Wide{q_mod_plain_} * m[k] + half);
  return out;
}

void BfvContext::add_scaled(const SecretBytes& roundings, std::size_t limb, std::span<Word> to) const {
  const Word q = ring_.modulus(limb).value();
  SecretBytes scaled(to.size() * sizeof(Word));
  const auto x = words_of(scaled);
  const auto from = words_of(roundings);
  for (std::size_t k = 0; k < from.size(); ++k) x[k] = from[k] + (q & (0 - (from[k] >> 63)));
  ring_.limb(limb).scale(x, plain_inverse_[limb], x);
  ring_.limb(limb).add(to, x);
}

// With y_i = x_i/(q/q_i) mod q_i, the number is q·(Σ y_i/q_i) less a multiple of q, so t/q of it is
// Σ y_i·t/q_i less a multiple of t: in fixed point with 64 fractional bits.
std::vector<Word> BfvContext::unscale(const Poly& noisy) const {
  const std::size_t n = ring_.degree();
  const Word t = parameters_.plain;
  std::vector<Wide> sum(n, Wide{1} << 63);
  SecretBytes scratch = secret_limb(ring_);
  const auto y = words_of(scratch);
  for (std::size_t i = 0; i < ring_.limbs(); ++i) {
    ring_.limb(i).scale(ring_.part(noisy, i), rest_inverse_[i], y);
    for (std::size_t k = 0; k < n; ++k) sum[k] += Wide{y[k]} * plain_fraction_[i];
  }
  std::vector<Word> out(n);
  const std::optional<Modulus> prime = prime_modulus(t);
  for (std::size_t k = 0; k < n; ++k) out[k] = reduce_plain(t, prime, sum[k] >> 64);
  return out;
}

// ---- keys

SecretKey::SecretKey(const BfvContext& context, Randomness& random)
    : context_(&context),
      secret_(sample_ternary(context.ring().degree(), random)),
      values_(context.ring().words() * sizeof(Word)) {
  const Ring& ring = context.ring();
  const auto words = words_of(values_);
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    const auto to = words.subspan(i * ring.degree(), ring.degree());
    ring.limb(i).lift(secret_.coefficients(), to);
    ring.limb(i).forward(to);
  }
}

namespace {
std::span<const Word> limb_of(const SecretBytes& values, const Ring& ring, std::size_t i) {
  return words_of(values).subspan(i * ring.degree(), ring.degree());
}

/// to = transform of (round(q·m/t) + e), limb after limb.
void scaled_with_error(const BfvContext& context, const Plaintext* m, const SmallPoly& e, Poly& to) {
  const Ring& ring = context.ring();
  to.resize(ring.words());
  const SecretBytes roundings = context.roundings(m == nullptr ? std::span<const Word>() : *m);
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    const auto part = ring.part(to, i);
    ring.limb(i).lift(e.coefficients(), part);
    if (m != nullptr) context.add_scaled(roundings, i, part);
    ring.limb(i).forward(part);
  }
}

void check_message(const BfvContext& context, const Plaintext& m) {
  require(m.size() <= context.ring().degree(), "a plaintext of {} coefficients does not fit degree {}",
          m.size(), context.ring().degree());
  for (Word x : m)
    require(x < context.parameters().plain, "a plaintext's coefficients must be below {}",
            context.parameters().plain);
}
}  // namespace

SecretKey::Seeded SecretKey::encrypt(const Plaintext& m, Randomness& random) const {
  check_message(*context_, m);
  const Ring& ring = context_->ring();
  Seeded out;
  const SecretBytes seed = os_entropy(Prg::kKeySize);
  std::copy_n(seed.bytes().begin(), Prg::kKeySize, out.seed.begin());
  Randomness uniform(out.seed);
  const Poly a = sample_uniform(ring, uniform);
  scaled_with_error(*context_, &m, sample_error(ring.degree(), random), out.c0);
  SecretBytes scratch = secret_limb(ring);
  const auto product = words_of(scratch);
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    ring.limb(i).multiply(ring.part(a, i), limb_of(values_, ring, i), product);
    ring.limb(i).subtract(ring.part(out.c0, i), product);
  }
  out.noise = fresh_noise();
  return out;
}

double SecretKey::fresh_noise() { return std::log2(kErrorBound + 0.5); }

Ciphertext expand(const BfvContext& context, SecretKey::Seeded c) {
  Randomness uniform(c.seed);
  return {std::move(c.c0), sample_uniform(context.ring(), uniform), c.noise};
}

Poly SecretKey::noisy(const Ciphertext& c) const {
  const Ring& ring = context_->ring();
  Poly sum = c.c0;
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    ring.limb(i).multiply_add(ring.part(c.c1, i), limb_of(values_, ring, i), ring.part(sum, i));
    ring.limb(i).inverse(ring.part(sum, i));
  }
  return sum;
}

Plaintext SecretKey::decrypt(const Ciphertext& c) const { return context_->unscale(noisy(c)); }

double SecretKey::noise(const Ciphertext& c) const {
  const Ring& ring = context_->ring();
  Poly v = noisy(c);
  const Plaintext m = context_->unscale(v);
  Poly message(ring.words(), 0);
  const SecretBytes roundings = context_->roundings(m);
  for (std::size_t i = 0; i < ring.limbs(); ++i) context_->add_scaled(roundings, i, ring.part(message, i));
  ring.subtract(v, message);
  // The largest coefficient, by its place between 0 and q: Σ y_i/q_i mod 1, in extended precision, is too
  // coarse for small ones; those are read off the first limb, where they are what they are.
  double largest = 0;
  for (std::size_t k = 0; k < ring.degree(); ++k) {
    long double place = 0, q = 1;
    for (std::size_t i = 0; i < ring.limbs(); ++i) {
      const Modulus& p = ring.modulus(i);
      Word rest = 1;
      for (std::size_t j = 0; j < ring.limbs(); ++j)
        if (j != i) rest = p.mul(rest, p.reduce(ring.modulus(j).value()));
      place += static_cast<long double>(p.mul(ring.part(v, i)[k], p.inverse(rest))) / p.value();
      q *= p.value();
    }
    place -= std::floor(place + 0.5L);
    const Word first = ring.part(v, 0)[k], p = ring.modulus(0).value();
    const double small = static_cast<double>(std::min(first, p - first));
    const double size = static_cast<double>(std::fabs(place) * q);
    largest = std::max(largest, std::fabs(place) < 0x1p-50L ? small : size);
  }
  return std::log2(std::max(largest, 1.0));
}

Poly SecretKey::masked_by(const Poly& a, Randomness& random) const {
  const Ring& ring = context_->ring();
  Poly out;
  scaled_with_error(*context_, nullptr, sample_error(ring.degree(), random), out);
  SecretBytes scratch = secret_limb(ring);
  const auto product = words_of(scratch);
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    ring.limb(i).multiply(ring.part(a, i), limb_of(values_, ring, i), product);
    ring.limb(i).subtract(ring.part(out, i), product);
  }
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

// v = e·u + e0 + e1·s, with u ternary, e and s sums of the parties', and half a unit of rounding.
double PublicKey::fresh_noise() const {
  const double n = static_cast<double>(context_->ring().degree()), parties = static_cast<double>(parties_);
  return std::log2(kErrorBound * (2 * n * parties + 1) + 0.5);
}

Ciphertext PublicKey::encrypt(const Plaintext& m, Randomness& random) const {
  check_message(*context_, m);
  const Ring& ring = context_->ring();
  const SmallPoly u = sample_ternary(ring.degree(), random);
  Ciphertext out;
  scaled_with_error(*context_, &m, sample_error(ring.degree(), random), out.c0);
  scaled_with_error(*context_, nullptr, sample_error(ring.degree(), random), out.c1);
  SecretBytes scratch = secret_limb(ring);
  const auto mask = words_of(scratch);
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    ring.limb(i).lift(u.coefficients(), mask);
    ring.limb(i).forward(mask);
    ring.limb(i).multiply_add(ring.part(p0_, i), mask, ring.part(out.c0, i));
    ring.limb(i).multiply_add(ring.part(p1_, i), mask, ring.part(out.c1, i));
  }
  out.noise = fresh_noise();
  return out;
}

// ---- arithmetic

PlainFactor prepare(const BfvContext& context, const Plaintext& m) {
  check_message(context, m);
  const Ring& ring = context.ring();
  const Word t = context.parameters().plain;
  PlainFactor out{Poly(ring.words(), 0), 0};
  double sum = 0;
  for (Word x : m) sum += static_cast<double>(x > t / 2 ? t - x : x);
  out.one_norm = std::log2(std::max(sum, 1.0));
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    const Word q = ring.modulus(i).value();
    const auto to = ring.part(out.values, i);
    for (std::size_t k = 0; k < m.size(); ++k)
      to[k] = m[k] + ((q - t) & (0 - static_cast<Word>(m[k] > t / 2)));
    ring.limb(i).forward(to);
  }
  return out;
}

void add(const BfvContext& context, Ciphertext& a, const Ciphertext& b) {
  context.ring().add(a.c0, b.c0);
  context.ring().add(a.c1, b.c1);
  a.noise =
      log_sum(log_sum(a.noise, b.noise), 0);  // and a unit, where round(x) + round(y) is not round(x + y)
}
void subtract(const BfvContext& context, Ciphertext& a, const Ciphertext& b) {
  context.ring().subtract(a.c0, b.c0);
  context.ring().subtract(a.c1, b.c1);
  a.noise = log_sum(log_sum(a.noise, b.noise), 0);
}
void add_plain(const BfvContext& context, Ciphertext& a, const Plaintext& m) {
  check_message(context, m);
  const Ring& ring = context.ring();
  const SecretBytes roundings = context.roundings(m);
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    std::vector<Word> scaled(ring.degree(), 0);
    context.add_scaled(roundings, i, scaled);
    ring.limb(i).forward(scaled);
    ring.limb(i).add(ring.part(a.c0, i), scaled);
  }
  a.noise = log_sum(a.noise, 0);
}
void multiply_plain(const BfvContext& context, Ciphertext& a, const PlainFactor& m) {
  context.ring().multiply(a.c0, m.values);
  context.ring().multiply(a.c1, m.values);
  a.noise = log_sum(a.noise, -1) + m.one_norm + 0.5;
}

}  // namespace tacit::he
