// NPY, NumPy's format of one array, and NPZ, a zip archive of several. Numbers only: no objects, structures
// or texts. Either may be written by any NumPy; an NPY file may also be gzipped.
#pragma once

#include <string>
#include <vector>

#include "tacit/data/array.h"

namespace tacit {

/// Formats 1.0, 2.0 and 3.0, both orders, both ends first, and bool, u1-u8, i1-i8, f2-f8 elements. UsageError
/// when the file is not NPY, cut short, or holds other elements.
ArrayReader open_npy(const std::filesystem::path& path);
ArrayHeader read_npy_header(ByteSource& source);
/// The inside of that header, NumPy's text of a Python dictionary; `file` is for messages.
ArrayHeader parse_npy_dictionary(std::string_view text, const std::string& file);

/// The arrays of an archive by name, without ".npy".
std::vector<std::string> npz_members(const std::filesystem::path& path);
/// One of them; an empty name stands for the only one. UsageError names those there are.
ArrayReader open_npz(const std::filesystem::path& path, const std::string& member);

}  // namespace tacit
