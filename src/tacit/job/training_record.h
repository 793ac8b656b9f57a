// What a training has told and cost so far: what a resumed one goes on from besides its state. It lies with
// each checkpoint, and by itself in a file that is written before anything is revealed, so that no count of
// reveals is lost over a crash.
#pragma once

#include "tacit/job/report.h"
#include "tacit/job/uses.h"

namespace tacit {

struct TrainingRecord {
  Uses used;                         ///< reveals of each of the job's rules
  std::vector<Disclosure> ledger;    ///< what they were
  std::size_t losses_until = 0;      ///< losses of earlier steps were revealed, or will not be
  std::vector<LossPoint> loss;       ///< what this party was told of them
  std::vector<std::size_t> resumed;  ///< the steps from which the training was resumed
  std::vector<SessionBreak> breaks;  ///< how earlier sessions ended, as this party saw it
  double seconds = 0;                ///< of all sessions, up to here
  PartyStats spent;                  ///< by this party, in them

  /// The last checkpoint that all parties agreed on, and the digests of their files.
  struct Agreed {
    Digest session{};
    std::uint64_t step = 0;
    std::vector<Digest> files;
  } agreed;
};

std::string to_text(const TrainingRecord&);
/// UsageError for what is no record of this job.
TrainingRecord parse_training_record(std::string_view text, const Job&);

/// What all parties know of a record, as a text for the others; and what follows from all of theirs: of each
/// count the highest. PeerError for a text that cannot be read.
std::string public_text(const TrainingRecord&);
void take_highest(TrainingRecord& own, std::string_view theirs, const std::string& party, const Job&);

/// Adds how a session ended; of very many the last stay, and a long text is cut.
void note(TrainingRecord&, SessionBreak);

/// Costs of two spans of time, one after the other.
PartyStats sum(PartyStats first, const PartyStats& second);

}  // namespace tacit
