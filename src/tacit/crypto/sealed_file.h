// Files that only the holder of a private key can read or make: what a party keeps for itself, and may carry
// to another machine together with its key. A file is
//
//   head, in the clear | salt (32 bytes) | sealed bytes (aead.h), bound to both
//
// and its key is derived from the private key and the salt, which is random and new each time, so that every
// file has a key of its own, as aead.h demands. Who has the file alone learns its head and its size. Who can
// write here can destroy files or put old ones back, and not change them.
#pragma once

#include "tacit/base/durable.h"
#include "tacit/crypto/hash.h"
#include "tacit/crypto/identity.h"

namespace tacit {

/// Writes a whole file, in the place of any of that name, or leaves all as it was: first as `file`.part, then
/// synced and renamed. For good when it returns. `use` separates kinds of files. The digest of the file's
/// bytes, which, being of sealed ones, everybody may know. IoError.
Digest write_sealed(const std::filesystem::path& file, const Identity& identity, std::string_view use,
                    ByteView head, const std::function<void(ByteWriter&)>& write,
                    const DiskStep& before = {});

/// Opens it for `read`, which must take all of it; the file's digest. What `read` has got before an error is
/// the true beginning, and no more. UsageError, naming the file, for one with another head, that is damaged
/// or another identity's, or that `read` refuses; IoError for one that cannot be read.
Digest read_sealed(const std::filesystem::path& file, const Identity& identity, std::string_view use,
                   ByteView head, const std::function<void(ByteReader&)>& read);

/// The same, but only to know whether it can be read.
Digest check_sealed(const std::filesystem::path& file, const Identity& identity, std::string_view use,
                    ByteView head);

/// The first bytes of a file. UsageError if it has fewer; IoError.
Bytes read_head(const std::filesystem::path& file, std::size_t size);

}  // namespace tacit
