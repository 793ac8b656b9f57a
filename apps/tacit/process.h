// Processes that this one starts, and that never outlive it: commands of this very program, as a user would
// type them, and helpers in the background.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tacit/base/file_descriptor.h"

namespace tacit::app {

/// The ends to read and to write. IoError.
std::pair<FileDescriptor, FileDescriptor> make_pipe();
/// Appends what a pipe that does not block has; closes it at its end.
void take(FileDescriptor& fd, std::string& text);

/// Throws what a process of this program ended with as its own kind: `code` is its exit code, and `said` what
/// it wrote to stderr.
[[noreturn]] void throw_as_it_ended(const std::string& who, int code, std::string said);

/// What EndingSignals throws: nothing that is caught as an error on the way to main().
struct Interrupted {
  int signal;

  /// Ends this program by that signal, as whoever started it expects.
  [[noreturn]] void end() const;
};

/// While it lives, SIGINT (Ctrl-C) and SIGTERM do not end this program at once: what waits for processes, and
/// check(), throw, so that all that was begun is cleaned up. To be made before there are other threads.
class EndingSignals {
 public:
  EndingSignals();
  ~EndingSignals();
  EndingSignals(const EndingSignals&) = delete;
  EndingSignals& operator=(const EndingSignals&) = delete;

  /// Interrupted, if one has come.
  void check() const;
  /// Can be read from then on.
  int fd() const { return fd_.get(); }

 private:
  sigset_t before_{};
  FileDescriptor fd_;
};

struct EndedProcess {
  int code = 0;  ///< 128 and the signal's number, if one ended it
  std::string out, err;
};

class OwnedProcess {
 public:
  /// The exit code if there is no such program.
  static constexpr int kNotFound = 127;

  /// Starts a program, which is looked for as a shell does, in `folder`, with nothing to read; it has the
  /// file `handed_on`, if one is named, under the same number. IoError.
  OwnedProcess(std::vector<std::string> words, const std::filesystem::path& folder, int handed_on = -1);
  /// Ends it, if it has not ended.
  ~OwnedProcess();
  OwnedProcess(const OwnedProcess&) = delete;
  OwnedProcess& operator=(const OwnedProcess&) = delete;

  /// Waits for its end, or, with `signals`, until one comes: Interrupted. `line` is told of each line that it
  /// writes to stderr; may be empty.
  EndedProcess wait(const std::function<void(const std::string&)>& line = {},
                    const EndingSignals* signals = nullptr);
  /// Waits until it has written that to stderr, and says whether it has, or ended before. `signals`: as
  /// above.
  bool says(std::string_view text, const EndingSignals* signals = nullptr);
  /// Whether it still runs.
  bool runs();
  /// Asks it to end.
  void stop();

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  void take_some(const EndingSignals* signals);
  FileDescriptor out_, err_;
  EndedProcess ended_;  ///< what it has said so far
};

}  // namespace tacit::app
