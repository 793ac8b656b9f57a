#include "tacit/he/poly/sample.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/he/poly/kernels/sample_kernels.h"

namespace tacit::he {

namespace {

/// The next n words of a stream that is read piece by piece.
class Tries {
 public:
  explicit Tries(Stream stream) : stream_(std::move(stream)), words_(1024) {}
  Word next() {
    if (at_ % words_.size() == 0) stream_.fill(at_, words_);
    return words_[at_++ % words_.size()];
  }
  void skip_to(std::size_t place) {
    at_ = place / words_.size() * words_.size();
    stream_.fill(at_, words_);
    at_ = place;
  }

 private:
  Stream stream_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
};

}  // namespace

Randomness::Randomness() : Randomness(os_entropy(Prg::kKeySize).bytes()) {}
Randomness::Randomness(ByteView public_seed)
    : kernels_(&sample_kernels(detect_isa())), prg_(std::make_shared<const Prg>(public_seed, detect_isa())) {}

void sample_uniform(const Ring& ring, Randomness& random, std::span<Word> out) {
  ensure(out.size() == ring.words(), "a polynomial of the ring");
  for (std::size_t limb = 0; limb < ring.limbs(); ++limb) {
    const Modulus& q = ring.modulus(limb);
    const Word mask = (Word{1} << q.bits()) - 1;
    const auto to = out.subspan(limb * ring.degree(), ring.degree());
    Stream stream = random.next();
    stream.fill(0, to);
    // Primes lie closely below powers of two, so that most often no try fails; if one does, those behind it
    // move up, and more are drawn.
    if (random.kernels().all_below(to.size(), mask, q.value(), to.data())) continue;
    const auto end = std::remove_if(to.begin(), to.end(), [&](Word x) { return x >= q.value(); });
    auto filled = static_cast<std::size_t>(end - to.begin());
    Tries tries(std::move(stream));
    tries.skip_to(to.size());
    while (filled < to.size()) {
      to[filled] = tries.next() & mask;
      filled += to[filled] < q.value();
    }
  }
}
Poly sample_uniform(const Ring& ring, Randomness& random) {
  Poly out(ring.words());
  sample_uniform(ring, random, out);
  return out;
}

void sample_ternary(std::span<std::int8_t> to, Randomness& random, Workspace& workspace) {
  ensure(to.size() % 8 == 0, "a degree that is a multiple of 8");
  const Workspace::Scope scope(workspace);
  const auto words = workspace.take<Word>(to.size() / 4);
  random.next().fill(0, words);
  random.kernels().ternary(to.size(), words.data(), to.data());
}
SmallPoly sample_ternary(std::size_t degree, Randomness& random) {
  SmallPoly out(degree);
  Workspace workspace;
  sample_ternary(out.coefficients(), random, workspace);
  return out;
}

void sample_error(std::span<std::int8_t> to, Randomness& random, Workspace& workspace) {
  ensure(to.size() % 8 == 0, "a degree that is a multiple of 8");
  const Workspace::Scope scope(workspace);
  const auto words = workspace.take<Word>(to.size() / 8 * 6);
  random.next().fill(0, words);
  random.kernels().binomial(to.size(), words.data(), to.data());
}
SmallPoly sample_error(std::size_t degree, Randomness& random) {
  SmallPoly out(degree);
  Workspace workspace;
  sample_error(out.coefficients(), random, workspace);
  return out;
}

}  // namespace tacit::he
