// A party's checkpoints: a folder of files that are sealed under its key (crypto/sealed_file.h), so that it
// may go on on another machine with the folder and the key. Of a training there are
//
//   T.data           its shares of the owners' data, written once
//   T-S-STEP.state   its shares of what the training is after that step, as session S had it
//   T.ledger         what was told so far, replaced before each reveal
//
// where T names the training, by the session in which it began. Each file is bound to the job, the training,
// the session and the step; a file comes whole or not at all.
//
// Whoever reads the folder learns the job's hash, those names, steps and times, and the sizes of data and
// model; whoever writes here can destroy checkpoints or put old ones back, and not change them.
#pragma once

#include "tacit/crypto/sealed_file.h"
#include "tacit/job/job.h"

namespace tacit {

/// Bytes by which parties agree to begin anew, and on a checkpoint.
constexpr std::size_t kBeginBytes = sizeof(std::uint64_t), kAgreementBytes = 2 * sizeof(Digest);

/// One state, the same at all parties.
struct CheckpointName {
  Digest training{};  ///< id of the session in which the training began
  Digest session{};   ///< ... in which the checkpoint was written
  std::uint64_t step = 0;
  bool operator==(const CheckpointName&) const = default;
};

class Checkpoints {
 public:
  /// UsageError if the folder is not this user's alone, or another process has it; IoError.
  Checkpoints(std::filesystem::path folder, const Identity& identity, const Digest& job,
              DiskStep before = {});

  /// States of this job as far as their heads tell, the newest first.
  std::vector<CheckpointName> states() const;
  /// States here that are another job's.
  std::size_t of_other_jobs() const;

  using Write = std::function<void(ByteWriter&)>;
  using Read = std::function<void(ByteReader&)>;
  // For good when they return; IoError, when all is as it was. The digest of the file.
  Digest put_data(const Digest& training, const Write& write);
  Digest put_state(const CheckpointName& name, const Write& write);
  Digest put_ledger(const Digest& training, const Write& write);
  // The file's digest. UsageError, naming the file, for one that is missing, damaged, or another's.
  Digest read_data(const Digest& training, const Read& read) const;
  Digest read_state(const CheckpointName& name, const Read& read) const;
  Digest read_ledger(const Digest& training, const Read& read) const;
  // The same, to know whether it can be read.
  Digest check_data(const Digest& training) const;
  Digest check_state(const CheckpointName& name) const;

  /// Removes all files of checkpoints but this state, and its training's data and ledger. IoError.
  void keep_only(const CheckpointName& name);
  /// Removes them all. IoError.
  void clear();

 private:
  enum class Kind : std::uint8_t { Data = 1, State = 2, Ledger = 3 };
  std::filesystem::path file(Kind, const CheckpointName& name) const;
  Bytes head(Kind, const CheckpointName& name, std::int64_t made) const;
  /// The head that a file of this kind and name has.
  Bytes head_in(Kind, const CheckpointName& name) const;
  Digest put(Kind, const CheckpointName& name, const Write& write);
  void remove_all_but(const std::vector<std::filesystem::path>& kept);

  OwnFolder folder_;
  Identity identity_;
  Digest job_;
  DiskStep before_;
};

}  // namespace tacit
