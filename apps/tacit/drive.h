// Running the parts of a job as processes of this machine: each is this same program, as a person would start
// it.
#pragma once

#include <functional>

#include "place.h"
#include "process.h"

namespace tacit::app {

struct ChildSpec {
  std::string name;
  std::vector<std::string> arguments;  ///< after the program's name; "--quiet" and "--progress-fd" are added
  int listener = -1;                   ///< handed on to the child
};

/// Starts all, shows their progress as they tell it, and waits for all. If one fails, the others notice by
/// themselves; the error of the one to blame is thrown here as its own kind. With `signals`, all of them end
/// if one comes: Interrupted.
void drive(const std::vector<ChildSpec>& children, std::chrono::milliseconds patience,
           const std::function<void(const std::string& name, const Progress&)>& progress,
           const EndingSignals* signals = nullptr);

/// A folder that is removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  /// Within another folder, under a name that is out of sight.
  explicit TemporaryFolder(const fs::path& within);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Free ports of this machine for all parties of a job, listened on already, and keys for everyone: those in
/// `folder`, or new ones that are written there.
struct Rehearsal {
  std::vector<FileDescriptor> listeners;
  explicit Rehearsal(Job& job, const fs::path& folder);
};

/// A job with all its processes on this machine. Keys, results and state lie in one folder, so that what was
/// trained can be asked later.
class LocalRun {
 public:
  explicit LocalRun(const PlaceOptions& options);
  const Job& job() const { return job_; }
  const fs::path& out() const { return out_; }
  /// "tacit VERB" as one party or owner would run it.
  ChildSpec child(const std::string& verb, PartyId who) const;

 private:
  const PlaceOptions& options_;
  Job job_;
  fs::path out_;
  Rehearsal rehearsal_;
};

}  // namespace tacit::app
