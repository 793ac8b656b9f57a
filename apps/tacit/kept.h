// A sealed file that is sealed anew, to others, by the vendor that kept it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "commands.h"
#include "tacit/sealed/kept.h"

namespace tacit::app {

/// What seal is to seal anew; nothing if it is a model in the clear. UsageError for options that do not fit.
std::optional<sealed::KeptModel> kept_model(const SealOptions&);
/// Level, fingerprint, name and leases of the old file, where the options ask for nothing else.
void take_over(const sealed::Header& old, const SealOptions&, sealed::SealRequest&);
/// The folder of the segment of a file of level 3 that is sealed anew. UsageError if there is none.
fs::path segment_of(const SealOptions&);
void tell_more_devices(const fs::path& segment, const sealed::SplitTerms&);
/// That the vendor keeps it, if it does.
void tell_kept(const SealOptions&);

}  // namespace tacit::app
