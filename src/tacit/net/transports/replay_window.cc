#include "tacit/net/transports/replay_window.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "tacit/base/error.h"

namespace tacit {

namespace {
constexpr std::size_t kRoom = 32 * 1024;  // for many small messages
}

void ReplayWindow::put(ByteView bytes) {
  ensure(!lent(), "nothing is sent behind what is lent");
  if (bytes.empty()) return;
  if (pieces_.empty() || pieces_.back().own.capacity() - pieces_.back().own.size() < bytes.size()) {
    Piece piece{end_, std::exchange(spare_, Bytes()), {}};
    piece.own.reserve(std::max(kRoom, bytes.size()));
    pieces_.push_back(std::move(piece));
  }
  Piece& last = pieces_.back();
  append_bytes(last.own, bytes);  // within its capacity: the bytes before stay where they are
  last.bytes = last.own;
  end_ += bytes.size();
}

void ReplayWindow::lend(ByteView bytes) {
  ensure(!lent(), "one message is lent at a time");
  if (bytes.empty()) return;
  pieces_.push_back({end_, {}, bytes});
  end_ += bytes.size();
}

void ReplayWindow::keep() {
  if (!lent()) return;
  Piece& piece = pieces_.back();
  const std::uint64_t from = std::max(piece.begin, acknowledged_);
  const ByteView rest = piece.bytes.subspan(static_cast<std::size_t>(from - piece.begin));
  piece.own.assign(rest.begin(), rest.end());
  piece.begin = from;
  piece.bytes = piece.own;
}

void ReplayWindow::release(Piece& piece) noexcept {
  if (piece.own.empty() || piece.own.capacity() > kRoom) return;
  OPENSSL_cleanse(piece.own.data(), piece.own.size());
  piece.own.clear();
  spare_ = std::move(piece.own);
}

void ReplayWindow::clear() noexcept {
  for (Piece& piece : pieces_) release(piece);
  pieces_.clear();
  acknowledged_ = written_ = end_;
}

std::size_t ReplayWindow::piece_at(std::uint64_t position) const {
  const auto behind = std::upper_bound(pieces_.begin(), pieces_.end(), position,
                                       [](std::uint64_t at, const Piece& p) { return at < p.begin; });
  ensure(behind != pieces_.begin(), "what is to be written is kept");
  return static_cast<std::size_t>(behind - pieces_.begin()) - 1;
}

ByteView ReplayWindow::next(std::size_t size, Bytes& room) const {
  ensure(size > 0 && size <= unwritten(), "there is so much to write");
  const Piece& piece = pieces_[piece_at(written_)];
  const auto at = static_cast<std::size_t>(written_ - piece.begin);
  if (piece.bytes.size() - at >= size) return piece.bytes.subspan(at, size);
  room.clear();
  copy_next(size, room);
  return room;
}

void ReplayWindow::copy_next(std::size_t size, Bytes& out) const {
  ensure(size <= unwritten(), "there is so much to write");
  if (size == 0) return;
  std::size_t i = piece_at(written_), at = static_cast<std::size_t>(written_ - pieces_[i].begin);
  while (size > 0) {
    const ByteView bytes = pieces_[i].bytes.subspan(at);
    const std::size_t some = std::min(size, bytes.size());
    append_bytes(out, bytes.first(some));
    size -= some;
    ++i, at = 0;
  }
}

void ReplayWindow::wrote(std::size_t size) {
  written_ += size;
  sent_ = std::max(sent_, written_);
}

bool ReplayWindow::acknowledge(std::uint64_t position) {
  if (position < acknowledged_ || position > written_) return false;
  acknowledged_ = position;
  while (!pieces_.empty() && pieces_.front().begin + pieces_.front().bytes.size() <= position) {
    release(pieces_.front());
    pieces_.pop_front();
  }
  return true;
}

bool ReplayWindow::rewind(std::uint64_t position) {
  if (position < acknowledged_ || position > sent_) return false;
  written_ = position;
  return acknowledge(position);
}

}  // namespace tacit
