#include "tacit/broker/client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/broker/address.h"
#include "tacit/broker/memory_file.h"

namespace tacit::broker {

namespace {

/// That a broker may take over its end of a message or a greeting; it may compute for as long as it likes.
constexpr std::chrono::milliseconds kPatience{30'000};

FileDescriptor dial(const std::filesystem::path& path) {
  const UnixAddress address(path);
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw IoError(fmt::format("no socket can be made: {}", std::strerror(errno)));
  int done = -1;
  while ((done = ::connect(socket.get(), address.get(), address.size())) != 0 && errno == EINTR) {}
  if (done != 0)
    throw IoError(
        fmt::format("no broker answers at '{}': {}; start one there with 'tacit broker', and see that this "
                    "user may use the socket",
                    path.string(), std::strerror(errno)));
  return socket;
}

}  // namespace

Client::Client(const std::filesystem::path& socket) : link_(dial(socket), "the broker", kPatience) {
  try {
    link_.send(Hello{});
  } catch (const PeerError&) {}  // turned away already: why can still be read
  const auto frame = link_.receive(kMostBody, kPatience);
  if (!frame) throw PeerError(link_.who(), "the broker closed the connection before it answered");
  welcome_ = expect<Welcome>(*frame, link_.who());
  if (welcome_.version != kVersion)
    throw PeerError(link_.who(),
                    fmt::format("the broker speaks version {}, which was not asked for", welcome_.version));
  user_ = link_.user().user;
}

template <class Reply, class Message>
Reply Client::ask(const Message& message, int file) {
  const std::lock_guard lock(turn_);
  link_.send(message, file);
  const auto frame = link_.receive(kMostBody, std::nullopt);
  if (!frame) throw PeerError(link_.who(), "the broker closed the connection before it answered");
  return expect<Reply>(*frame, link_.who());
}

Opened Client::open(const std::filesystem::path& file) {
  const FileDescriptor sealed = in_memory(file);
  std::string name = one_line(file.filename().string());
  name.resize(std::min(name.size(), kLongestFileName));
  return ask<Opened>(Open{name}, sealed.get());
}

Tensor Client::run(std::uint32_t model, Tensor examples) {
  return ask<Answer>(Run{model, std::move(examples)}).answers;
}

void Client::close(std::uint32_t model) { ask<Closed>(Close{model}); }

}  // namespace tacit::broker
