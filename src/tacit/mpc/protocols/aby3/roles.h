// Roles. Several of our protocols treat the parties unequally: a dealer D, who knows two components of a
// value, and two holders, L and R, who both know the third. So elements are cut in three blocks, and party j
// deals for block j while parties j+1 and j+2 hold it: every party plays every role at once, and load and
// traffic are even.
//
//   component   known to        of block j, it is
//   x_j         P_{j-1}, P_j    D's and R's   ("DR")
//   x_{j+1}     P_j, P_{j+1}    D's and L's   ("DL")
//   x_{j+2}     P_{j+1}, P_{j+2}  L's and R's ("LR")
//
// Party i holds (x_i, x_{i+1}) as parts 0 and 1. It deals block i (its L is the next party, its R the
// previous one), is L of block i-1 (D is the previous party, R the next) and R of block i+1 (D next, L
// previous).
#pragma once

#include <array>

#include "tacit/mpc/share.h"
#include "tacit/party/party.h"

namespace tacit::aby3 {

/// A run of elements, or of words of packed bits.
struct Range {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
};

/// Three blocks of n elements, cut at multiples of 64.
struct Blocks {
  std::array<Range, 3> elements, words;
  explicit Blocks(std::size_t n);
};

struct Roles {
  std::size_t self;
  std::size_t deals() const { return self; }
  std::size_t left() const { return (self + 2) % 3; }
  std::size_t right() const { return (self + 1) % 3; }
};

/// One stream of each pair for each of the pair's three relations, drawn in the same order at both ends.
struct RoleStreams {
  Stream dealer_left;   ///< as D, with L
  Stream dealer_right;  ///< as D, with R
  Stream left_dealer;   ///< as L, with D
  Stream right_dealer;  ///< as R, with D

  static RoleStreams draw(Party& party);
};

/// A message of whole words, under construction or being read: regions in order.
class Cursor {
 public:
  explicit Cursor(Words& message) : at_(message.data()), end_(message.data() + message.size()) {}
  Word* words(std::size_t n);
  /// A region of bytes, padded to whole words.
  std::byte* bytes(std::size_t n) { return reinterpret_cast<std::byte*>(words(words_for(n))); }
  static std::size_t words_for(std::size_t bytes) { return (bytes + 7) / 8; }

 private:
  Word* at_;
  Word* end_;
};

}  // namespace tacit::aby3
