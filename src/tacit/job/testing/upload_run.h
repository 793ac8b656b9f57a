// For tests: one owner's upload to all parties over memory, on a wire that may lie.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tacit/job/upload.h"

namespace tacit::testing {

/// Changes a frame on its way from the owner; false drops it. What it throws ends the owner.
using Change = std::function<bool(PartyId to, std::string& tag, Bytes& body)>;

/// Flips a bit of the frames of one step, to all parties or to one.
Change flip(std::string_view step, std::size_t at, int party = -1);

struct UploadOutcome {
  std::vector<std::optional<Upload>> uploads;  ///< a party, if it accepted
  std::vector<std::uint8_t> errands;           ///< a party: what the owner says it came for
  std::vector<std::string> blamed, said;       ///< a party: whom it names, and how
  std::string owner_said;
};

/// The session that the parties of a run are in.
inline const Digest kSession = sha256(bytes_of("a session"));

struct UploadRun {
  const Job& job;  ///< the parties'
  const Job& owners_job;
  std::string owner;
  const Identity& identity;
  DataFiles data;
  std::filesystem::path state;
  Change change = {};
};
UploadOutcome run_upload(const UploadRun& run);

/// Empty if every party that refused blames `owner`, and one says why in these words; otherwise what was
/// said.
std::string not_found_out(const UploadOutcome& out, const std::string& owner, const std::string& why);

}  // namespace tacit::testing
