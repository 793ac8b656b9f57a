// For tests: all endpoints of a job as threads of this process, on wires that the test may wrap.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tacit/job/run_owner.h"
#include "tacit/job/testing/sample_job.h"

namespace tacit::testing {

/// How an endpoint's part ended.
struct Ending {
  enum class How { Done, Usage, Io, Peer, Cheat, Other };
  How how = How::Done;
  std::string blamed, said;  ///< of a PeerError: whom it names; the message of any error
  OwnerResult received;      ///< of owners; of a party, its report alone
};

/// A job with keys for everybody, and each owner's file.
struct Cast {
  Job job;
  std::vector<Identity> identities;  ///< by PartyId
  std::vector<DataFiles> data;       ///< by owner
  /// Changes how a party runs. Without it parties keep nothing on disk.
  std::function<void(PartyId self, PartyOptions&)> prepare = {};
  /// Over TLS: parties listen to all owners at once, who may come back after a break, as the program does.
  bool together = false;
};
/// `data` are the owners' CSV files.
Cast cast_of(const ScratchFolder& folder, std::string_view job, const std::vector<std::string>& data);

/// What each endpoint talks through; `wire` is its own plain wire.
using Wrap = std::function<std::unique_ptr<Transport>(PartyId self, Transport& wire)>;

/// Trains over memory, or over TLS on ports of this machine.
std::vector<Ending> train_in_memory(const Cast& cast, std::chrono::milliseconds patience,
                                    const Wrap& wrap = {});
std::vector<Ending> train_over_tls(const Cast& cast, const Wrap& wrap = {});
/// Trains over wires that `connect` makes, each in the thread of its endpoint (by PartyId).
using Connect = std::function<std::unique_ptr<Transport>(std::size_t)>;
std::vector<Ending> train_over(const Cast& cast, const Connect& connect, const Wrap& wrap = {});

/// Jobs that are quick to train, and tables of random rows for them: a network of two layers on three
/// classes, and a regression of two owners' columns.
std::string tiny_classes_job();
std::string tiny_columns_job();
std::string tiny_classes_data(std::size_t rows, std::uint64_t seed);
/// The first or the second owner's columns.
std::string tiny_columns_data(std::size_t rows, std::uint64_t seed, bool second);

}  // namespace tacit::testing
