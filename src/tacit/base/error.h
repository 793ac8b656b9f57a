// The four exceptions of tacit. They say whose fault a failure is, and the command line turns them into exit
// codes (2, 3, 4, 5). A message is one sentence: what is wrong, where, and what to do; it never holds a
// secret.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace tacit {

/// The caller's mistake: a wrong argument, file, job or model.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The local machine failed: disk, bind, name resolution.
struct IoError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A peer sent something malformed, is out of step, left, or fell silent.
struct PeerError : std::runtime_error {
  PeerError(std::string who, const std::string& what) : std::runtime_error(what), peer(std::move(who)) {}
  std::string peer;  ///< the name of the party at fault, as far as it can be known
  bool cut = false;  ///< its link broke, and nobody said why: it can be taken up on another
};

/// A check of consistency failed: some party deviated from the protocol. The session closes for good.
struct CheatDetected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws UsageError with a formatted message unless `condition` holds.
template <class... Args>
void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) [[unlikely]]
    throw UsageError(fmt::format(format, std::forward<Args>(args)...));
}

/// An invariant of our own code, checked in every build. A violation is a bug in tacit, not a user's mistake.
inline void ensure(bool condition, std::string_view invariant) {
  if (!condition) [[unlikely]]
    throw std::logic_error("internal error, please report it: " + std::string(invariant));
}

}  // namespace tacit
