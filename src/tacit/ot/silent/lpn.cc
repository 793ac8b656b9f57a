#include "tacit/ot/silent/lpn.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"

namespace tacit::ot {

double attack_bits(const Lpn& lpn) {
  const double n = static_cast<double>(lpn.rows()), k = static_cast<double>(lpn.secret);
  return static_cast<double>(lpn.trees) * std::log2(n / (n - k)) + 2.8 * std::log2(k);
}

void LocalCode::add(std::size_t first, std::span<const Block> x, std::span<Block> out) const {
  ensure(first % 2 == 0 && x.size() == secret_, "rows in pairs, and all of the secret");
  constexpr std::size_t kRows = 256;  // their random numbers stay in the nearest cache
  Word random[kRows * kGathered / 2];
  for (std::size_t done = 0; done < out.size(); done += kRows) {
    const std::size_t now = std::min(kRows, out.size() - done);
    prg_.fill(0, (first + done) * kGathered / 2, std::span(random).first((now * kGathered + 1) / 2));
    kernels_.gather(reinterpret_cast<const std::uint32_t*>(random), static_cast<std::uint32_t>(secret_),
                    words(x).data(), words(out.subspan(done, now)).data(), now);
  }
}

}  // namespace tacit::ot
