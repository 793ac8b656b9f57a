// Multiparty garbling in constant rounds (Beaver, Micali, Rogaway, 1990) with free XOR (Ben-Efraim, Lindell,
// Omri, CCS 2016) and half-gates. Passive security against any n - 1 of n parties. One party evaluates, the
// others garble; each garbler has a delta and labels of its own, and every wire a mask that is shared among
// all n, so that who evaluates sees masked values only. docs/protocols/bmr.md has the protocol and the
// argument. Garbling: two rounds and two batches of correlated transfers, (n - 1)(3n - 4) · 16 bytes an And.
// Evaluating: three rounds.
#pragma once

#include "tacit/gc/garble/gate_hash.h"
#include "tacit/gc/multiparty/instance.h"
#include "tacit/ot/cot.h"
#include "tacit/party/party.h"

namespace tacit::gc {

/// Both ends of correlated transfer with another party. The sender's may be missing at the evaluator, and the
/// receiver's towards the evaluator.
struct CotEnds {
  ot::CotSender* sender = nullptr;
  ot::CotReceiver* receiver = nullptr;
};

class Bmr {
 public:
  /// All parties of the session, with the same evaluator. `cots`: an entry for each party, one's own unused;
  /// a garbler's senders all have one delta, of colour 1, which serves nothing else.
  Bmr(Party& party, PartyId evaluator, std::vector<CotEnds> cots);

  /// Ahead of any input. All parties call it with the same arguments, in the same order. Memory is about
  /// 80 (n - 1) bytes an And gate and copy: larger batches are made as several instances. `ahead`: one's
  /// share of inputs that are known ahead, where evaluate has them; empty where there are none.
  GarbledInstance garble(const JointCircuit& circuit, std::size_t copies, std::span<const Word> ahead = {});

 private:
  Party& party_;
  PartyId evaluator_;
  std::vector<CotEnds> cots_;
  Label salt_;
  std::uint64_t next_ = 0;
};

/// Uses up an instance. `inputs`: bits of all inputs in all copies, packed wire after wire: one's share of
/// shared inputs, the value of public ones and of those of one's own; other inputs are not read. Gives bits
/// of all outputs in the same way: values where one learns them, one's share of those that nobody learns,
/// and 0 for what others learn. PeerError, naming the peer, for what does not fit.
std::vector<Word> evaluate(Party& party, const JointCircuit& circuit, GarbledInstance&& instance,
                           std::span<const Word> inputs);
/// Several instances of one circuit, with inputs and outputs for each, in the rounds of one.
std::vector<std::vector<Word>> evaluate(Party& party, const JointCircuit& circuit,
                                        std::vector<GarbledInstance>&& instances,
                                        std::span<const std::vector<Word>> inputs);

/// Over all links, without the transfers.
struct BmrCost {
  std::uint64_t garble_bytes = 0, garble_rounds = 0;
  std::uint64_t evaluate_bytes = 0, evaluate_rounds = 0;
  std::uint64_t transfers = 0;  ///< correlated transfers of all pairs and directions
};
BmrCost bmr_cost(const JointCircuit& circuit, std::size_t copies, std::size_t parties, PartyId evaluator);

}  // namespace tacit::gc
