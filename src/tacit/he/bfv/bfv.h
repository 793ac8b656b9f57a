// BFV encryption (Fan and Vercauteren, "Somewhat practical fully homomorphic encryption", 2012) of
// polynomials modulo a plaintext modulus t, for what private linear layers need: sums, and products with
// plaintexts. A ciphertext (c0, c1) has c0 + c1·s = round(q·m/t) + v modulo q, and decrypts while |v| < q/2t.
//
// Security: IND-CPA for ring-LWE at the parameters' estimate (parameters.h). A product with a plaintext hides
// that plaintext from nobody by itself: its noise tells of it (docs/protocols; re-randomise and flood before
// it leaves).
#pragma once

#include "tacit/he/bfv/parameters.h"
#include "tacit/he/poly/sample.h"

namespace tacit::he {

/// Parameters, checked, and what is computed from them once.
class BfvContext {
 public:
  explicit BfvContext(BfvParameters parameters, Isa isa = detect_isa());

  const BfvParameters& parameters() const { return parameters_; }
  const Ring& ring() const { return ring_; }
  const Digest& id() const { return id_; }
  /// log2 of the largest noise that still decrypts: q/2t.
  double noise_limit() const { return noise_limit_; }

  /// What round(q·m/t) is the same of in every limb, for m below t: signed numbers of size t/2 at most, to be
  /// multiplied by plain_inverse() of each limb. `to` is as long as m, or longer.
  void roundings(std::span<const Word> m, std::span<Word> to) const;
  /// 1/t modulo a limb's prime.
  Word plain_inverse(std::size_t limb) const { return plain_inverse_[limb]; }
  /// to += round(q·m/t) in one limb's coefficients, given the above. `scratch` is as long.
  void add_scaled(std::span<const Word> roundings, std::size_t limb, std::span<Word> to,
                  std::span<Word> scratch) const;
  /// The nearest messages of c0 + c1·s, given as coefficients, limb after limb.
  void unscale(std::span<const Word> noisy, Workspace& workspace, std::span<Word> out) const;

 private:
  BfvParameters parameters_;
  Ring ring_;
  Digest id_;
  double noise_limit_;
  Word q_mod_plain_;
  std::vector<Word> plain_inverse_;   ///< a limb: 1/t mod q_i
  std::vector<Word> rest_inverse_;    ///< a limb: 1/(q/q_i) mod q_i
  std::vector<Word> plain_fraction_;  ///< a limb: floor(2^64·t/q_i)
};

/// Coefficients below t, the rest of the degree taken as zeros.
using Plaintext = std::vector<Word>;

/// UsageError for more coefficients than the degree, or one that is not below t.
void check_plaintext(const BfvContext& context, const Plaintext& m);
/// log2(2^a + 2^b): of bounds on noise.
double log_sum(double a, double b);

struct Ciphertext {
  Poly c0, c1;       ///< values of the transform
  double noise = 0;  ///< log2 of a bound on |v|
};

/// A plaintext as a factor: its coefficients, taken from (-t/2, t/2], transformed.
struct PlainFactor {
  Poly values;
  /// log2 of the sum of its coefficients' sizes. It becomes part of bounds that all can see: for a factor
  /// whose norm may not show, as it does not for a share uniform modulo t, set the largest: log2(n·t/2).
  double one_norm = 0;
};

class SecretKey {
 public:
  /// A fresh key of uniform ternary coefficients.
  SecretKey(const BfvContext& context, Randomness& random);
  /// The same key for another modulus, of the same degree.
  SecretKey(const BfvContext& context, const SecretKey& key);
  const BfvContext& context() const { return *context_; }

  /// With a seed in place of c1: half the bytes (Ciphertext::c1 is what the seed gives).
  struct Seeded {
    Poly c0;
    std::array<std::byte, Prg::kKeySize> seed;
    double noise;
  };
  Seeded encrypt(const Plaintext& m, Randomness& random) const;
  /// The same without fresh memory, if `out` held one before.
  void encrypt(const Plaintext& m, Randomness& random, Workspace& workspace, Seeded& out) const;
  /// log2 of the noise of what it encrypts, at most.
  static double fresh_noise();
  Plaintext decrypt(const Ciphertext& c) const;
  void decrypt(const Ciphertext& c, Workspace& workspace, Plaintext& out) const;
  /// a·s as coefficients, limb after limb, of values of the transform. What comes of it is as secret as the
  /// key.
  void times_secret(const Poly& a, std::span<Word> out) const { noisy(nullptr, a, out); }
  /// log2 of the noise that is there: for tests and audits.
  double noise(const Ciphertext& c) const;

 private:
  SecretKey(const BfvContext& context, SmallPoly secret);
  friend class PublicKey;
  friend class KeyShare;
  std::span<const Word> values(std::size_t limb) const;
  std::span<const Word> negative(std::size_t limb) const;
  /// c0 + c1·s, or c1·s, as coefficients.
  void noisy(const Poly* c0, const Poly& c1, std::span<Word> out) const;
  /// e - a·s, values of the transform: the first half of a public key over `a`.
  Poly masked_by(const Poly& a, Randomness& random) const;

  const BfvContext* context_;
  SmallPoly secret_;
  SecretBytes values_, negative_;  ///< of the transform, limb after limb; and those of -s, loosely (ntt.h)
};

class PublicKey {
 public:
  PublicKey(const BfvContext& context, const SecretKey& key, Randomness& random);
  /// Of a key that is the sum of `parties` keys (threshold/key_share.h).
  PublicKey(const BfvContext& context, Poly p0, Poly p1, std::size_t parties);
  Ciphertext encrypt(const Plaintext& m, Randomness& random) const;
  /// The same without fresh memory, if `out` held one before.
  void encrypt(const Plaintext& m, Randomness& random, Workspace& workspace, Ciphertext& out) const;
  /// log2 of the noise of what it encrypts, at most.
  double fresh_noise() const;
  /// p0 = -(p1·s + e), and p1: values of the transform.
  const Poly& p0() const { return p0_; }
  const Poly& p1() const { return p1_; }
  /// With c0 carrying uniform noise over [-2^flood, 2^flood) besides: see rerandomise.h.
  void encrypt_flooded(const Plaintext& m, unsigned flood, Randomness& random, Workspace& workspace,
                       Ciphertext& out) const;
  double flooded_noise(unsigned flood) const { return log_sum(fresh_noise(), flood); }
  /// UsageError unless it was made with these parameters.
  void check_made_for(const BfvContext& context) const;

 private:
  const BfvContext* context_;
  Poly p0_, p1_;
  std::size_t parties_ = 1;
};

Ciphertext expand(const BfvContext& context, SecretKey::Seeded c);
PlainFactor prepare(const BfvContext& context, const Plaintext& m);
void add(const BfvContext& context, Ciphertext& a, const Ciphertext& b);
void subtract(const BfvContext& context, Ciphertext& a, const Ciphertext& b);
void add_plain(const BfvContext& context, Ciphertext& a, const Plaintext& m);
/// Polynomial product, modulo X^n + 1 and t.
void multiply_plain(const BfvContext& context, Ciphertext& a, const PlainFactor& m);

}  // namespace tacit::he
