// A party's own shares of a trained model, kept for predictions. By themselves they say nothing of the model.
#pragma once

#include "tacit/job/job.h"
#include "tacit/nn/graph/execute.h"
#include "tacit/party/party.h"

namespace tacit {

/// Writes `folder`/model.share, atomically; nothing if `folder` is empty. `session` is the id of the one that
/// trained: shares of different sessions do not belong together.
void store_model(fn::Ctx&, const Job&, const nn::Graph&, const nn::Parameters&, const Digest& session,
                 const std::filesystem::path& folder);

struct StoredModel {
  nn::Parameters parameters;
  Digest session{};
};
/// UsageError if there is none, or if it is another job's or another party's.
StoredModel load_model(fn::Ctx&, const Job&, const nn::Graph&, const std::filesystem::path& folder);
/// UsageError at all parties unless all loaded shares of the same training: others would make up a model of
/// their own, and nobody would notice.
void require_same_training(Party&, const Digest& session);

}  // namespace tacit
