// How often each asker may ask: a bucket of so many questions, which runs full again within an hour. It is on
// the disk before a question is answered, so that a restart does not fill it. One number an asker: the moment
// at which its bucket would be full again (the "generic cell rate algorithm" of ATM, ITU-T I.371, is this
// bucket).
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "tacit/base/durable.h"

namespace tacit {

class QueryLimit {
 public:
  /// Makes the folder if it is not there. UsageError if others may use it, or another process does; IoError.
  QueryLimit(std::filesystem::path folder, std::uint32_t an_hour);

  struct Taken {
    bool granted = false;
    std::uint64_t left = 0;          ///< questions that may be asked now, after this
    std::uint64_t wait_seconds = 0;  ///< if not granted: when so many may be asked; 0 if never at once
  };
  /// Takes so many questions from the bucket of `who` (a plain name), or none. `now`: microseconds since
  /// 1970. A clock that was set back never fills a bucket; what cannot be read counts as empty. IoError if it
  /// cannot be written: nothing was granted then. Any threads may call it at a time.
  Taken take(const std::string& who, std::uint64_t questions, std::int64_t now);
  std::uint32_t an_hour() const { return an_hour_; }

 private:
  /// Nothing if it cannot be read.
  std::optional<std::int64_t> read(const std::string& who, std::int64_t otherwise) const;
  void write(const std::string& who, std::int64_t full_at) const;
  std::mutex mutex_;  ///< of the files
  OwnFolder own_;
  std::filesystem::path folder_;
  std::uint32_t an_hour_;
  std::int64_t each_;  ///< microseconds in which a question comes back
};

}  // namespace tacit
