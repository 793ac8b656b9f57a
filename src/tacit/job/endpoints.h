// Who takes part, as files name them: a name, a public key and, for those that listen, an address.
#pragma once

#include "tacit/job/toml.h"
#include "tacit/net/transports/tls.h"

namespace tacit {

/// Whether a file must hold everybody's key already, or is tried out with keys made for the occasion.
enum class Keys { Needed, MadeLater };

/// The table's name, which is part of certificates, files and messages: short and plain.
std::string name_of(TomlTable& table);
/// The tables [[key]] of a file.
std::vector<Endpoint> endpoints(TomlTable& file, const std::string& key, bool with_address, Keys keys);

}  // namespace tacit
