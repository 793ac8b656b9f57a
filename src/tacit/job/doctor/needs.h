// What a job asks of a party's machine and links, as far as it is known before any data: counted by running
// one step of the training on an engine that only counts.
#pragma once

#include "tacit/job/job.h"

namespace tacit::doctor {

struct Needs {
  std::size_t parameters = 0;  ///< numbers in the model
  std::uint64_t memory = 0;    ///< bytes that one step keeps at the least: shares of the model, of what the
                               ///< optimiser remembers, and of all results of a batch
  std::uint64_t model_bytes = 0;  ///< of this party's share of the model, on its disk
  std::uint64_t row_bytes = 0;    ///< of one row of the owners' data, on its disk while it trains
  std::size_t batch = 0;          ///< rows in a step
  std::uint64_t step_bytes = 0;   ///< payload that this party sends in one step, over all its links
  std::uint64_t step_rounds = 0;  ///< the longest chain of messages in it
};

/// Numbers that an optimiser remembers for each parameter.
std::size_t remembered(const std::string& optimiser);
/// Needs::memory.
std::uint64_t step_memory(const Job& job, const nn::Graph& graph, PartyId self);
/// What party `self` needs. UsageError if model, data and training do not fit together.
Needs needs_of(const Job& job, PartyId self);

}  // namespace tacit::doctor
