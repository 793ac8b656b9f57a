#include "tacit/net/transports/tls_link.h"

#include <poll.h>
#include <sys/socket.h>

#include "tacit/base/error.h"

namespace tacit {

namespace {
using Kind = RecordHead::Kind;

constexpr std::size_t kSmall = TlsStream::kRecord;  // messages that are copied rather than lent
constexpr std::size_t kInboxBound = std::size_t{128} << 20;
constexpr std::size_t kGrowth = std::size_t{1} << 20;  // memory follows what came, not what was announced

Liveness::Time now() { return std::chrono::steady_clock::now(); }
double seconds(Liveness::Duration d) { return std::chrono::duration<double>(d).count(); }
}  // namespace

TlsLink::TlsLink(std::shared_ptr<TlsStream> stream, Terms terms)
    : terms_(std::move(terms)),
      stream_(std::move(stream)),
      liveness_(terms_.patience, now()),
      writer_(terms_.hello.lasting),
      turn_(terms_.hello.turn) {
  if (!terms_.dialled) answer();
}

std::shared_ptr<TlsStream> TlsLink::stream() const {
  std::lock_guard lock(mutex_);
  return stream_;
}

// ---- writing

/// One turn; whether anything was written.
bool TlsLink::pump(bool beat) {
  if (!stream_ || ended_) return false;
  bool moved = false;
  const auto outcome = writer_.write(*stream_, received_, beat, moved);
  if (moved) liveness_.sent(now());
  if (outcome == TlsStream::Outcome::Broken) lose();
  return moved;
}

/// Whether writing waited for acknowledgements, and takes in what has come: poll() does not tell of what TLS
/// has read ahead.
bool TlsLink::short_of_room() {
  if (!stream_ || ended_ || writer_.wants() != POLLIN) return false;
  take_in();
  return true;
}

/// To a hello of the one who dialled.
void TlsLink::answer() {
  LinkHello hello = terms_.hello;
  hello.turn = turn_;
  hello.received = received_;
  std::array<std::byte, LinkHello::kWireSize> bytes;
  encode(hello, bytes);
  writer_.put(Kind::Hello, bytes);
  pump();
}

void TlsLink::add(const FrameHead& head, ByteView body) {
  std::array<std::byte, FrameHead::kWireSize> bytes;
  encode(head, bytes);
  writer_.window().put(bytes);
  if (body.size() < kSmall)
    writer_.window().put(body);
  else
    writer_.window().lend(body);
}

bool TlsLink::write(const FrameHead& head, ByteView body) {
  std::lock_guard lock(mutex_);
  if (ended_) return false;
  add(head, body);
  while (pump()) {}
  settle();
  return !ended_;
}

void TlsLink::lend(const FrameHead& head, ByteView body) {
  std::lock_guard lock(mutex_);
  if (!ended_) add(head, body);
}

bool TlsLink::push(bool& moved) {
  std::lock_guard lock(mutex_);
  if (ended_) return false;
  moved |= pump();
  if (short_of_room()) moved |= pump();
  return writer_.window().unwritten() == 0;
}

void TlsLink::keep() noexcept {
  std::lock_guard lock(mutex_);
  settle();
}

/// What is lent goes back to its owner, whatever happens.
void TlsLink::settle() noexcept {
  if (!writer_.window().lent()) return;
  try {
    if (writer_.window().unacknowledged() > kGrowth) take_in();  // acknowledgements may have come
    writer_.window().keep();
  } catch (const std::exception&) {
    writer_.window().clear();
    end("cannot be sent to: this machine has no memory left for it", true);
  }
}

std::size_t TlsLink::backlog() const {
  std::lock_guard lock(mutex_);
  return ended_ || writer_.window().lent() ? 0 : writer_.window().unwritten();
}

void TlsLink::flush() {
  std::lock_guard lock(mutex_);
  if (writer_.window().lent()) return;
  while (pump() || (short_of_room() && pump())) {}
}

short TlsLink::wants() const {
  std::lock_guard lock(mutex_);
  const short events = stream_ && !ended_ ? writer_.wants() : short{0};
  // Nobody here would read what a user reads by itself, or what there is no room for.
  return events == POLLIN && (user_reads_ || full()) ? short{0} : events;
}

// ---- reading

/// Some of the stream of frames; records of other kinds are dealt with on the way.
bool TlsLink::read_some(std::byte* to, std::size_t size, std::size_t& got) {
  got = 0;
  while (stream_ && !ended_) {
    const auto what = reader_.read(*stream_, ByteSpan(to, size), got);
    if (what == RecordReader::Got::Nothing) return false;
    if (what == RecordReader::Got::Broken) {
      lose();
    } else if (what == RecordReader::Got::Nonsense) {
      end("sent something that is no frame", true);
    } else {
      liveness_.heard(now());
      if (gone_since_) {  // the new connection does what the old one did
        gone_since_.reset();
        ++mended_;
      }
      if (what == RecordReader::Got::Data) {
        received_ += got;
        if (writer_.much_to_tell(received_) && writer_.idle()) pump();
        return true;
      }
      take_record();
    }
  }
  return false;
}

void TlsLink::take_record() {
  switch (reader_.kind()) {
    case Kind::Beat:
      if (terms_.hello.lasting && !writer_.window().acknowledge(read_at<std::uint64_t>(reader_.body(), 0)))
        end("acknowledged what it was not sent", true);
      return;
    case Kind::Goodbye:
      return part_with(std::string(text_of(reader_.body())));
    default:
      return end("began its connection once more", true);
  }
}

/// Completes the head of a frame.
bool TlsLink::advance_head() {
  while (!incoming_.head) {
    std::size_t got = 0;
    if (!read_some(incoming_.head_bytes.data() + incoming_.head_filled,
                   FrameHead::kWireSize - incoming_.head_filled, got))
      return false;
    incoming_.head_filled += got;
    if (incoming_.head_filled < FrameHead::kWireSize) continue;
    FrameHead head;
    if (!decode(incoming_.head_bytes, head)) {
      end("sent something that is no frame", true);
      return false;
    }
    incoming_.head_filled = 0;
    incoming_.head = std::move(head);
  }
  return true;
}

/// Takes the rest of the frame into memory of our own; true when it is whole.
bool TlsLink::advance_body() {
  Bytes& body = incoming_.body;
  while (body.size() < incoming_.head->size) {
    if (full()) return false;
    const std::size_t before = body.size(),
                      room = std::min<std::size_t>(incoming_.head->size - before, kGrowth);
    body.resize(before + room);
    std::size_t got = 0;
    const bool more = read_some(body.data() + before, room, got);
    body.resize(before + got);
    if (!more) return false;
  }
  return true;
}

/// Frames that nobody waits for yet, up to a bound.
void TlsLink::take_in() {
  while (!user_reads_ && !full()) {
    if (!advance_head() || !advance_body()) return;
    inbox_bytes_ += incoming_.body.size();
    inbox_.push_back({*incoming_.head, std::move(incoming_.body)});
    incoming_ = Incoming();
  }
}

std::optional<FrameHead> TlsLink::poll_head() {
  std::lock_guard lock(mutex_);
  if (!inbox_.empty()) return inbox_.front().head;
  user_reads_ = true;
  if (advance_head()) return incoming_.head;
  return std::nullopt;
}

bool TlsLink::poll_body(ByteSpan out, std::size_t& filled) {
  std::lock_guard lock(mutex_);
  if (!inbox_.empty()) {
    const Frame& frame = inbox_.front();
    std::copy(frame.body.begin(), frame.body.end(), out.begin());
    filled = out.size();
    inbox_bytes_ -= frame.body.size();
    inbox_.pop_front();
    user_reads_ = false;
    return true;
  }
  if (filled == 0 && !incoming_.body.empty()) {
    std::copy(incoming_.body.begin(), incoming_.body.end(), out.begin());
    filled = incoming_.body.size();
  }
  while (filled < out.size()) {
    std::size_t got = 0;
    if (!read_some(out.data() + filled, out.size() - filled, got)) return false;
    filled += got;
  }
  incoming_ = Incoming();
  user_reads_ = false;
  return true;
}

// ---- watching

bool TlsLink::full() const { return inbox_bytes_ + incoming_.body.size() >= kInboxBound; }

bool TlsLink::has_frame() const {
  std::lock_guard lock(mutex_);
  return !inbox_.empty();
}

bool TlsLink::ready() const {
  std::lock_guard lock(mutex_);
  return !inbox_.empty() || ended_ || full();
}

void TlsLink::attend(Liveness::Time time) {
  std::lock_guard lock(mutex_);
  if (ended_) return;
  take_in();
  // What is lent, its lender writes.
  for (bool beat = liveness_.heartbeat_due(time); (beat || !writer_.window().lent()) && pump(beat);)
    beat = false;
  if (ended_) return;
  // While we are the ones who do not read, the peer's silence says nothing.
  if (full()) liveness_.heard(time);
  const double patience = seconds(terms_.patience);
  if (gone_since_ && time - *gone_since_ >= terms_.patience - terms_.patience / 10)
    return end(fmt::format("{}, and its link to {} did not come back within {:.1f} s", why_gone_, terms_.self,
                           patience),
               true, true);
  if (stream_ && liveness_.silent(time)) end(fmt::format("has been silent for {:.1f} s", patience), true);
}

// ---- mending

bool TlsLink::wants_mending(Liveness::Time time) const {
  std::lock_guard lock(mutex_);
  return terms_.hello.lasting && !ended_ && (!stream_ || liveness_.quiet(time));
}

LinkHello TlsLink::depart() {
  std::lock_guard lock(mutex_);
  if (stream_) {
    why_gone_ = "fell silent";
    detach(liveness_.last_heard());
  }
  LinkHello hello = terms_.hello;
  hello.turn = ++turn_;
  hello.received = received_;
  return hello;
}

std::optional<std::string> TlsLink::resume(std::shared_ptr<TlsStream> stream, const LinkHello& theirs) {
  {
    std::lock_guard lock(mutex_);
    const bool in_turn = terms_.dialled ? theirs.turn == turn_ : theirs.turn > turn_;
    if (ended_) return "the session with you has ended";
    if (!terms_.hello.lasting || !theirs.lasting || theirs.link != terms_.hello.link)
      return "your connection is of another session";
    if (!in_turn) return "a later connection has taken your connection's place";
    if (stream_) {  // the peer has noticed before us
      why_gone_ = "left its connection for another";
      detach(now());
    }
    if (!writer_.window().rewind(theirs.received)) {
      end(fmt::format("claims to have received {} bytes, where it acknowledged {} of the {} that were sent",
                      theirs.received, writer_.window().acknowledged(), writer_.window().sent()),
          true);
      return "you claim to have received what you were not sent";
    }
    turn_ = theirs.turn;
    stream_ = std::move(stream);
    reader_ = RecordReader();
    writer_.reset(received_);
    liveness_.heard(now());
    if (!terms_.dialled) answer();
    pump(true);  // so that the peer sees at once that it works
  }
  changed_.notify_all();
  return std::nullopt;
}

void TlsLink::give_up() {
  std::lock_guard lock(mutex_);
  end("closed the connection without a word (killed, or crashed?)", true, true);
}

void TlsLink::hear_goodbye(const std::string& reason) {
  std::lock_guard lock(mutex_);
  part_with(reason);
}

std::size_t TlsLink::mended() const {
  std::lock_guard lock(mutex_);
  return mended_;
}

/// The connection broke. A link that lasts waits for another.
void TlsLink::lose() {
  const TlsStream::Break how = stream_->broken();
  if (!terms_.hello.lasting || !how.mendable) return end(how.how, true, how.cut);
  why_gone_ = how.how;
  detach(now());
}

/// What was half read or written of records is void; of frames, it stays.
void TlsLink::detach(Liveness::Time since) {
  if (!gone_since_) gone_since_ = since;
  stream_->hang_up();
  stream_.reset();
  writer_.reset(received_);
  if (terms_.lost) terms_.lost();
}

// ---- ending

void TlsLink::end(std::string reason, bool failed, bool cut) {
  if (ended_) return;
  ended_ = std::move(reason);
  failed_ = failed;
  cut_ = cut;
  writer_.window().clear();
  changed_.notify_all();
}

void TlsLink::part_with(const std::string& goodbye) {
  if (ended_) return;
  told_ = !goodbye.empty();
  // Whoever leaves in good order stays until it knows that what it said last has arrived.
  if (terms_.hello.lasting && !told_ && stream_ && writer_.idle()) {
    bool moved = false;
    writer_.put(Kind::Goodbye, {});
    writer_.write(*stream_, received_, false, moved);
  }
  end(goodbye, !goodbye.empty(), goodbye.empty());
}

std::optional<std::string> TlsLink::ended() const {
  std::lock_guard lock(mutex_);
  return ended_;
}
bool TlsLink::told() const {
  std::lock_guard lock(mutex_);
  return told_;
}
bool TlsLink::cut() const {
  std::lock_guard lock(mutex_);
  return cut_;
}
bool TlsLink::failed() const {
  std::lock_guard lock(mutex_);
  return failed_;
}

void TlsLink::part(std::string_view reason, Liveness::Time deadline) noexcept {
  try {
    std::unique_lock lock(mutex_);
    user_reads_ = true;
    std::shared_ptr<TlsStream> said;  // the connection on which it was
    const auto limit = deadline - now();
    const bool answered = terms_.hello.lasting && reason.empty();
    // Whoever is done waits for a broken link to come back: what was said last may not have arrived.
    const auto back_by = reason.empty() ? std::max(deadline, now() + terms_.patience) : deadline;
    const auto until = [&] {
      return !stream_ || (answered && writer_.window().unacknowledged() > 0) ? back_by : deadline;
    };
    for (bool first = true; !ended_ && (first || now() < until()); first = false) {
      if (!stream_) {
        changed_.wait_until(lock, back_by);
        deadline = std::max(deadline, now() + limit);
        continue;
      }
      if (writer_.wants() == 0 && said != stream_) {
        writer_.put(Kind::Goodbye, bytes_of(reason.substr(0, RecordHead::kMaxGoodbye)));
        said = stream_;
      } else if (writer_.wants() == 0 && !answered) {
        break;
      }
      if (pump()) continue;
      // What still comes is of interest for its acknowledgements, and for the peer's own goodbye.
      std::byte sink[4096];
      for (std::size_t got = 0; now() < until() && read_some(sink, sizeof sink, got);) {}
      if (ended_ || !stream_ || pump()) continue;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until() - now()).count();
      const auto stream = stream_;
      const short events = writer_.wants();
      pollfd p{stream->fd(), events == 0 ? short{POLLIN} : events, 0};
      lock.unlock();
      if (left > 0) ::poll(&p, 1, static_cast<int>(left));
      lock.lock();
    }
    if (said && said == stream_ && !ended_ && writer_.idle()) said->close_in_order();
  } catch (const std::exception&) {
    // Nothing more can be told to a peer that cannot be reached.
  }
}

void TlsLink::linger(Liveness::Time deadline) noexcept {
  if (const auto stream = this->stream()) {
    ::shutdown(stream->fd(), SHUT_WR);
    // Closing with unread bytes would reset the connection and could lose our last frames on the way.
    std::byte sink[4096];
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now()).count();
      pollfd p{stream->fd(), POLLIN, 0};
      if (left <= 0 || ::poll(&p, 1, static_cast<int>(left)) <= 0) break;
      if (::recv(stream->fd(), sink, sizeof sink, 0) <= 0) break;
    }
  }
  std::lock_guard lock(mutex_);
  end("", false);
}

}  // namespace tacit
