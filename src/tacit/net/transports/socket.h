// TCP sockets: addresses, listening and dialling, each failure as one sentence.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <optional>
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

/// An address as the system takes it: to dial again without asking for a name, which may take long.
struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};
/// Whom a connected socket is connected with.
std::optional<SocketAddress> other_end(const FileDescriptor& socket);
/// What a name stands for, if that is one address alone.
std::optional<SocketAddress> only_address(const Address& address);
enum class Dialled { Waiting, Connected, Refused, Failed };
/// Begins to connect, and does not wait.
std::pair<FileDescriptor, Dialled> begin_dial(const SocketAddress& address);
/// How far that has come. Refused: the machine answers, and nobody listens there.
Dialled dial_state(const FileDescriptor& socket);
/// Non-blocking, without delay for small messages.
void prepare_stream(const FileDescriptor& socket);

}  // namespace tacit
