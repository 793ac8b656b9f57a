// How often each release rule has been used with a trained model. The count lies beside the party's share of
// the model, so that a new start does not begin it anew; it is public, and the parties go by the highest.
#pragma once

#include "tacit/job/job.h"
#include "tacit/party/party.h"

namespace tacit {

/// For each of the job's release rules, in order.
using Uses = std::vector<std::uint64_t>;

/// From `folder`/model.uses; nothing used if there is none, or one of another training (its session's id).
/// UsageError if it cannot be read.
Uses load_uses(const Job&, const Digest& training, const std::filesystem::path& folder);
/// Writes it, atomically.
void store_uses(const Job&, const Digest& training, const Uses&, const std::filesystem::path& folder);
/// The highest count that any party has, of each rule.
Uses agree_on_uses(Party&, const Uses& own);

}  // namespace tacit
