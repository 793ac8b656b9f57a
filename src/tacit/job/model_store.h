// A party's own shares of a trained model, kept for predictions. By themselves they say nothing of the model.
#pragma once

#include "tacit/job/job.h"
#include "tacit/nn/graph/execute.h"

namespace tacit {

/// Writes `folder`/model.share, atomically; nothing if `folder` is empty.
void store_model(fn::Ctx&, const Job&, const nn::Graph&, const nn::Parameters&, const std::filesystem::path& folder);
/// UsageError if there is none, or if it is another job's.
nn::Parameters load_model(fn::Ctx&, const Job&, const nn::Graph&, const std::filesystem::path& folder);

}  // namespace tacit
