// A job: everything that parties and owners agree on before any data moves. Plain data, read from a TOML file
// (docs/job-file.md) and compared by the hash of a canonical form that holds no local path.
#pragma once

#include <filesystem>

#include "tacit/crypto/hash.h"
#include "tacit/data/encode.h"
#include "tacit/job/endpoints.h"
#include "tacit/net/transports/tls.h"
#include "tacit/nn/graph/graph.h"
#include "tacit/nn/layers/layer.h"
#include "tacit/nn/train/trainer.h"
#include "tacit/secret/policy.h"

namespace tacit {

struct DataSpec {
  Schema schema;
  Holding holding = Holding::AllColumns;
  std::vector<std::string> owners;  ///< who brings data, in the order in which rows or columns are joined
  double test_fraction = 0;         ///< of each owner's rows, from the end: kept apart, to measure on
};

struct ModelSpec {
  std::string network;                ///< a named network, or
  std::vector<nn::LayerSpec> layers;  ///< a list of layers, or
  std::filesystem::path file;         ///< an ONNX file (its digest, not its path, counts)
  std::uint64_t seed = 1;             ///< of the initial weights, which are public
};

struct Job {
  std::string name;
  std::string protocol = "aby3";
  std::string profile = "lan";
  unsigned fraction_bits = 16;
  std::chrono::milliseconds patience{5000};
  std::chrono::milliseconds start_patience{60000};
  std::vector<Endpoint> parties;
  std::vector<Endpoint> owners;
  DataSpec data;
  ModelSpec model;
  nn::TrainSettings training;
  std::size_t checkpoint_every = 100;  ///< batches; 0: no checkpoints
  std::vector<ReleaseRule> releases;

  std::vector<Endpoint> roster() const;  ///< parties, then owners
  std::vector<std::string> names() const;
  std::vector<std::string> party_names() const;
  /// UsageError, with the nearest name, if nobody has it.
  PartyId endpoint(std::string_view who) const;
  bool is_party(PartyId id) const { return index(id) < parties.size(); }
};

/// Reads and checks a job file; every error names file, line, key and the nearest right one.
Job read_job(const std::filesystem::path& file, Keys keys = Keys::Needed);

/// A text that is the same for jobs that mean the same: what the hash is taken of. Addresses are not in it:
/// keys say who somebody is, and one machine can have other addresses for each of its peers.
std::string canonical_text(const Job& job);
Digest job_hash(const Job& job);

/// The network that the job describes, with its public initial weights. UsageError if the data do not fit it.
nn::Graph build_model(const Job& job);

}  // namespace tacit
