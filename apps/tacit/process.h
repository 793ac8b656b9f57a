// Processes that this one starts, and that never outlive it: commands of this very program, as a user would
// type them, and helpers in the background.
#pragma once

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

struct EndedProcess {
  int code = 0;  ///< 128 and the signal's number, if one ended it
  std::string out, err;
};

class OwnedProcess {
 public:
  /// The exit code if there is no such program.
  static constexpr int kNotFound = 127;

  /// Starts a program, which is looked for as a shell does, in `folder`, with nothing to read. `keep`: a
  /// descriptor of this process's that it gets, too, under its number. IoError.
  OwnedProcess(std::vector<std::string> words, const std::filesystem::path& folder, int keep = -1);
  /// Ends it, if it has not ended.
  ~OwnedProcess();
  OwnedProcess(const OwnedProcess&) = delete;
  OwnedProcess& operator=(const OwnedProcess&) = delete;

  /// Waits for its end. `line` is told of each line that it writes to stderr; may be empty.
  EndedProcess wait(const std::function<void(const std::string&)>& line = {});
  /// Waits until it has written that to stderr, and says whether it has, or ended before.
  bool says(std::string_view text);
  /// Whether it still runs.
  bool runs();

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  void take_some();
  FileDescriptor out_, err_;
  EndedProcess ended_;  ///< what it has said so far
};

}  // namespace tacit::app
