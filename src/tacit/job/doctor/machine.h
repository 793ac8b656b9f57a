// What the doctor asks of the machine it runs on. Each answer is plain data, so that the checks themselves
// can be tried with others.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "tacit/base/cpu.h"

namespace tacit::doctor {

struct Machine {
  std::string processor;          ///< its name
  Isa isa = Isa::Portable;        ///< the best that it runs
  unsigned processors = 1;        ///< that this process may use
  std::uint64_t memory = 0;       ///< bytes in all that this process may have; 0: not known
  std::uint64_t memory_free = 0;  ///< of them, without swapping; 0: not known
  std::int64_t seconds = 0;       ///< the clock: seconds since 1970, UTC
};
Machine look_at_machine();

/// Bytes that may still be written in a folder, or in the nearest one above it that exists; nothing where the
/// file system does not say.
std::optional<std::uint64_t> free_disk(const std::filesystem::path& folder);
/// Why no file can be made in a folder (or in the nearest one above it that exists), as a phrase; empty if
/// one can. Makes one of a page, and removes it.
std::string why_not_writable(const std::filesystem::path& folder);
/// Who listens on a port of this machine, as far as this user may know it: "nginx (process 812)", "a program
/// of user 33"; empty if nobody is seen.
std::string holder_of_port(std::uint16_t port);
/// Why a host's name does not resolve, as a phrase; empty if it does.
std::string why_unresolved(const std::string& host);

}  // namespace tacit::doctor
