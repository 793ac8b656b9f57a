// Wakes a thread that polls.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "tacit/net/transports/socket.h"

namespace tacit {

class Doorbell {
 public:
  Doorbell() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  int fd() const { return fd_.get(); }
  void ring() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(fd_.get(), &one, sizeof one);
  }
  void answer() {
    std::uint64_t count;
    [[maybe_unused]] const auto n = ::read(fd_.get(), &count, sizeof count);
  }

 private:
  FileDescriptor fd_;
};

}  // namespace tacit
