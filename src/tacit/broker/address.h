// The address of a Unix domain socket, as the system takes it.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <filesystem>

#include "tacit/base/error.h"

namespace tacit::broker {

class UnixAddress {
 public:
  /// UsageError if the path is longer than such an address may be.
  explicit UnixAddress(const std::filesystem::path& path) {
    const std::string name = path.string();
    require(!name.empty() && name.size() < sizeof address_.sun_path,
            "'{}' is no place for a socket: its name has 1 to {} bytes; use a shorter one", name,
            sizeof address_.sun_path - 1);
    address_.sun_family = AF_UNIX;
    std::memcpy(address_.sun_path, name.c_str(), name.size() + 1);
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_un address_{};
  socklen_t size_ = 0;
};

}  // namespace tacit::broker
