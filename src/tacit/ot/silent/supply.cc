#include "tacit/ot/silent/supply.h"

#include <string.h>

#include <algorithm>

#include "tacit/ot/silent/place_check.h"

namespace tacit::ot {

std::size_t Supply::trees_at_once(Threat threat) {
  // Without checks, little enough for the nearer caches; with them, much enough for their rounds.
  return threat == Threat::Malicious ? 64 : 8;
}

std::size_t Supply::needed(const Lpn& lpn, Threat threat) {
  const std::size_t trees = lpn.secret + lpn.trees * lpn.depth, each = trees_at_once(threat);
  return threat == Threat::Malicious ? trees + PlaceCheck::kTransfers * ((lpn.trees + each - 1) / each)
                                     : trees;
}

std::vector<std::size_t> Supply::portions(const Lpn& lpn, Threat threat, std::size_t n) {
  std::vector<std::size_t> out;
  std::size_t made = lpn.trees, spare = 0;
  for (std::size_t wanted = n; wanted > spare;) {
    if (made == lpn.trees) {  // what is left over from the first rows of an iteration is `spare` again
      made = 0;
      wanted += needed(lpn, threat);
    }
    out.push_back(std::min(trees_at_once(threat), lpn.trees - made));
    made += out.back();
    spare += out.back() << lpn.depth;
  }
  return out;
}

Supply::Supply(const Lpn& lpn, Threat threat, std::vector<Block> first)
    : lpn_(lpn), threat_(threat), next_(std::move(first)), trees_made_(lpn.trees) {
  ensure(next_.size() == needed(lpn, threat), "what an iteration starts from");
  ensure(lpn.rows() > next_.size() + (trees_at_once(threat) << lpn.depth),
         "an iteration that yields something");
}

Supply::~Supply() {
  for (std::vector<Block>* blocks : {&now_, &next_, &spare_})
    if (!blocks->empty()) explicit_bzero(blocks->data(), blocks->size() * sizeof(Block));
}

std::span<const Block> Supply::mask(std::size_t first_tree) const {
  return std::span(now_).subspan(
      lpn_.secret + lpn_.trees * lpn_.depth + PlaceCheck::kTransfers * (first_tree / trees_at_once(threat_)),
      PlaceCheck::kTransfers);
}

void Supply::begin(const Portion& portion) {
  if (!now_.empty()) ++iterations_;
  std::swap(now_, next_);
  trees_made_ = 0;
  next_.resize(needed(lpn_, threat_));
  take(next_, portion);
}

void Supply::take(std::span<Block> out, const Portion& portion) {
  while (!out.empty()) {
    if (used_ < spare_.size()) {
      const std::size_t some = std::min(out.size(), spare_.size() - used_);
      std::copy_n(spare_.data() + used_, some, out.data());
      used_ += some;
      out = out.subspan(some);
      continue;
    }
    if (trees_made_ == lpn_.trees) {
      begin(portion);
      continue;
    }
    const std::size_t trees = std::min(trees_at_once(threat_), lpn_.trees - trees_made_),
                      rows = trees << lpn_.depth;
    if (out.size() < rows) {
      spare_.resize(rows);
      used_ = 0;
    }
    const std::span<Block> here = out.size() < rows ? std::span<Block>(spare_) : out.first(rows);
    const std::size_t first = trees_made_;
    trees_made_ += trees;
    portion(first, here);
    if (out.size() >= rows) out = out.subspan(rows);
  }
}

}  // namespace tacit::ot
