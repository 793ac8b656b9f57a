// TCP sockets: addresses, listening and dialling, each failure as one sentence.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tacit/base/file_descriptor.h"

namespace tacit {

struct Address {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const Address&) const = default;
};
std::string to_string(const Address& address);
/// "host:port" or "[v6]:port"; UsageError otherwise.
Address parse_address(std::string_view text);

/// Listens on an address (port 0: any free one); IoError, with the remedy, if it cannot.
FileDescriptor listen_on(const Address& address);
/// The port that a listening socket got.
std::uint16_t local_port(const FileDescriptor& socket);
/// One attempt to connect within `limit`; an empty descriptor if nobody listens there (yet). IoError if the
/// name does not resolve.
FileDescriptor try_dial(const Address& address, std::chrono::milliseconds limit);
/// Non-blocking, without delay for small messages.
void prepare_stream(const FileDescriptor& socket);

}  // namespace tacit
