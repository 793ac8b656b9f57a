// Files for tests: a folder that goes with the test, packed bytes, and the message of an expected error.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tacit/base/error.h"

namespace tacit::testing {

class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::filesystem::path path(std::string_view name) const { return folder_ / name; }
  /// Writes (or replaces) a file and returns its path.
  std::filesystem::path write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path folder_;
};

std::string read_file(const std::filesystem::path& path);
std::string gzipped(std::string_view content);

struct ZipPart {
  std::string name, content;
  bool deflated = false;
};
/// A zip archive; with `zip64` sizes and offsets stand in the 64-bit fields, as in archives past 4 GiB.
std::string zipped(const std::vector<ZipPart>& parts, bool zip64 = false);

/// The message of the UsageError that `action` throws; a note when it throws none. A path of the folder is
/// cut to the file's name.
template <class Action>
std::string usage_error(const ScratchFolder& folder, Action&& action) {
  try {
    action();
  } catch (const UsageError& error) {
    std::string message = error.what();
    const std::string prefix = folder.path("").string();
    for (std::size_t at; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
    return message;
  }
  return "(no error)";
}

}  // namespace tacit::testing
