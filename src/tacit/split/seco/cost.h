// What the servers of a split model send and do, message by message, before there is one: from the same
// sizes, circuits and plans that the protocol itself uses (linear.h, correlation.h, query.h), for any
// placement of the layers. Bytes and rounds are exact, and tests hold them to the meters; seconds are
// estimates, counts times what one step takes on some machine.
#pragma once

#include <functional>

#include "tacit/gc/multiparty/script.h"
#include "tacit/split/seco/correlation.h"

namespace tacit::seco {

/// Seconds that steps take on one processor.
struct UnitCosts {
  ot::SourceSeconds transfers;
  gc::GmwSeconds gmw;
  gc::BmrSeconds garbled;
  // Of a ciphertext:
  double encrypt = 0, expand = 0;
  double product = 0;  ///< by a polynomial of weights, which is transformed for it
  double hide = 0;     ///< re-randomising, and switching to a reply
  double decrypt = 0;
  // Of ring elements, a multiplication and an addition:
  double convolution_add = 0, matrix_add = 0;
  double plane_bit = 0;  ///< to bring a number's bit into planes, or back
};

/// What is the same for all placements of one network on so many servers. The network must outlive it.
class NetworkSizes {
 public:
  NetworkSizes(const Network& network, std::size_t servers, Isa isa = detect_isa());
  NetworkSizes(const NetworkSizes&) = delete;
  NetworkSizes& operator=(const NetworkSizes&) = delete;

  const Network& network() const { return network_; }
  std::size_t servers() const { return servers_; }
  /// Adds up masks, ahead of a query.
  const gc::GmwPlan& sum() const { return sum_; }
  /// Of a stage's activation: on shares, and garbled, with copies of each of the instances.
  const gc::GmwPlan& shared(std::size_t stage) const { return shared_[stage]; }
  const gc::JointCircuit& garbled(std::size_t stage) const { return garbled_[stage]; }
  std::span<const std::size_t> instances(std::size_t stage) const { return instances_[stage]; }
  const he::BfvContext& masks() const { return masks_; }
  const he::BfvContext& replies() const { return replies_; }
  /// Of a stage's terms, in their order; nothing for those that are not private.
  const std::vector<LinearTerm>& linear(std::size_t stage) const { return linear_[stage]; }
  /// Words of planes of all numbers whose bits are shared.
  std::size_t plane_words_ahead() const;
  /// Bytes of a query that is prepared, as a server keeps it.
  std::uint64_t prepared_bytes(ActivationBy by, PartyId self) const;

 private:
  const Network& network_;
  std::size_t servers_;
  gc::GmwPlan sum_;
  he::BfvContext masks_, replies_;
  std::vector<gc::GmwPlan> shared_;
  std::vector<gc::JointCircuit> garbled_;
  std::vector<std::vector<std::size_t>> instances_;
  std::vector<std::vector<LinearTerm>> linear_;
  std::vector<std::unique_ptr<Activations>> activations_;  ///< in all ways
};

/// Multiplications and additions of one linear map.
std::uint64_t multiply_adds(const Network& network, const Stage& stage, const Term& term);

/// One deployment's servers, the first parties of a script.
class ScriptedServers {
 public:
  /// Writes the set-up down: transfers between all pairs, and keys. `script`, `sizes` and `holders` outlive
  /// it.
  ScriptedServers(Script& script, const NetworkSizes& sizes, const Holders& holders, ot::Source source,
                  ActivationBy by, const UnitCosts& units = {});
  using AfterStage = std::function<void(std::size_t stage)>;
  /// Preparation::next; after_stage hears when a stage's linear part is written, and then, with the number of
  /// stages, when all is.
  void prepare(const AfterStage& after_stage = {});
  /// seco::answer.
  void answer(const AfterStage& after_stage = {});

 private:
  void share_term(std::size_t stage, const Term& term, const LinearTerm& size);
  bool holds(std::size_t stage, std::size_t server) const;
  void garble(std::size_t stage);
  void work_all(double seconds);
  double planes(std::size_t numbers) const;
  double linear(std::size_t stage, const Term& term) const;

  Script& script_;
  const NetworkSizes& sizes_;
  const Holders& holders_;
  ActivationBy by_;
  UnitCosts units_;
  gc::ScriptedPairs pairs_;
  std::optional<gc::ScriptedBmr> bmr_;
};

}  // namespace tacit::seco
