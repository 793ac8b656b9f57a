// A disk that fails: for what lies below one folder, from a moment on, changes fail as they do on a disk that
// is full, or that can only be read. The C library's calls are replaced in the program that links this, so
// that whatever writes is met, SQLite included. Nothing is synced in that program: no machine crashes here.
#pragma once

#include <filesystem>
#include <string>

namespace tacit::testing {

enum class DiskFault {
  Full,      ///< files can be made, and nothing written into them
  ReadOnly,  ///< nothing can be changed; so, too, the disk of a process that was killed is left as it is
};

/// From now on, or, with `part`, from the first use of a path below the folder that has this part. There is
/// one such disk at a time.
void break_disk(const std::filesystem::path& folder, DiskFault fault, std::string part = "");
void mend_disk();
/// Whether something failed by it since it was broken.
bool disk_was_needed();

}  // namespace tacit::testing
