// One TLS connection: frames cut into it and put together again, without ever blocking. The transport's user
// reads and writes directly, with no hop between threads; its watch thread keeps the link alive and drained
// meanwhile. All methods lock; none waits.
#pragma once

#include <deque>
#include <mutex>
#include <optional>

#include "tacit/net/frame.h"
#include "tacit/net/liveness.h"
#include "tacit/net/transports/socket.h"
#include "tacit/net/transports/tls_context.h"

namespace tacit {

class TlsLink {
 public:
  TlsLink(FileDescriptor socket, SslHandle ssl, std::string peer, Liveness::Duration patience);

  const std::string& peer() const { return peer_; }
  int socket() const { return socket_.get(); }

  // ---- for the transport's user
  /// Writes what the socket takes now and keeps the rest.
  void write(const FrameHead& head, ByteView body);
  /// Bytes kept; they are written by flush().
  std::size_t backlog() const;
  void flush();
  /// Writes more of a frame of which `done` bytes (of head and body) are written, from the caller's own
  /// memory, which must stay as it is until the frame is whole. True when it is. Nothing else may be sent
  /// meanwhile.
  bool push(const FrameHead& head, ByteView body, std::size_t& done);
  /// The head of the next data frame, if it has come.
  std::optional<FrameHead> poll_head();
  /// Continues to fill `out` from `filled` on; the head's size is out.size(). True when full.
  bool poll_body(ByteSpan out, std::size_t& filled);

  // ---- for the watch thread
  /// Takes in frames (up to a bound), so that heartbeats are seen; writes the backlog; sends a heartbeat when
  /// one is due; and finds the peer silent when it is.
  void attend(Liveness::Time now);
  /// Whether attend() has taken in a frame that nobody has asked for yet.
  bool has_frame() const;
  /// Whether the user need not wait for it: there is a frame, or more of one than is taken in ahead, or an
  /// end.
  bool ready() const;

  // ---- for both
  /// Why the link is of no more use, if so: one sentence without the peer's name in front, or the reason that
  /// the peer gave. An empty sentence is a goodbye in good order.
  std::optional<std::string> ended() const;
  /// How it ended: by a failure that we saw, or by a reason that the peer told.
  bool failed() const;
  bool told() const;
  /// Or the connection broke, or was closed in good order, though we were not done with it.
  bool cut() const;
  /// Leaving, in an order that loses nothing: part() says goodbye after what is still to be sent, linger()
  /// takes what the peer still sends until it closes, too. Both wait until `deadline` at most.
  void part(std::string_view reason, Liveness::Time deadline) noexcept;
  void linger(Liveness::Time deadline) noexcept;

 private:
  struct Frame {
    FrameHead head;
    Bytes body;
  };
  /// Bytes of a frame as they come in.
  struct Incoming {
    std::array<std::byte, FrameHead::kWireSize> head_bytes;
    std::size_t head_filled = 0;
    std::optional<FrameHead> head;
    Bytes body;  ///< what has been taken in apart from the user's own buffer
  };

  bool read_some(std::byte* to, std::size_t size, std::size_t& got);
  bool write_some(const std::byte* from, std::size_t size, std::size_t& done);
  void write_bytes(ByteView bytes);
  bool drain_backlog();
  bool advance_head();
  bool advance_body();
  bool full() const;
  bool wait_for(short events, Liveness::Time deadline) const;
  void take_goodbye();
  void end(std::string reason, bool failed, bool cut = false);
  void end_by_error(int ssl_result);

  mutable std::mutex mutex_;
  FileDescriptor socket_;
  SslHandle ssl_;
  std::string peer_;
  Liveness::Duration patience_;
  Liveness liveness_;
  Bytes backlog_;
  std::size_t backlog_begin_ = 0;
  Bytes scratch_;
  std::deque<Frame> inbox_;
  std::size_t inbox_bytes_ = 0;
  Incoming incoming_;
  bool user_writes_ = false;  ///< the user is inside a frame that push() has begun
  bool user_reads_ = false;   ///< the user waits for a frame or is inside one: the watch thread reads nothing
  std::optional<std::string> ended_;
  bool failed_ = false, told_ = false, cut_ = false;
};

}  // namespace tacit
