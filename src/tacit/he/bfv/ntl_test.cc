// The ring's and BFV's arithmetic against NTL's (Shoup, "NTL: a library for doing number theory"), which
// knows neither residues nor our transform: whole numbers modulo q, and polynomials of them modulo X^n + 1.
#include <NTL/ZZ_pX.h>
#include <gtest/gtest.h>

#include "tacit/he/bfv/bfv.h"
#include "tacit/he/bfv/modulus_switch.h"

namespace tacit::he {
namespace {

using NTL::ZZ;
using NTL::ZZ_p;
using NTL::ZZ_pX;

ZZ whole(Word x) {
  ZZ out;
  NTL::ZZFromBytes(out, reinterpret_cast<const unsigned char*>(&x), sizeof x);
  return out;
}

/// The modulus q of a context, for as long as the object lives; one at a time.
class Modulo {
 public:
  explicit Modulo(const BfvContext& context)
      : ring_(&context.ring()), q_(1), t_(whole(context.parameters().plain)) {
    for (const Word p : context.parameters().primes) q_ *= whole(p);
    ZZ_p::init(q_);
    for (const Word p : context.parameters().primes) {
      const ZZ rest = q_ / whole(p);
      parts_.push_back(rest * NTL::InvMod(rest % whole(p), whole(p)) % q_);
    }
    ZZ_pX f;
    SetCoeff(f, static_cast<long>(ring_->degree()), 1);
    SetCoeff(f, 0, 1);
    build(f_, f);
  }

  /// Of residues, limb after limb.
  ZZ_pX of(std::span<const Word> residues) const {
    ZZ_pX out;
    const std::size_t n = ring_->degree();
    for (std::size_t i = n; i-- > 0;) {
      ZZ sum;
      for (std::size_t l = 0; l < ring_->limbs(); ++l) sum += parts_[l] * whole(residues[l * n + i]);
      SetCoeff(out, static_cast<long>(i), NTL::to_ZZ_p(sum));
    }
    return out;
  }
  /// Of values of the transform.
  ZZ_pX of_values(Poly values) const {
    ring_->inverse(values);
    return of(values);
  }
  ZZ_pX of_plain(const Plaintext& m) const {
    ZZ_pX out;
    for (std::size_t i = m.size(); i-- > 0;) SetCoeff(out, static_cast<long>(i), NTL::to_ZZ_p(whole(m[i])));
    return out;
  }
  ZZ_pX times(const ZZ_pX& a, const ZZ_pX& b) const { return MulMod(a, b, f_); }
  /// The secret itself, which is what it makes of 1.
  ZZ_pX secret(const SecretKey& key) const {
    Poly one(ring_->words());
    for (std::size_t l = 0; l < ring_->limbs(); ++l) ring_->part(one, l)[0] = 1;
    ring_->forward(one);
    Poly out(ring_->words());
    key.times_secret(one, out);
    return of(out);
  }

  /// Coefficient i, from (-q/2, q/2].
  ZZ centred(const ZZ_pX& a, std::size_t i) const {
    const ZZ x = NTL::rep(NTL::coeff(a, static_cast<long>(i)));
    return 2 * x > q_ ? x - q_ : x;
  }
  ZZ largest(const ZZ_pX& a) const {
    ZZ most;
    for (std::size_t i = 0; i < ring_->degree(); ++i) most = std::max(most, NTL::abs(centred(a, i)));
    return most;
  }
  /// round(q·m/t), of messages below t.
  ZZ_pX scaled(const Plaintext& m) const {
    ZZ_pX out;
    for (std::size_t i = m.size(); i-- > 0;)
      SetCoeff(out, static_cast<long>(i), NTL::to_ZZ_p((2 * q_ * whole(m[i]) + t_) / (2 * t_)));
    return out;
  }
  /// round(t·x/q) mod t.
  Plaintext nearest(const ZZ_pX& x) const {
    Plaintext out;
    for (std::size_t i = 0; i < ring_->degree(); ++i) {
      const ZZ m = (2 * t_ * NTL::rep(NTL::coeff(x, static_cast<long>(i))) + q_) / (2 * q_) % t_;
      Word word = 0;
      NTL::BytesFromZZ(reinterpret_cast<unsigned char*>(&word), m, sizeof word);
      out.push_back(word);
    }
    return out;
  }
  const ZZ& q() const { return q_; }

 private:
  const Ring* ring_;
  ZZ q_, t_;
  std::vector<ZZ> parts_;
  NTL::ZZ_pXModulus f_;
};

struct Case {
  std::size_t degree;
  Word plain;
};
constexpr Case kCases[] = {{4096, 65537}, {8192, 65537}, {8192, Word{1} << 36}, {16384, Word{1} << 32}};

Plaintext uniform_plain(std::size_t n, Word below, Randomness& random) {
  Plaintext out(n);
  random.next().fill(0, out);
  for (Word& x : out) x = static_cast<Word>((Wide{x} * below) >> 64);
  return out;
}

class BfvAgainstNtl : public ::testing::TestWithParam<Case> {
 protected:
  BfvContext context_{BfvParameters::standard(GetParam().plain, GetParam().degree)};
  Randomness random_;
  std::size_t n_ = GetParam().degree;
  Plaintext plain() { return uniform_plain(n_, GetParam().plain, random_); }
};

TEST_P(BfvAgainstNtl, ProductsInTheRing) {
  const Modulo mod(context_);
  const Ring& ring = context_.ring();
  for (int extreme = 0; extreme < 2; ++extreme) {
    Poly a = sample_uniform(ring, random_), b = sample_uniform(ring, random_);
    if (extreme)  // every coefficient -1
      for (std::size_t l = 0; l < ring.limbs(); ++l)
        for (Poly* p : {&a, &b}) std::ranges::fill(ring.part(*p, l), ring.modulus(l).value() - 1);
    const ZZ_pX expected = mod.times(mod.of(a), mod.of(b));
    ring.forward(a);
    ring.forward(b);
    ring.multiply(a, b);
    EXPECT_EQ(mod.of_values(a), expected);
  }
}

TEST_P(BfvAgainstNtl, KeysAreWhatTheyOughtToBe) {
  const Modulo mod(context_);
  const SecretKey key(context_, random_);
  const PublicKey open(context_, key, random_);
  const ZZ_pX s = mod.secret(key);
  EXPECT_EQ(mod.largest(s), 1);
  const ZZ_pX e = mod.of_values(open.p0()) + mod.times(mod.of_values(open.p1()), s);
  EXPECT_LE(mod.largest(e), kErrorBound);
  EXPECT_GE(mod.largest(e), 6);  // it is there: two standard deviations, of thousands of errors
}

TEST_P(BfvAgainstNtl, EncryptionAndDecryption) {
  const Modulo mod(context_);
  const SecretKey key(context_, random_);
  const PublicKey open(context_, key, random_);
  const ZZ_pX s = mod.secret(key);
  const Plaintext m = plain();
  for (const Ciphertext& c : {open.encrypt(m, random_), expand(context_, key.encrypt(m, random_))}) {
    const ZZ_pX x = mod.of_values(c.c0) + mod.times(mod.of_values(c.c1), s);
    EXPECT_EQ(mod.nearest(x), m);
    EXPECT_EQ(key.decrypt(c), m);
    const double noise = NTL::log(mod.largest(x - mod.scaled(m))) / std::log(2.0);
    EXPECT_LE(noise, c.noise);
    EXPECT_NEAR(noise, key.noise(c), 0.01);
  }
}

TEST_P(BfvAgainstNtl, SumsAndProductsWithPlaintexts) {
  const Modulo mod(context_);
  const SecretKey key(context_, random_);
  const PublicKey open(context_, key, random_);
  const ZZ_pX s = mod.secret(key);
  const Plaintext m = plain(), other = plain();
  // A small factor, so that the product decrypts under every set.
  Plaintext f = uniform_plain(n_, 3, random_);
  for (Word& x : f) x = x == 2 ? GetParam().plain - 1 : x;
  ZZ_pX factor;
  for (std::size_t i = n_; i-- > 0;)
    SetCoeff(factor, static_cast<long>(i),
             f[i] == GetParam().plain - 1 ? ZZ_p(-1) : ZZ_p(static_cast<long>(f[i])));

  Ciphertext c = open.encrypt(m, random_);
  const ZZ_pX c0 = mod.of_values(c.c0), c1 = mod.of_values(c.c1);
  add_plain(context_, c, other);
  EXPECT_EQ(mod.of_values(c.c0), c0 + mod.scaled(other));
  EXPECT_EQ(mod.of_values(c.c1), c1);
  const ZZ_pX sum = mod.of_values(c.c0);
  multiply_plain(context_, c, prepare(context_, f));
  EXPECT_EQ(mod.of_values(c.c0), mod.times(sum, factor));
  EXPECT_EQ(mod.of_values(c.c1), mod.times(c1, factor));
  const ZZ_pX x = mod.of_values(c.c0) + mod.times(mod.of_values(c.c1), s);
  EXPECT_EQ(mod.nearest(x), key.decrypt(c));

  const Ciphertext before = c, another = open.encrypt(other, random_);
  add(context_, c, another);
  EXPECT_EQ(mod.of_values(c.c0), mod.of_values(before.c0) + mod.of_values(another.c0));
  subtract(context_, c, another);
  EXPECT_EQ(mod.of_values(c.c1), mod.of_values(before.c1));
}

TEST_P(BfvAgainstNtl, FewerPrimes) {
  const SecretKey key(context_, random_);
  const PublicKey open(context_, key, random_);
  const Plaintext m = plain();
  const Ciphertext c = open.encrypt(m, random_);
  const BfvContext few(context_.parameters().first_primes(fewest_primes(context_, c.noise, 1)));
  std::vector<ZZ> expected;
  ZZ q;
  {
    const Modulo mod(context_);
    q = mod.q();
    const ZZ_pX c0 = mod.of_values(c.c0);
    for (std::size_t i = 0; i < n_; ++i) expected.push_back(NTL::rep(NTL::coeff(c0, static_cast<long>(i))));
  }
  Workspace workspace;
  const Ciphertext switched = ModulusSwitch(context_, few)(c, 1, workspace);
  const Modulo mod(few);
  const ZZ_pX c0 = mod.of_values(switched.c0);
  const std::size_t dropped = context_.ring().limbs() - few.ring().limbs();
  ZZ_pX off;
  for (std::size_t i = n_; i-- > 0;)
    SetCoeff(off, static_cast<long>(i),
             NTL::coeff(c0, static_cast<long>(i)) - NTL::to_ZZ_p((2 * mod.q() * expected[i] + q) / (2 * q)));
  EXPECT_LE(mod.largest(off), static_cast<long>(dropped));  // a rounding for every prime that goes
  const SecretKey there(few, key);
  EXPECT_EQ(mod.nearest(c0 + mod.times(mod.of_values(switched.c1), mod.secret(there))), m);
}

INSTANTIATE_TEST_SUITE_P(Sets, BfvAgainstNtl, ::testing::ValuesIn(kCases), [](const auto& of) {
  return fmt::format("{}of{}bits", of.param.degree, std::bit_width(of.param.plain));
});

}  // namespace
}  // namespace tacit::he
