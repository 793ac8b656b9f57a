// Ciphertexts under fewer primes (Brakerski, Gentry and Vaikuntanathan, "(Leveled) fully homomorphic
// encryption without bootstrapping", 2012, section 3.1, as rounding; residue by residue as in Halevi,
// Polyakov and Shoup, "An improved RNS variant of the BFV scheme", 2019): c becomes round(c·q'/q), whose
// noise is smaller by the same factor, but for the rounding. And replies: of a ciphertext whose receiver
// wants few coefficients, c0 at those alone (Huang et al., "Cheetah", 2022, section 3.3.1), so that the
// others cannot be decrypted by anyone.
//
// To switch is to compute on public numbers: it keeps what a ciphertext hides. What it does not do is hide
// noise: that comes before (rerandomise.h), and smudging of partial decryptions after, at the modulus at
// which they are made.
#pragma once

#include "tacit/he/bfv/bfv.h"

namespace tacit::he {

/// A ciphertext of which some coefficients can be decrypted, under few primes; as coefficients.
struct Reply {
  Poly c0;           ///< limb after limb, the wanted coefficients in the order in which they were named
  Poly c1;           ///< whole
  double noise = 0;  ///< as Ciphertext's
};

class ModulusSwitch {
 public:
  /// Both must outlive it. UsageError unless `to` has fewer primes, the first of those of `from`, and all
  /// else the same.
  ModulusSwitch(const BfvContext& from, const BfvContext& to);

  /// log2 of a bound on the noise after, where the secret key is the sum of `parties` ternary ones: v·q'/q;
  /// half a unit for c0 and for every coefficient of c1·s, which is what the last prime's rounding makes;
  /// less than one for each party for the primes before, since every prime is above 2n; and one for the
  /// message's rounding.
  double noise_after(double noise, std::size_t parties) const;

  /// UsageError if it would not decrypt then.
  Ciphertext operator()(const Ciphertext& c, std::size_t parties, Workspace& workspace) const;
  /// The same of the wanted coefficients. UsageError also if one is no coefficient.
  Reply reply(const Ciphertext& c, std::span<const std::size_t> wanted, std::size_t parties,
              Workspace& workspace) const;

 private:
  double checked_noise(double noise, std::size_t parties) const;
  /// Values under all primes to coefficients under the few, which `limbs` then begins with.
  void drop(const Poly& values, std::span<Word> limbs, std::span<Word> scratch) const;

  const BfvContext *from_, *to_;
};

/// The fewest first primes of the context under which a ciphertext of that noise decrypts; UsageError if not
/// even one fewer does.
std::size_t fewest_primes(const BfvContext& context, double noise, std::size_t parties);
/// The messages of a reply at the wanted coefficients, by the key at the reply's context.
std::vector<Word> decrypt(const SecretKey& key, const Reply& reply, std::span<const std::size_t> wanted,
                          Workspace& workspace);

}  // namespace tacit::he
