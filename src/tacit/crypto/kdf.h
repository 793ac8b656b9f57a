// Key derivation: HKDF with SHA-256 (RFC 5869), by OpenSSL.
#pragma once

#include "tacit/base/secret_bytes.h"

namespace tacit {

/// `size` bytes derived from `key`; `context` separates the uses of one key and binds what must be agreed.
SecretBytes derive_key(ByteView key, std::string_view context, std::size_t size);
SecretBytes derive_key(ByteView key, ByteView salt, std::string_view context, std::size_t size);

/// Its two halves: a key of 32 bytes from what has entropy somewhere, and `size` bytes from such a key.
SecretBytes hkdf_extract(ByteView salt, ByteView from);
SecretBytes hkdf_expand(ByteView key, ByteView info, std::size_t size);

}  // namespace tacit
