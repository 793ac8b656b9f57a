// Query numbers that are never used twice, also over crashes: the highest one that was used is on the disk
// before anything that depends on it leaves this machine.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tacit {

class QueryNumbers {
 public:
  /// Reads `folder`/last-query, or begins at 0. UsageError for a file that is none; IoError.
  explicit QueryNumbers(std::filesystem::path folder);
  /// The highest number that was used.
  std::uint64_t last() const { return last_; }
  /// Uses a number: file and folder are synced when this returns. UsageError for one that is not above all
  /// that were used, IoError when it cannot be written.
  void use(std::uint64_t number);

 private:
  std::filesystem::path folder_;
  std::uint64_t last_ = 0;
};

}  // namespace tacit
