#include "tacit/net/transports/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <memory>

#include "tacit/base/error.h"

namespace tacit {

std::string to_string(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port)
            : fmt::format("{}:{}", address.host, address.port);
}

Address parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  bool good = colon != std::string_view::npos && colon > 0;
  std::string_view host = text.substr(0, good ? colon : 0);
  if (good) {
    const std::string_view digits = text.substr(colon + 1);
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    good = result.ec == std::errc{} && result.ptr == digits.data() + digits.size() && !digits.empty();
  }
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else
    good = good && host.find(':') == std::string_view::npos;
  require(good, "'{}' is not an address: write HOST:PORT, for example 10.0.0.7:7100", text);
  return {std::string(host), port};
}

namespace {
using AddressList = std::unique_ptr<addrinfo, decltype([](addrinfo* a) { freeaddrinfo(a); })>;

AddressList resolve(const Address& address, bool passive) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0);
  addrinfo* list = nullptr;
  const int error = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (error != 0)
    throw IoError(fmt::format("the name '{}' does not resolve ({}): check the address in the job file",
                              address.host, gai_strerror(error)));
  return AddressList(list);
}
}  // namespace

FileDescriptor listen_on(const Address& address) {
  std::string why;
  const AddressList list = resolve(address, true);
  for (const addrinfo* a = list.get(); a != nullptr; a = a->ai_next) {
    FileDescriptor fd(::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol));
    const int on = 1;
    if (fd && setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        ::bind(fd.get(), a->ai_addr, a->ai_addrlen) == 0 && ::listen(fd.get(), 64) == 0)
      return fd;
    why = std::strerror(errno);
  }
  throw IoError(
      fmt::format("cannot listen on {}: {}; another program may hold the port, or the address is not this "
                  "machine's",
                  to_string(address), why));
}

std::uint16_t local_port(const FileDescriptor& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ensure(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) == 0, "getsockname");
  return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(storage).sin_port);
}

void prepare_stream(const FileDescriptor& socket) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(socket.get(), F_SETFL, fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
}

FileDescriptor try_dial(const Address& address, std::chrono::milliseconds limit) {
  const AddressList list = resolve(address, false);
  for (const addrinfo* a = list.get(); a != nullptr; a = a->ai_next) {
    FileDescriptor fd(::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol));
    if (!fd) continue;
    prepare_stream(fd);
    if (::connect(fd.get(), a->ai_addr, a->ai_addrlen) != 0) {
      if (errno != EINPROGRESS) continue;
      pollfd p{fd.get(), POLLOUT, 0};
      int error = 0;
      socklen_t size = sizeof error;
      if (::poll(&p, 1, static_cast<int>(limit.count())) != 1 ||
          getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        continue;
    }
    return fd;
  }
  return {};
}

std::optional<SocketAddress> other_end(const FileDescriptor& socket) {
  SocketAddress out;
  out.size = sizeof out.bytes;
  if (getpeername(socket.get(), reinterpret_cast<sockaddr*>(&out.bytes), &out.size) != 0) return std::nullopt;
  return out;
}

std::optional<SocketAddress> only_address(const Address& address) {
  try {
    const AddressList list = resolve(address, false);
    if (list == nullptr || list->ai_next != nullptr || list->ai_addrlen > sizeof(sockaddr_storage))
      return std::nullopt;
    SocketAddress out;
    out.size = list->ai_addrlen;
    std::memcpy(&out.bytes, list->ai_addr, out.size);
    return out;
  } catch (const IoError&) { return std::nullopt; }
}

namespace {
Dialled from_error(int error) {
  if (error == 0) return Dialled::Connected;
  if (error == EINPROGRESS || error == EINTR) return Dialled::Waiting;
  return error == ECONNREFUSED ? Dialled::Refused : Dialled::Failed;
}
}  // namespace

std::pair<FileDescriptor, Dialled> begin_dial(const SocketAddress& address) {
  FileDescriptor fd(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return {FileDescriptor(), Dialled::Failed};
  prepare_stream(fd);
  const int result = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.bytes), address.size);
  const Dialled state = from_error(result == 0 ? 0 : errno);
  return {std::move(fd), state};
}

Dialled dial_state(const FileDescriptor& socket) {
  pollfd p{socket.get(), POLLOUT, 0};
  if (::poll(&p, 1, 0) != 1) return Dialled::Waiting;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return Dialled::Failed;
  return from_error(error);
}

}  // namespace tacit
