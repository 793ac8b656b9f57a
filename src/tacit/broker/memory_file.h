// How a sealed model goes from a client to the broker: as a file that lies in memory and that nobody can
// change any more. So the client needs no right but to read the file, the broker sees no path of the
// client's, what was verified stays what it was, and no file system of the client's can make the broker wait.
#pragma once

#include <filesystem>

#include "tacit/base/file_descriptor.h"

namespace tacit::broker {

/// A file's content in memory, sealed against every change. UsageError if it is no plain file; IoError.
FileDescriptor in_memory(const std::filesystem::path& file);
/// UsageError, calling it `name`, unless nobody can change it any more, and it lies in memory.
void check_in_memory(const FileDescriptor& file, const std::string& name);

}  // namespace tacit::broker
