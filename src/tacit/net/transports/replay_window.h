// What has been sent on a link and not been acknowledged, and what is still to be sent: one stream of bytes
// with three marks in it, acknowledged <= written <= end. After a break, writing goes on from what the peer
// has got, with the very same bytes.
//
// Large messages are not copied to be kept: they are lent, lie in the sender's own memory while its step
// lasts, and are mostly acknowledged when it ends; keep() then copies the rest, which is about what sockets
// hold. A ring that is filled while encrypting would cost a copy of every byte on the product's hottest path,
// and holding on to senders' buffers would make the whole computation wait for acknowledgements.
#pragma once

#include <deque>

#include "tacit/base/bytes.h"

namespace tacit {

/// Positions are counted in bytes from the link's beginning. Used by one thread at a time. Copies of small
/// messages are zeroed before their memory is used again, since keys for coins are among them; large ones are
/// tensors of shares.
class ReplayWindow {
 public:
  ReplayWindow() = default;
  ReplayWindow(const ReplayWindow&) = delete;
  ReplayWindow& operator=(const ReplayWindow&) = delete;
  ~ReplayWindow() { clear(); }

  /// More to send, copied.
  void put(ByteView bytes);
  /// More to send, which must stay as it is until keep(); nothing else may be sent before that.
  void lend(ByteView bytes);
  bool lent() const { return !pieces_.empty() && pieces_.back().own.empty(); }
  /// Copies what is lent and not acknowledged.
  void keep();
  /// Forgets everything that is kept or lent.
  void clear() noexcept;

  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t written() const { return written_; }
  /// The furthest that was ever written.
  std::uint64_t sent() const { return sent_; }
  std::size_t unwritten() const { return static_cast<std::size_t>(end_ - written_); }
  std::size_t unacknowledged() const { return static_cast<std::size_t>(written_ - acknowledged_); }

  /// The next `size` bytes to be written, at most unwritten(): where they lie, or gathered in `room`.
  ByteView next(std::size_t size, Bytes& room) const;
  /// Appends the same to `out`.
  void copy_next(std::size_t size, Bytes& out) const;
  void wrote(std::size_t size);
  /// The peer has all before `position`, and it will not be needed again. False if it cannot be: less than it
  /// acknowledged before, or more than was written.
  bool acknowledge(std::uint64_t position);
  /// To be written again from `position` on, which the peer has reached on an earlier connection. False if it
  /// acknowledged more, or was never sent as much.
  bool rewind(std::uint64_t position);

 private:
  struct Piece {
    std::uint64_t begin;
    Bytes own;  ///< empty if lent
    ByteView bytes;
  };
  std::size_t piece_at(std::uint64_t position) const;
  void release(Piece& piece) noexcept;

  std::deque<Piece> pieces_;
  Bytes spare_;  ///< room of a released piece, for the next
  std::uint64_t acknowledged_ = 0, written_ = 0, sent_ = 0, end_ = 0;
};

}  // namespace tacit
