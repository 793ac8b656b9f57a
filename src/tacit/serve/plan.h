// Where to cut a model for split inference, before it is cut: for each number of layers at the gateway and
// each way to evaluate activations, what a user would wait for and what each server would do and hold. Bytes
// and rounds are those of the protocol (split/seco/cost.h); seconds are estimates.
#pragma once

#include "tacit/serve/phase_cost.h"
#include "tacit/split/seco/cost.h"

namespace tacit {

struct PlanSettings {
  /// 0: the user is the other party (two_party.h), and all layers are the gateway's.
  std::size_t remotes = 2;
  bool gateway_share = false;  ///< as 'tacit split' has it
  LinkShape link = {};         ///< between all
  ot::Source transfers = ot::Source::SoftSpoken4;
  /// Processors that all servers share; 0: each has its own.
  unsigned shared_cores = 0;
  /// Seconds of one user's work: adding up masks.
  double user_seconds = 0;
};

struct ServerEstimate {
  std::string name;
  PhaseCost setup = {}, ahead = {}, online = {};  ///< once; a query; a query; seconds are of work
  std::uint64_t memory = 0;   ///< bytes of a query that is prepared, in memory or on a disk
  std::uint64_t weights = 0;  ///< numbers of which it has a share, or all if it is alone
};

struct StageEstimate {
  std::string name;
  std::uint64_t ahead_bytes = 0;  ///< of its linear part; bits and triples are made for all stages at once
  std::uint64_t online_bytes = 0, online_rounds = 0;
};

struct CutEstimate {
  std::size_t gateway_layers = 0;
  seco::ActivationBy activations = seco::ActivationBy::Gmw;
  /// From the question to the answer; of one's own work, or as a party all of a query's time.
  double waiting_seconds = 0, participation_seconds = 0;
  std::uint64_t user_sent = 0, user_received = 0;
  double setup_seconds = 0, ahead_seconds = 0;  ///< until all servers are done
  std::vector<ServerEstimate> servers;          ///< and the user, where it is a party
  std::vector<StageEstimate> stages;

  /// Numbers of weights that the gateway alone has, and that all remotes have together.
  std::uint64_t gateway_weights = 0, remote_weights = 0;

  /// That all of them send.
  std::uint64_t ahead_bytes() const;
  std::uint64_t online_bytes() const;
  /// The longest of all servers' rounds.
  std::uint64_t online_rounds() const;
  /// The server with the most work for a query.
  const ServerEstimate& busiest() const;
};

/// Names of layers with weights, in the order in which the gateway would keep them; and their weights.
struct Layer {
  std::string name;
  std::uint64_t weights = 0;
};
std::vector<Layer> weights_by_layer(const seco::Network& network);

/// Who prepares and computes: the gateway and so many remotes, or without remotes the user.
std::vector<std::string> split_names(std::size_t remotes);

/// All placements, each with activations in both ways. `units`: all zero, if only bytes are asked for.
std::vector<CutEstimate> plan_cuts(const seco::NetworkSizes& sizes, const PlanSettings& settings,
                                   const seco::UnitCosts& units);
CutEstimate plan_cut(const seco::NetworkSizes& sizes, const PlanSettings& settings,
                     const seco::UnitCosts& units, std::size_t gateway_layers,
                     seco::ActivationBy activations);

/// The place of the one to take: of those within a twentieth of the shortest waiting time, the one whose
/// busiest server has the least to do, and among equals the one that hides most weights from the remotes.
std::size_t recommended(std::span<const CutEstimate> cuts);

}  // namespace tacit
