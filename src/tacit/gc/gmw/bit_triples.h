// Shares of random bits a, b and of a AND b, for Boolean circuits on shares (Beaver, "Efficient multiparty
// protocols using circuit randomization", 1991), made ahead by n parties: of the cross terms of a and b, each
// takes one oblivious transfer between two parties (Goldreich, Micali, Wigderson, 1987), n(n - 1) a triple.
//
// As secure, and against whom, as the transfers; passively against any n - 1 parties.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "tacit/gc/garble/label.h"
#include "tacit/ot/source.h"
#include "tacit/ot/transfer/transfer.h"
#include "tacit/party/party.h"

namespace tacit::gc {

/// One party's shares of triples, 64 a word. Move-only, and each is given out once.
class BitTriples {
 public:
  BitTriples() = default;
  BitTriples(WipedWords a, WipedWords b, WipedWords c);
  BitTriples(BitTriples&&) = default;
  BitTriples& operator=(BitTriples&&) = default;
  BitTriples(const BitTriples&) = delete;
  BitTriples& operator=(const BitTriples&) = delete;

  std::size_t left() const { return a_.size() - used_; }
  struct Taken {
    std::span<const Word> a, b, c;
  };
  /// The next `words` of them, valid as long as these live. UsageError if fewer are left.
  Taken take(std::size_t words);
  /// All that are left; they stay.
  Taken rest() const;
  /// The same as triples of their own.
  BitTriples split(std::size_t words);

 private:
  WipedWords a_, b_, c_;
  std::size_t used_ = 0;
};

/// Both ends of oblivious transfer with every other party.
class PairwiseTransfers {
 public:
  /// Sets up with everyone, pair after pair. `delta`: of all of one's senders (ot/source.h); without it each
  /// draws its own. `silent`: one party that sends to nobody.
  PairwiseTransfers(Party& party, ot::Source source, const Block* delta = nullptr,
                    std::optional<PartyId> silent = std::nullopt);
  ot::Source source() const { return source_; }

  struct Ends {
    std::unique_ptr<ot::CotSender> sender_source;
    std::unique_ptr<ot::CotReceiver> receiver_source;
    std::optional<ot::TransferSender> sender;
    std::optional<ot::TransferReceiver> receiver;
  };
  Ends& with(std::size_t peer) { return ends_[peer]; }

  /// Calls send(peer) and receive(peer) for every other party, so that all parties' calls meet: pairs in one
  /// order, and the first of a pair receives first. Whoever waits, waits for somebody who works.
  template <class Send, class Receive>
  void for_pairs(Send send, Receive receive) {
    for (std::size_t peer = 0; peer < ends_.size(); ++peer) {
      if (peer == self_) continue;
      if (self_ < peer) receive(peer);
      send(peer);
      if (self_ > peer) receive(peer);
    }
  }

 private:
  ot::Source source_;
  std::size_t self_;
  std::vector<Ends> ends_;
};

class TripleMaker {
 public:
  /// Words whose corrections two parties can send one another before either receives.
  static constexpr std::size_t kWordsAtOnce = 8192;
  TripleMaker(Party& party, PairwiseTransfers& transfers) : party_(party), transfers_(transfers) {}
  /// All parties ask for as many.
  BitTriples make(std::size_t words);

 private:
  Party& party_;
  PairwiseTransfers& transfers_;
};

}  // namespace tacit::gc
