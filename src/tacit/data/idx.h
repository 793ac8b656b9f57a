// IDX, the format of MNIST: two zero bytes, a type, the number of axes, their extents, then the elements, all
// big-endian. The file may be gzipped.
#pragma once

#include "tacit/data/array.h"

namespace tacit {

/// Types 0x08 (unsigned byte), 0x09, 0x0B, 0x0C (integers of 1, 2, 4 bytes), 0x0D, 0x0E (floats of 4, 8).
/// UsageError when the file is not IDX or cut short.
ArrayReader open_idx(const std::filesystem::path& path);
ArrayHeader read_idx_header(ByteSource& source);

}  // namespace tacit
