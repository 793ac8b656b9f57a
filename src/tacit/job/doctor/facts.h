// What two parties' doctors tell each other of themselves, and what is to be said where they differ. The text
// is JSON with names, so that programs of different versions can still read each other's.
#pragma once

#include <chrono>

#include "tacit/crypto/hash.h"
#include "tacit/job/doctor/finding.h"
#include "tacit/job/doctor/machine.h"

namespace tacit::doctor {

struct Facts {
  std::string version, commit;  ///< of the program
  std::uint32_t protocol = 0;   ///< of the wire (party/handshake.h)
  Digest job{};                 ///< hash of the job
  std::string isa, processor;   ///< as in Machine
  unsigned processors = 1;
  std::chrono::milliseconds wait{0};  ///< how long it waits for parties that have not come
};

/// Of this program on this machine.
Facts facts_of(const Machine& machine, const Digest& job, std::chrono::milliseconds wait);

constexpr std::size_t kMaxFacts = 4096;
std::string to_text(const Facts& facts);
/// PeerError, naming `peer`, for what to_text() would not have written, by shape, size or range; further
/// names are passed over.
Facts parse_facts(std::string_view text, const std::string& peer);

/// Version, job and processor of `peer`, beside our own.
std::vector<Finding> compare(const Facts& own, const Facts& theirs, const std::string& peer);

}  // namespace tacit::doctor
