// Owners of different columns must have the same rows in the same order. Each shares a hash of its list of
// ids; the parties compute whether all are equal, and one bit of it is revealed to all.
#pragma once

#include "tacit/job/releases.h"
#include "tacit/job/upload.h"

namespace tacit {

/// The release that a job over columns implies.
ReleaseRule same_rows_rule(const Job& job);
/// UsageError if the lists differ.
void require_same_rows(fn::Ctx&, std::span<const Upload> uploads, Releases&);

}  // namespace tacit
