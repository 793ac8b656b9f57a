// One end of a connection between a broker and a client: whole frames, with a descriptor where one belongs.
// Whatever the other end does, nothing here waits for longer than it was told to once a frame has begun, and
// nothing is allocated for bytes that did not come.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "tacit/base/file_descriptor.h"
#include "tacit/broker/messages.h"

namespace tacit::broker {

/// Of a socket's other end: who the kernel says it is.
struct PeerUser {
  uid_t user = 0;
  pid_t process = 0;
};
/// IoError.
PeerUser user_of(const FileDescriptor& socket);

struct Frame {
  Tag tag{};
  Bytes body;
  FileDescriptor file;  ///< if one came with it
};

class Link {
 public:
  /// `who`: how messages call the other end. `patience`: how long one frame may take from its first byte on.
  Link(FileDescriptor socket, std::string who, std::chrono::milliseconds patience);

  /// `file`, if it is not negative, goes along. PeerError if the other end is gone or does not read.
  void send(ByteView frame, int file = -1);
  template <class Message>
  void send(const Message& message, int file = -1) {
    send(ByteView(to_frame(message)), file);
  }
  /// The next frame; none if the other end closed the connection between two. `wait`: for its first byte;
  /// none is for ever. PeerError for silence, for a body of more than `most` bytes, for more than one
  /// descriptor, and if the other end leaves within a frame.
  std::optional<Frame> receive(std::size_t most, std::optional<std::chrono::milliseconds> wait);
  const std::string& who() const { return who_; }
  PeerUser user() const { return user_of(socket_); }
  /// From another thread: whoever waits here finds the connection closed.
  void shut_down() const;

 private:
  using Clock = std::chrono::steady_clock;
  void wait_for(short events, std::optional<Clock::time_point> until);
  /// Fills `out`. False if the other end closed the connection before the first byte.
  bool read(ByteSpan out, std::optional<Clock::time_point> until, FileDescriptor& file);
  [[noreturn]] void lost(std::string_view how) const;

  FileDescriptor socket_;
  std::string who_;
  std::chrono::milliseconds patience_;
};

/// Parses a frame that must be of one kind. PeerError; what the other end refuses comes as the exception that
/// it names.
template <class Message>
Message expect(const Frame& frame, const std::string& who);
/// Throws what `frame` refuses, if it does.
void throw_if_refused(const Frame& frame, const std::string& who);
/// PeerError about a frame that is out of step.
[[noreturn]] void out_of_step(const Frame& frame, const std::string& who);

template <class Message>
Message expect(const Frame& frame, const std::string& who) {
  throw_if_refused(frame, who);
  if (frame.tag != Message::kTag || frame.file) out_of_step(frame, who);
  return parse<Message>(frame.body, who);
}

}  // namespace tacit::broker
