// Running the parts of a job as processes of this machine: each is this same program, as a person would start it.
#pragma once

#include <functional>

#include "place.h"

namespace tacit::app {

struct ChildSpec {
  std::string name;
  std::vector<std::string> arguments;  ///< after the program's name; "--quiet" and "--progress-fd" are added
  int listener = -1;                   ///< handed on to the child
};

/// Starts all, shows their progress as they tell it, and waits for all. If one fails, the others notice by
/// themselves; the error of the one to blame is thrown here as its own kind.
void drive(const std::vector<ChildSpec>& children, std::chrono::milliseconds patience,
           const std::function<void(const std::string& name, const Progress&)>& progress);

/// A folder that is removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Free ports of this machine for all parties of a job, listened on already, and new keys for everyone, which are
/// written into `folder`.
struct Rehearsal {
  std::vector<FileDescriptor> listeners;
  explicit Rehearsal(Job& job, const fs::path& folder);
};

}  // namespace tacit::app
