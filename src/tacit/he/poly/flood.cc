#include "tacit/he/poly/flood.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::he {

// A number below 2^(bits + 1) is drawn in pieces that are below every prime, so that a limb's residues are
// sums of multiples of them.
FloodPoly::FloodPoly(const Ring& ring, unsigned bits, Randomness& random, Workspace& workspace)
    : ring_(&ring), bits_(bits), piece_bits_(64) {
  ensure(bits > 0 && bits <= kMostFloodBits, "bits of flooding noise");
  for (std::size_t i = 0; i < ring.limbs(); ++i)
    piece_bits_ = std::min(piece_bits_, ring.modulus(i).bits() - 1);
  for (unsigned left = bits + 1; left > 0;) {
    const unsigned now = std::min(left, piece_bits_);
    const auto piece = workspace.take<Word>(ring.degree());
    random.next().fill(0, piece);
    for (Word& x : piece) x >>= 64 - now;
    pieces_.push_back(piece);
    left -= now;
  }
}

void FloodPoly::residues(std::size_t limb, std::span<Word> to, std::span<Word> scratch) const {
  const Modulus& q = ring_->modulus(limb);
  const Ntt& ntt = ring_->limb(limb);
  std::copy(pieces_[0].begin(), pieces_[0].end(), to.begin());
  for (std::size_t k = 1; k < pieces_.size(); ++k) {
    ntt.scale(pieces_[k], q.pow(2, k * piece_bits_), scratch);
    ntt.add(to, scratch);
  }
  std::fill(scratch.begin(), scratch.end(), q.pow(2, bits_));
  ntt.subtract(to, scratch);
}

}  // namespace tacit::he
