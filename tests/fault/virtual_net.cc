#include "virtual_net.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "tacit/base/error.h"
#include "tacit/crypto/aead.h"

namespace tacit::testing {

namespace {

using Time = Liveness::Time;
using Duration = Liveness::Duration;

/// Ticks in which nobody goes on after which nobody ever will: several times the patience.
constexpr unsigned kNobodyGoesOn = 100;

struct Frame {
  FrameHead head;
  Bytes body;
};
struct End {
  std::string reason;  ///< empty: a goodbye in good order
  bool told = false, cut = false;
};

/// One direction of a link.
struct Pipe {
  Pipe(std::size_t number, Duration patience)
      : key(kSealKeySize, std::byte(number)),
        seal(key, {}, true),
        open(key, {}, false),
        liveness(patience, Time()) {}

  struct Piece {
    Time due;
    Bytes bytes;
    bool closes = false;
  };
  Bytes key;
  ChunkCipher seal, open;
  std::uint64_t sealed = 0, opened = 0;
  std::optional<WireFault> fault;  ///< of the next record
  bool cut = false, closed = false;
  Time held_until{};
  std::deque<Piece> wire;
  Bytes come;
  std::deque<Frame> frames;
  std::optional<End> end;  ///< as the receiver sees it
  Liveness liveness;       ///< of the sender, at the receiver
};

}  // namespace

struct VirtualNet::State {
  enum class Does { Runs, Waits, Stopped, Gone };
  struct Place {
    Does does = Does::Runs;
    bool killed = false, left = false;
    std::optional<Time> left_at;
    std::condition_variable woken;
  };

  State(std::vector<std::string> n, std::size_t p, Duration pat)
      : names(std::move(n)), parties(p), patience(pat), places(names.size()) {
    for (std::size_t i = 0; i < names.size() * names.size(); ++i)
      pipes.push_back(std::make_unique<Pipe>(i, pat));
  }
  Pipe& pipe(std::size_t from, std::size_t to) { return *pipes[from * names.size() + to]; }

  // ---- time. All with the mutex held.
  void wake(std::size_t i) {
    if (places[i].does != Does::Waits) return;
    places[i].does = Does::Runs;
    places[i].woken.notify_one();
  }
  void wake_all() {
    for (std::size_t i = 0; i < places.size(); ++i) wake(i);
  }
  bool someone(Does what) const {
    for (const Place& p : places)
      if (p.does == what) return true;
    return false;
  }
  /// Time passes if nobody does anything, and somebody waits.
  void pass_time() {
    if (someone(Does::Runs)) return;
    if (!someone(Does::Waits)) return release_stopped();
    now += pipes[0]->liveness.tick();
    if (++idle > kNobodyGoesOn) hung = true;
    for (std::size_t to = 0; to < places.size(); ++to)
      for (std::size_t from = 0; from < places.size(); ++from)
        if (from != to && !places[to].left && places[to].does != Does::Stopped) look(from, to);
    wake_all();
  }
  /// What a watch thread does: takes what has come, and hears heartbeats, or does not.
  void look(std::size_t from, std::size_t to) {
    Pipe& p = pipe(from, to);
    take(from, to);
    const Place& sender = places[from];
    if (sender.does != Does::Stopped && !sender.left && !p.cut && now >= p.held_until) p.liveness.heard(now);
    if (p.liveness.silent(now) && !p.end)
      finish(p, {fmt::format("has been silent for {:.1f} s", std::chrono::duration<double>(patience).count()),
                 false, true});
  }
  void release_stopped() {
    for (Place& p : places)
      if (p.does == Does::Stopped) {
        p.does = Does::Runs;
        p.woken.notify_one();
      }
  }
  void wait(std::unique_lock<std::mutex>& lock, std::size_t self) {
    places[self].does = Does::Waits;
    pass_time();
    places[self].woken.wait(lock, [&] { return places[self].does == Does::Runs; });
    if (hung) throw std::logic_error("nobody can go on, and nothing is due");
  }

  // ---- bytes
  void put(std::size_t from, std::size_t to, const FrameHead& head, ByteView body, bool goodbye = false) {
    Pipe& p = pipe(from, to);
    idle = 0;
    Bytes record(sizeof(std::uint32_t) + FrameHead::kWireSize + body.size() + 1 + kSealTagSize);
    const auto size = static_cast<std::uint32_t>(record.size() - sizeof(std::uint32_t));
    std::memcpy(record.data(), &size, sizeof size);
    const ByteSpan text = ByteSpan(record).subspan(sizeof size);
    encode(head, text.first<FrameHead::kWireSize>());
    std::copy(body.begin(), body.end(), text.begin() + FrameHead::kWireSize);
    text[FrameHead::kWireSize + body.size()] = std::byte{goodbye};
    const auto fault = std::exchange(p.fault, std::nullopt);
    if (fault == WireFault::Version) text[14] = std::byte{1};
    p.seal.seal(p.sealed++, false, text);
    if (fault == WireFault::Corrupt) record[record.size() / 2] ^= std::byte{1};
    if (fault == WireFault::Truncate) record.resize(record.size() / 2);
    if (fault == WireFault::Duplicate) push(p, record);
    push(p, std::move(record));
    if (fault == WireFault::Truncate) {
      close(from, to);
      close(to, from);
    }
    take(from, to);
    wake(to);
  }
  void push(Pipe& p, Bytes bytes) {
    if (!p.cut && !p.closed) p.wire.push_back({std::max(now, p.held_until), std::move(bytes)});
  }
  void close(std::size_t from, std::size_t to) {
    Pipe& p = pipe(from, to);
    if (!p.cut && !p.closed) p.wire.push_back({std::max(now, p.held_until) + Duration(1), {}, true});
    p.closed = true;
  }
  /// Takes in what is due, and makes frames of it.
  void take(std::size_t from, std::size_t to) {
    Pipe& p = pipe(from, to);
    bool closes = false;
    for (; !p.wire.empty() && p.wire.front().due <= now; p.wire.pop_front()) {
      append_bytes(p.come, p.wire.front().bytes);
      closes |= p.wire.front().closes;
      p.liveness.heard(now);
      idle = 0;
    }
    while (!p.end && p.come.size() >= sizeof(std::uint32_t)) {
      const std::size_t size = read_at<std::uint32_t>(p.come, 0), whole = sizeof(std::uint32_t) + size;
      if (p.come.size() < whole) break;
      Bytes text(p.come.begin() + sizeof(std::uint32_t), p.come.begin() + static_cast<std::ptrdiff_t>(whole));
      p.come.erase(p.come.begin(), p.come.begin() + static_cast<std::ptrdiff_t>(whole));
      if (size < FrameHead::kWireSize + 1 + kSealTagSize || !p.open.open(p.opened++, false, text)) {
        finish(p, {"broke the connection (a record that is not the next)", false, true});
        Pipe& back = pipe(to, from);  // TLS tells the other end
        if (!back.cut)
          finish(back, {"broke the connection (it got a record that is not the next)", false, true});
        wake(from);
        break;
      }
      text.resize(size - kSealTagSize);
      accept(p, text);
    }
    if (closes && !p.end)
      finish(p, {"closed the connection without a word (killed, or crashed?)", false, true});
  }
  void accept(Pipe& p, const Bytes& text) {
    FrameHead head;
    if (!decode(ByteView(text).first<FrameHead::kWireSize>(), head) ||
        head.size != text.size() - 1 - FrameHead::kWireSize)
      return finish(p, {"sent something that is no frame"});
    Bytes body(text.begin() + FrameHead::kWireSize, text.end() - 1);
    if (text.back() == std::byte{0}) return p.frames.push_back({std::move(head), std::move(body)});
    const std::string reason(text_of(body));
    finish(p, {reason, !reason.empty()});
  }
  void finish(Pipe& p, End end) {
    if (!p.end) p.end = std::move(end);
    idle = 0;
    wake_all();  // all look at all parties
  }

  // ---- errors, as of the transport over TLS
  PeerError error_of(std::size_t from, std::size_t self) {
    const End& end = *pipe(from, self).end;
    if (end.told) return gave_up(names, names[from], end.reason);
    PeerError error(names[from],
                    end.reason.empty() ? names[from] + " has left" : names[from] + " " + end.reason);
    error.cut = end.cut;
    return error;
  }
  void check_parties(std::size_t self) {
    std::optional<std::size_t> told;
    for (std::size_t i = 0; i < parties; ++i) {
      const auto& end = pipe(i, self).end;
      if (i == self || !end || end->reason.empty()) continue;
      if (!end->told) throw error_of(i, self);
      if (!told) told = i;
    }
    if (told) throw error_of(*told, self);
  }
  [[noreturn]] void fail(std::size_t from, std::size_t self) {
    check_parties(self);
    throw error_of(from, self);
  }

  void leave(std::size_t self, std::string_view reason, bool silently) {
    Place& p = places[self];
    if (p.left) return;
    p.left = true;
    p.left_at = now;
    FrameHead head;
    head.size = reason.size();
    for (std::size_t to = 0; to < places.size(); ++to) {
      if (to == self) continue;
      if (!silently && !pipe(to, self).end) put(self, to, head, bytes_of(reason), true);
      close(self, to);
    }
  }

  const std::vector<std::string> names;
  const std::size_t parties;
  const Duration patience;
  std::mutex mutex;
  std::deque<Place> places;
  std::vector<std::unique_ptr<Pipe>> pipes;
  Time now{};
  std::optional<Time> fault_at;
  unsigned idle = 0;
  bool hung = false;
};

class VirtualNet::Wire final : public Transport {
 public:
  Wire(State& net, std::size_t self) : net_(net), self_(self) {}
  ~Wire() override {
    std::lock_guard lock(net_.mutex);
    net_.leave(self_, "", false);
    net_.places[self_].does = State::Does::Gone;
    net_.pass_time();
  }
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    std::lock_guard lock(net_.mutex);
    if (!net_.places[self_].left) net_.put(self_, index(to), head, body);
    if (net_.pipe(index(to), self_).end) net_.fail(index(to), self_);
  }
  FrameHead receive_head(PartyId from) override {
    std::unique_lock lock(net_.mutex);
    for (Pipe& p = net_.pipe(index(from), self_);;) {
      net_.take(index(from), self_);
      if (!p.frames.empty()) return p.frames.front().head;
      if (p.end) net_.fail(index(from), self_);
      net_.check_parties(self_);
      net_.wait(lock, self_);
    }
  }
  void receive_body(PartyId from, ByteSpan body) override {
    std::lock_guard lock(net_.mutex);
    auto& frames = net_.pipe(index(from), self_).frames;
    ensure(!frames.empty() && frames.front().body.size() == body.size(), "receive_body follows receive_head");
    std::copy(frames.front().body.begin(), frames.front().body.end(), body.begin());
    frames.pop_front();
  }
  void goodbye(std::string_view reason) noexcept override {
    std::lock_guard lock(net_.mutex);
    net_.leave(self_, reason, false);
  }

 private:
  State& net_;
  std::size_t self_;
};

VirtualNet::VirtualNet(std::vector<std::string> names, std::size_t parties, Liveness::Duration patience)
    : state_(std::make_unique<State>(std::move(names), parties, patience)) {}
VirtualNet::~VirtualNet() = default;

std::unique_ptr<Transport> VirtualNet::endpoint(PartyId self) {
  return std::make_unique<Wire>(*state_, index(self));
}

void VirtualNet::harm(PartyId from, PartyId to, WireFault how) {
  std::lock_guard lock(state_->mutex);
  Pipe &there = state_->pipe(index(from), index(to)), &back = state_->pipe(index(to), index(from));
  state_->fault_at = state_->now;
  if (how == WireFault::Cut) there.cut = back.cut = true;
  if (how == WireFault::Delay) there.held_until = back.held_until = state_->now + state_->patience / 2;
  there.fault = how;
}

void VirtualNet::kill(PartyId self) {
  std::lock_guard lock(state_->mutex);
  state_->fault_at = state_->now;
  state_->leave(index(self), "", true);
}

void VirtualNet::stop(PartyId self) {
  std::unique_lock lock(state_->mutex);
  State::Place& place = state_->places[index(self)];
  state_->fault_at = state_->now;
  place.does = State::Does::Stopped;
  state_->pass_time();
  place.woken.wait(lock, [&] { return place.does == State::Does::Runs; });
}

void VirtualNet::note_fault() {
  std::lock_guard lock(state_->mutex);
  if (!state_->fault_at) state_->fault_at = state_->now;
}

Liveness::Duration VirtualNet::since_fault(PartyId who) const {
  std::lock_guard lock(state_->mutex);
  const auto& left = state_->places[index(who)].left_at;
  ensure(left && state_->fault_at, "a fault, and an endpoint that has left");
  return *left - *state_->fault_at;
}

bool VirtualNet::hung() const {
  std::lock_guard lock(state_->mutex);
  return state_->hung;
}

}  // namespace tacit::testing
