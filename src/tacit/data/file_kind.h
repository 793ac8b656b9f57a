// What a data file is, told by its first bytes and never by its name.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tacit/data/array.h"

namespace tacit {

enum class FileKind { Csv, Npy, Npz, Idx };

/// What has the beginning of none of the others is taken for CSV.
FileKind file_kind(const std::filesystem::path& path);
/// Opens any of the array files; `member` is for NPZ. UsageError for a CSV.
ArrayReader open_array(const std::filesystem::path& path, const std::string& member);

}  // namespace tacit
