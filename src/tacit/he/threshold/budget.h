// Whether a plan of encrypted linear layers fits its parameters: the noise of each step, as bounds, from an
// encryption under a joint key to its joint decryption, with flooding before every exit.
#pragma once

#include "tacit/he/bfv/bfv.h"

namespace tacit::he {

/// log2 of bounds.
struct NoiseBudget {
  double fresh;    ///< an encryption under the joint key of all parties
  double product;  ///< times a plaintext: one party's share of a layer's weights
  double hidden;   ///< re-randomised and flooded by that party (rerandomise.h)
  double sum;      ///< of all parties' products
  double smudged;  ///< with the flooding of all partial decryptions, or of all shares of a switch of keys
  double limit;    ///< what decrypts: smudged is below it
};

/// `one_norm` is log2 of the sum of the sizes of a factor's coefficients (PlainFactor); without it, the
/// largest that there is: every coefficient t/2. UsageError, naming the step, if something does not fit.
NoiseBudget plan_noise(const BfvContext& context, std::size_t parties);
NoiseBudget plan_noise(const BfvContext& context, std::size_t parties, double one_norm);

/// The largest power of two as plaintext modulus, in bits, with which factors of any coefficients fit the
/// standard parameters of a degree; 0 if none does.
unsigned most_plain_bits(std::size_t degree, std::size_t parties);

}  // namespace tacit::he
