// The order in which both ends of silent transfer make and use up rows: iterations of many trees, cut in
// portions; the first rows of an iteration are the next one's secrets. What a portion is, its two ends say.
#pragma once

#include <functional>
#include <vector>

#include "tacit/crypto/block.h"
#include "tacit/ot/cot.h"
#include "tacit/ot/silent/lpn.h"

namespace tacit::ot {

class Supply {
 public:
  /// One portion: its first tree's number within the iteration, and its rows to be filled.
  using Portion = std::function<void(std::size_t first_tree, std::span<Block> rows)>;

  static std::size_t trees_at_once(Threat threat);
  /// Blocks that an iteration starts from.
  static std::size_t needed(const Lpn& lpn, Threat threat);
  /// Portions that n rows take, after set-up.
  static std::vector<std::size_t> portions(const Lpn& lpn, Threat threat, std::size_t n);

  Supply(const Lpn& lpn, Threat threat, std::vector<Block> first);
  ~Supply();  ///< zeroes what it held
  Supply(const Supply&) = delete;
  Supply& operator=(const Supply&) = delete;

  void take(std::span<Block> out, const Portion& portion);

  // Of the present iteration:
  std::span<const Block> secret() const { return std::span(now_).first(lpn_.secret); }
  std::span<const Block> tree(std::size_t number) const {
    return std::span(now_).subspan(lpn_.secret + number * lpn_.depth, lpn_.depth);
  }
  /// For the check of the portion that begins with this tree.
  std::span<const Block> mask(std::size_t first_tree) const;
  /// Different for every tree that there will ever be.
  std::uint64_t number(std::size_t tree) const { return iterations_ * lpn_.trees + tree; }
  const Lpn& lpn() const { return lpn_; }

 private:
  void begin(const Portion& portion);
  Lpn lpn_;
  Threat threat_;
  std::vector<Block> now_, next_, spare_;
  std::size_t used_ = 0;  ///< of spare_
  std::size_t trees_made_;
  std::uint64_t iterations_ = 0;
};

}  // namespace tacit::ot
