// Shares of random bits a, b and of a AND b, for Boolean circuits on shares (Beaver, "Efficient multiparty
// protocols using circuit randomization", 1991), made ahead by n parties from correlated oblivious transfer:
// one transfer for each ordered pair of parties and triple, and one bit from its sender to its receiver
// (Goldreich, Micali, Wigderson, 1987, with transfers as in Asharov et al., "More efficient oblivious
// transfer and extensions", 2013, section 5.1).
//
// Passive security against any n - 1 parties. The transfers' correlations serve nothing else: their blocks
// are hashed here under tweaks that count from zero.
#pragma once

#include <vector>

#include "tacit/crypto/tweaked_hash.h"
#include "tacit/ot/cot.h"
#include "tacit/party/party.h"

namespace tacit::gc {

/// One party's shares of triples, 64 a word. Move-only, and each is given out once.
class BitTriples {
 public:
  BitTriples() = default;
  BitTriples(std::vector<Word> a, std::vector<Word> b, std::vector<Word> c);
  BitTriples(BitTriples&&) = default;
  BitTriples& operator=(BitTriples&&) = default;
  BitTriples(const BitTriples&) = delete;
  BitTriples& operator=(const BitTriples&) = delete;

  std::size_t left() const { return a_.size() - used_; }
  struct Taken {
    std::span<const Word> a, b, c;
  };
  /// The next `words` of them, which stay where they are until more are added. UsageError if fewer are left.
  Taken take(std::size_t words);
  /// The same as triples of their own.
  BitTriples split(std::size_t words);
  /// Puts others behind these.
  void add(BitTriples more);

 private:
  std::vector<Word> a_, b_, c_;
  std::size_t used_ = 0;
};

/// Both ends of correlated transfer with every other party; the own entries are empty.
struct PairwiseCot {
  std::vector<std::unique_ptr<ot::CotSender>> to;
  std::vector<std::unique_ptr<ot::CotReceiver>> from;
};

class TripleMaker {
 public:
  TripleMaker(Party& party, PairwiseCot& transfers);
  /// All parties ask for as many.
  BitTriples make(std::size_t words);

  /// Bytes that all parties send for `words`, beside the transfers: a bit a transfer.
  static std::uint64_t bytes(std::size_t parties, std::size_t words);

 private:
  std::vector<Word> receive(std::size_t peer, std::span<const Word> choices);
  std::vector<Word> send(std::size_t peer, std::span<const Word> b, std::vector<Word>& correction);
  /// Bit 0 of the hash of each block, packed.
  std::vector<Word> hashed(std::uint64_t tweak, std::uint64_t first, std::vector<Block> blocks) const;

  Party& party_;
  PairwiseCot& transfers_;
  TweakedHash hash_;
  std::uint64_t made_ = 0;  ///< transfers with each peer
};

}  // namespace tacit::gc
