// What a demo writes into the user's folder before it is done: gone again, and the folder with it if the demo
// made it, unless it comes to its end.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace tacit::app {

class BegunFiles {
 public:
  explicit BegunFiles(std::filesystem::path folder)
      : folder_(std::move(folder)), made_(!std::filesystem::exists(folder_)) {}
  BegunFiles(const BegunFiles&) = delete;
  BegunFiles& operator=(const BegunFiles&) = delete;
  ~BegunFiles() {
    if (done_) return;
    std::error_code ignored;
    for (const std::filesystem::path& file : files_) std::filesystem::remove(file, ignored);
    if (made_) std::filesystem::remove(folder_, ignored);  // which fails if there is something else in it
  }

  /// Where a file of this name goes. One that is there already stays, whatever it holds then.
  std::filesystem::path add(std::string_view name) {
    std::filesystem::path file = folder_ / name;
    if (!std::filesystem::exists(file)) files_.push_back(file);
    return file;
  }
  void done() { done_ = true; }

 private:
  std::filesystem::path folder_;
  bool made_, done_ = false;
  std::vector<std::filesystem::path> files_;
};

}  // namespace tacit::app
