// What seal, serve, run and inspect share of level 3: the segment that stays at the vendor.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "commands.h"
#include "tacit/sealed/open.h"

namespace tacit::app {

struct SplitModel {
  sealed::SplitTerms terms;
  Bytes text;                   ///< what is sealed
  fs::path folder;              ///< where the segment is now
  std::string protected_nodes;  ///< in words
};
/// Cuts the model, and writes the vendor's part. With a --protect that names no nodes, people are shown which
/// there are. `file`: the sealed one.
SplitModel split_off(const SealOptions&, const std::vector<KemPublicKey>& devices, const fs::path& file,
                     const Style&);
void tell_segment(const SplitModel&);
/// As `inspect` shows them.
void tell_segment(const sealed::SplitTerms&);
nlohmann::json to_json(const sealed::SplitTerms&);

/// Answers a model of level 3: its own layers here, the others with the vendor's server. `x`: from
/// examples_of.
struct SplitAnswer {
  PublicTensor answer;
  sealed::Header header;
};
SplitAnswer run_split(sealed::OpenedModel model, sealed::DeviceKeys device, const SealedOptions&);

}  // namespace tacit::app
