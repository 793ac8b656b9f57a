// Private keys in PEM files (PKCS #8) that only their owner may read.
#pragma once

#include <filesystem>
#include <memory>

struct evp_pkey_st;

namespace tacit {

struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};
using NativeKey = std::unique_ptr<evp_pkey_st, FreeKey>;

/// Nothing if the file holds no private key. UsageError if it cannot be read, or if others may read it.
NativeKey read_key_file(const std::filesystem::path& file);
/// Writes a new file with mode 0600; UsageError if it exists already; IoError.
void write_key_file(const std::filesystem::path& file, evp_pkey_st* key);

}  // namespace tacit
