// Shares of F·r for a private linear map F, whose weights some servers hold in shares, and a mask r of which
// every server has a summand: each server encrypts its summand under its own key, each holder multiplies by
// its share of the weights, takes away a random mask, floods, and sends back the coefficients that count.
// What is decrypted and what was taken away are shares (linear preprocessing as in DELPHI, Mishra et al.,
// 2020, section 4, between all pairs; packing as in Cheetah, so nothing is rotated).
//
// Passive security against all servers but one: every pair's exchange stands for itself, a summand is hidden
// by its owner's encryption, a share of weights by the mask and by noise of 2^40 over what the product makes.
#pragma once

#include "tacit/base/error.h"
#include "tacit/he/bfv/serialise.h"
#include "tacit/he/linear/packing.h"
#include "tacit/party/party.h"
#include "tacit/split/seco/network.h"

namespace tacit::seco {

/// Who holds a share of each stage's weights; empty where there are none.
using Holders = std::vector<std::vector<PartyId>>;

/// Parameters under which masks are encrypted, and those, of fewer primes, of what comes back.
he::BfvParameters mask_parameters(const Network& network);
he::BfvParameters reply_parameters(const Network& network, const he::BfvContext& masks);

/// What one private term takes, between a server and a holder of its weights.
struct LinearTerm {
  std::size_t inputs = 0, outputs = 0;  ///< ciphertexts to the holder, and back
  std::size_t products = 0;             ///< of a ciphertext and a polynomial of weights
  std::uint64_t mask_bytes = 0, product_bytes = 0;
};
LinearTerm linear_term(const Network& network, const Term& term, const he::BfvContext& masks,
                       const he::BfvContext& replies);
/// Of the key that each server tells each other one.
std::uint64_t linear_key_bytes(const he::BfvContext& masks);

class LinearMasks {
 public:
  /// One round: everyone tells a public key.
  LinearMasks(Party& party, const Network& network);

  /// For one stage: this party's share of the sum over its private terms of F·r. `masks`: this party's
  /// summands of all values' masks. `weights`: this party's share, of stages that it holds. One round trip a
  /// term.
  std::vector<Word> share(const Stage& stage, std::span<const PartyId> holders, const Weights* weights,
                          std::span<const std::vector<Word>> masks);

 private:
  void share_term(const Term& term, std::span<const PartyId> holders, const RingTensor* weights,
                  std::span<const Word> mask, std::span<Word> sum);
  /// `view` and `room` say, for each other party, what goes there and where what comes from there goes.
  template <class View, class Room>
  void trade(std::string_view tag, View view, Room room) {
    std::vector<ByteView> to(party_.count());
    std::vector<ByteSpan> from(party_.count());
    for (std::size_t p = 0; p < party_.count(); ++p)
      if (party_id(p) != party_.id()) to[p] = view(p), from[p] = room(p);
    party_.trade(tag, to, from);
  }
  /// What is wrong with what a party sent is that party's fault.
  template <class Body>
  void received_from(std::size_t p, Body body) {
    try {
      body();
    } catch (const UsageError& e) {
      const std::string& name = party_.name(party_id(p));
      throw PeerError(name, fmt::format("{} sent something wrong: {}", name, e.what()));
    }
  }
  Bytes product(const he::LinearPacking& packing, std::size_t peer, ByteView inputs,
                const RingTensor& weights, std::span<Word> sum);
  void take_answer(const he::LinearPacking& packing, ByteView answer, std::span<Word> sum);

  Party& party_;
  const Network& network_;
  he::BfvContext context_;
  he::BfvContext reply_context_;  ///< of the fewest primes under which products can be read
  he::ModulusSwitch to_reply_;
  he::Randomness random_;
  he::Workspace workspace_;
  he::SecretKey key_, reply_key_;
  std::vector<std::optional<he::PublicKey>> keys_;  ///< a party's
};

}  // namespace tacit::seco
