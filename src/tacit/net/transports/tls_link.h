// The link to one peer: frames, as one stream of bytes each way, over one TLS connection, without ever
// blocking. Between parties it outlives its connection: when that breaks without a goodbye, the link waits,
// for its patience at most, until resume() gives it another, and goes on from the last byte that each end has
// (replay_window.h). The transport's user reads and writes directly, with no hop between threads; its watch
// thread keeps the link alive and drained meanwhile. All methods lock; only part() and linger() wait.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "tacit/net/frame.h"
#include "tacit/net/liveness.h"
#include "tacit/net/transports/link_hello.h"
#include "tacit/net/transports/record_reader.h"
#include "tacit/net/transports/record_writer.h"

namespace tacit {

class TlsLink {
 public:
  struct Terms {
    std::string peer, self;  ///< names
    Liveness::Duration patience;
    LinkHello hello;             ///< of the first connection; `lasting` if both ends said so
    bool dialled;                ///< by us; else the hello is still to be answered
    std::function<void()> lost;  ///< called, with the link locked, when it loses its connection; may be empty
  };
  TlsLink(std::shared_ptr<TlsStream> stream, Terms terms);

  const std::string& peer() const { return terms_.peer; }
  /// The connection; none while a broken one is to be replaced.
  std::shared_ptr<TlsStream> stream() const;

  // ---- for the transport's user
  /// Writes what the socket takes now and keeps the rest. False if the link has ended before that.
  bool write(const FrameHead& head, ByteView body);
  /// Bytes that write() kept; they are written by flush().
  std::size_t backlog() const;
  void flush();
  /// The same from the caller's own memory, which must stay as it is until keep(). push() writes more, and
  /// says whether all is written; nothing else may be sent meanwhile. keep() copies what the peer may not
  /// have got.
  void lend(const FrameHead& head, ByteView body);
  bool push(bool& moved);
  void keep() noexcept;
  /// Of poll(), what writing waits for: room in the socket, or acknowledgements.
  short wants() const;
  /// The head of the next frame, if it has come.
  std::optional<FrameHead> poll_head();
  /// Continues to fill `out` from `filled` on; the head's size is out.size(). True when full.
  bool poll_body(ByteSpan out, std::size_t& filled);

  // ---- for the watch thread
  /// Takes in frames (up to a bound), so that beats are seen; writes the backlog; sends a beat when one is
  /// due; and finds the peer silent, or its connection not replaced in time.
  void attend(Liveness::Time now);
  /// Whether attend() has taken in a frame that nobody has asked for yet.
  bool has_frame() const;
  /// Whether the user need not wait for it: there is a frame, or more of one than is taken in ahead, or an
  /// end.
  bool ready() const;

  // ---- mending
  /// Whether another connection is worth a try: this one is lost, or has been silent for suspiciously long.
  bool wants_mending(Liveness::Time now) const;
  /// What to say on a new connection, as the one who dials. From here on the old one is not used any more.
  LinkHello depart();
  /// Goes on over a connection on which the peer has said `theirs`. A reason to turn it away, if it is not
  /// good.
  std::optional<std::string> resume(std::shared_ptr<TlsStream> stream, const LinkHello& theirs);
  /// There will be no other connection: the peer's process has ended, or has said goodbye on one that was to
  /// be.
  void give_up();
  void hear_goodbye(const std::string& reason);
  /// How often it has gone on over another connection.
  std::size_t mended() const;

  // ---- for all
  /// Why the link is of no more use, if so: one sentence without the peer's name in front, or the reason that
  /// the peer gave. An empty sentence is a goodbye in good order.
  std::optional<std::string> ended() const;
  /// How it ended: by a failure that we saw, or by a reason that the peer told.
  bool failed() const;
  bool told() const;
  /// Or the connection broke, or was closed in good order, though we were not done with it.
  bool cut() const;
  /// Leaving, in an order that loses nothing: part() says goodbye after what is still to be sent and, between
  /// parties in good order, waits until the peer has said so too; linger() takes what the peer still sends
  /// until it closes, too. Both wait until `deadline` at most, but part() waits for the patience where the
  /// peer may not have got what was sent last.
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
  // Writing.
  void add(const FrameHead& head, ByteView body);
  bool pump(bool beat = false);
  void settle() noexcept;
  bool short_of_room();
  void answer();
  // Reading.
  bool read_some(std::byte* to, std::size_t size, std::size_t& got);
  void take_record();
  bool advance_head();
  bool advance_body();
  void take_in();
  bool full() const;
  // Ending.
  void lose();
  void detach(Liveness::Time since);
  void part_with(const std::string& goodbye);
  void end(std::string reason, bool failed, bool cut = false);

  const Terms terms_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;  ///< when a connection is replaced, or the link ends
  std::shared_ptr<TlsStream> stream_;
  Liveness liveness_;

  RecordWriter writer_;
  RecordReader reader_;
  std::uint64_t received_ = 0;  ///< bytes of the peer's frames, over all connections
  std::uint64_t turn_;
  std::deque<Frame> inbox_;
  std::size_t inbox_bytes_ = 0;
  Incoming incoming_;
  bool user_reads_ = false;  ///< the user waits for a frame or is inside one: the watch thread reads nothing
  std::optional<Liveness::Time> gone_since_;  ///< since a connection was lost, until the next has proved good
  std::string why_gone_;
  std::size_t mended_ = 0;
  std::optional<std::string> ended_;
  bool failed_ = false, told_ = false, cut_ = false;
};

}  // namespace tacit
