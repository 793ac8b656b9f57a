// Transfers of what protocols use, made from correlated ones: each block is hashed under its number (tweaked
// hash; Asharov, Lindell, Schneider, Zohner, 2013), which breaks the correlation, so that no two messages
// have anything in common. As secure as the source, in the random permutation model.
//
// Random messages cost nothing beyond the source. A correlated word costs 8 bytes, a chosen pair 16, a
// correlated bit one bit, all from the sender and in one round after the source's.
//
// The And of two parties' shared bits (GMW) needs, for each ordered pair, x·y of one's bit and the other's.
// Between two parties take random bits at random choices: the sender's x is zeros ^ ones and its share of x·y
// zeros; the receiver's y is its choice and its share what it received: nothing is sent beyond the source.
// Among n parties each pair of parties does this twice, once in each direction, n(n-1) transfers an And gate;
// one's x must be the same towards all peers, hence correlated bits there, with the peer's y as its choice.
#pragma once

#include "tacit/crypto/tweaked_hash.h"
#include "tacit/net/channel.h"
#include "tacit/ot/cot.h"
#include "tacit/ot/kernels/ot_kernels.h"
#include "tacit/ot/traffic.h"

namespace tacit::ot {

/// Transfers that one call here asks its source for at once.
constexpr std::size_t kTransfersAtOnce = std::size_t{1} << 18;

/// Beyond the source.
constexpr Traffic correlated_words_traffic(std::size_t n) { return {8 * n, n > 0 ? 1u : 0u}; }
constexpr Traffic chosen_words_traffic(std::size_t n) { return {16 * n, n > 0 ? 1u : 0u}; }
constexpr Traffic correlated_bits_traffic(std::size_t n) { return {(n + 63) / 64 * 8, n > 0 ? 1u : 0u}; }

/// Bits are packed: bit i is bit i % 64 of word i / 64, and those beyond the last are zero when given out.
class TransferSender {
 public:
  TransferSender(CotSender& source, Channel& peer, Isa isa);

  /// Both messages of each transfer, random.
  void random(std::span<Block> zeros, std::span<Block> ones);
  void random(std::span<Word> zeros, std::span<Word> ones);
  /// n bits, at choices that are random, too.
  void random_bits(std::size_t n, std::span<Word> zeros, std::span<Word> ones);
  /// The receiver gets shares[i] + x·differences[i], modulo 2^64; shares are random.
  void correlated(std::span<const Word> differences, std::span<Word> shares);
  /// The receiver gets share ^ x·difference.
  void correlated_bits(std::size_t n, std::span<const Word> differences, std::span<Word> shares);
  void chosen(std::span<const Word> zeros, std::span<const Word> ones);

 private:
  template <class Use>
  void over_blocks(std::size_t n, bool random_choices, Use use);
  CotSender& source_;
  Channel& peer_;
  const OtKernels& kernels_;
  TweakedHash hash_;
  std::vector<Block> zeros_, ones_;
};

/// Each call meets its namesake at the sender.
class TransferReceiver {
 public:
  TransferReceiver(CotReceiver& source, Channel& peer, Isa isa);

  void random(std::span<const Word> choices, std::span<Block> out);
  void random(std::span<const Word> choices, std::span<Word> out);
  void random_bits(std::size_t n, std::span<Word> choices, std::span<Word> out);
  void correlated(std::span<const Word> choices, std::span<Word> out);
  void correlated_bits(std::size_t n, std::span<const Word> choices, std::span<Word> out);
  void chosen(std::span<const Word> choices, std::span<Word> out);

 private:
  /// Choices to be made are written, those made are read.
  template <class Choices, class Use>
  void over_blocks(std::size_t n, std::span<Choices> choices, Use use);
  CotReceiver& source_;
  Channel& peer_;
  const OtKernels& kernels_;
  TweakedHash hash_;
  std::vector<Block> blocks_;
};

}  // namespace tacit::ot
