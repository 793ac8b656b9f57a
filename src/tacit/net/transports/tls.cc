#include "tacit/net/transports/tls.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/transports/doorbell.h"
#include "tacit/net/transports/tls_door.h"
#include "tacit/net/transports/tls_transfer.h"

namespace tacit {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBacklogBound = std::size_t{64} << 20;

class TlsTransportImpl final : public TlsTransport {
 public:
  TlsTransportImpl(TlsSettings settings, const Identity& identity)
      : settings_(std::move(settings)),
        context_(identity),
        links_(settings_),
        told_mended_(links_.parties()) {
    const Endpoint& own = settings_.roster[index(settings_.self)];
    require(identity.public_key() == own.key,
            "the key file holds {}, but the job names {} for '{}': use that party's own key file",
            to_string(identity.public_key()), to_string(own.key), own.name);
    if (is_party(settings_.self) && !settings_.listener) settings_.listener = listen_on(own.address);
  }

  ~TlsTransportImpl() override {
    goodbye("");
    stop_ = true;
    bell_.ring();
    if (watch_.joinable()) watch_.join();
    door_.reset();
  }

  void start() {
    for (std::size_t i = index(settings_.self) + 1; i < links_.parties(); ++i)
      links_.found(i, only_address(settings_.roster[i].address));
    watch_ = std::thread([this] { watch(); });
    if (settings_.listener)
      door_.emplace(std::move(settings_.listener), settings_, context_, links_, [this] { bell_.ring(); });
    try {
      meet();
    } catch (const std::exception& e) {
      goodbye(e.what());
      throw;
    }
  }

  void meet() {
    const auto deadline = Clock::now() + settings_.connect_patience;
    dial_all(deadline);
    if (is_party(settings_.self))
      for (std::size_t i = index(settings_.self) + 1; i < settings_.parties; ++i) await(i, deadline);
  }

  // ---- Transport
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    const auto l = link(to);
    // Who is told the last thing may have left in good order before we look again.
    if (!l->write(head, body)) fail(*l);
    if (l->backlog() == 0) return;
    bell_.ring();
    while (l->backlog() > kBacklogBound) {
      wait_on({});
      l->flush();
      if (l->ended()) fail(*l);
      check_limit(to);
    }
  }

  FrameHead receive_head(PartyId from) override {
    const auto l = link(from);
    for (;;) {
      if (auto head = l->poll_head()) return *head;
      if (l->ended()) fail(*l);
      check_limit(from);
      wait_on(*l, POLLIN);
    }
  }

  void receive_body(PartyId from, ByteSpan body) override {
    const auto l = link(from);
    std::size_t filled = 0;
    while (!l->poll_body(body, filled)) {
      if (l->ended()) fail(*l);
      check_limit(from);
      wait_on(*l, POLLIN);
    }
  }

  void transfer(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    tls_transfer(
        out, in, [this](PartyId id) { return link(id); }, [this](const TlsLink& l) { fail(l); },
        [&](std::span<const LinkWant> wants) {
          for (const Outgoing& o : out) check_limit(o.to);
          for (const Incoming& i : in) check_limit(i.from);
          wait_on(wants);
        });
  }

  void goodbye(std::string_view reason) noexcept override {
    const auto deadline = Clock::now() + kClosingLimit;
    links_.leave(reason);
    auto open = links_.open();
    // Those that are being mended may not come back in time.
    std::stable_partition(open.begin(), open.end(), [](const auto& l) { return l->stream() != nullptr; });
    for (const auto& l : open) l->part(reason, deadline);
    for (const auto& l : open) l->linger(deadline);
  }

  // ---- TlsTransport
  void wait_for(PartyId owner, std::chrono::milliseconds limit) override { wait(owner, limit, false); }
  void wait_for_next(PartyId owner, std::chrono::milliseconds limit) override { wait(owner, limit, true); }
  std::optional<PartyId> any_owner(std::chrono::milliseconds time, Gone gone) override {
    const auto deadline = Clock::now() + time;
    for (;;) {
      check_parties();
      std::vector<std::shared_ptr<TlsLink>> silent;
      for (std::size_t i = settings_.parties; i < links_.size(); ++i) {
        const auto l = links_.arrived(i);
        if (!l) continue;
        if (l->ended()) {
          if (gone == Gone::Unsaid || (gone == Gone::IfItSpoke && !l->has_frame())) continue;
          links_.forget_arrived(i);
          return party_id(i);
        }
        if (l->has_frame()) return party_id(i);
        silent.push_back(l);
      }
      if (!look_at(silent, deadline)) return std::nullopt;
    }
  }
  std::optional<PartyId> next_of(std::span<const PartyId> speaking, std::span<const PartyId> due,
                                 std::chrono::milliseconds time) override {
    for (const auto deadline = Clock::now() + time;;) {
      check_parties();
      for (const PartyId id : due)
        if (links_.turn_to(index(id), true)) return id;
      std::vector<std::shared_ptr<TlsLink>> silent;
      for (const PartyId id : speaking) {
        silent.push_back(link(id));
        if (silent.back()->ready()) return id;
      }
      if (!look_at(silent, deadline)) return std::nullopt;
    }
  }
  void reconnect(std::chrono::milliseconds limit) override {
    links_.forget_parties();  // without a goodbye: they see a connection that broke, as we have
    dial_all(Clock::now() + limit);
  }
  void limit(PartyId peer, std::chrono::milliseconds time) override {
    const std::lock_guard lock(limits_mutex_);
    limits_.erase(peer);
    if (time.count() > 0) limits_[peer] = {Clock::now() + time, time};
  }
  void drop(PartyId owner, std::string_view reason) override {
    if (const auto l = links_.current(index(owner))) part_from(*l, reason);
  }
  bool connected(PartyId peer) const override {
    for (const auto& l : {links_.current(index(peer)), links_.arrived(index(peer))})
      if (l && !l->ended()) return true;
    return false;
  }
  std::vector<PartyId> owners() const override {
    std::vector<PartyId> out;
    for (std::size_t i = links_.parties(); i < links_.size(); ++i) out.push_back(party_id(i));
    return out;
  }
  const Endpoint& endpoint(PartyId id) const override { return links_.endpoint(index(id)); }

  std::size_t mended(PartyId party) const override {
    const auto l = links_.current(index(party));
    return l ? l->mended() : 0;
  }

 private:
  struct Limit {
    Clock::time_point until;
    std::chrono::milliseconds time;
  };

  bool is_party(PartyId id) const { return links_.is_party(index(id)); }
  const std::string& name(std::size_t i) const { return links_.name(i); }

  std::shared_ptr<TlsLink> link(PartyId id) const {
    auto l = links_.current(index(id));
    if (!l) throw PeerError(name(index(id)), fmt::format("{} is not connected", name(index(id))));
    return l;
  }
  void check_limit(PartyId id) const {
    const std::lock_guard lock(limits_mutex_);
    const auto l = limits_.find(id);
    if (l != limits_.end() && Clock::now() > l->second.until)
      throw PeerError(name(index(id)), fmt::format("{} took longer than {:.1f} s", name(index(id)),
                                                   std::chrono::duration<double>(l->second.time).count()));
  }

  /// The link's end as an error. If another party failed, or reported the first cause, that is what to tell.
  [[noreturn]] void fail(const TlsLink& l) const {
    check_parties();
    throw error_of(l);
  }
  PeerError error_of(const TlsLink& l) const {
    const std::string reason = l.ended().value_or("");
    if (l.told()) return gave_up(links_.names(), l.peer(), reason);
    PeerError error(l.peer(), reason.empty() ? fmt::format("{} has left", l.peer())
                                             : fmt::format("{} {}", l.peer(), reason));
    error.cut = l.cut();
    return error;
  }
  /// Throws for a party whose link failed, own observations before other parties' reports.
  void check_parties() const {
    std::optional<PeerError> told;
    for (std::size_t i = 0; i < settings_.parties; ++i) {
      const auto l = links_.current(i);
      if (!l || !l->failed()) continue;
      if (!l->told()) throw error_of(*l);
      if (!told) told = error_of(*l);
    }
    if (told) throw *told;
    if (const auto refused = links_.refused()) throw *refused;
  }

  /// The same, after a look at what has come meanwhile: one who is gone may have left because of another.
  void look_at_parties() {
    for (std::size_t i = 0; i < settings_.parties; ++i)
      if (const auto l = links_.current(i)) l->attend(Clock::now());
    check_parties();
  }

  /// Waits a little, for one of these links or for somebody else to connect; false at the deadline.
  bool look_at(std::span<const std::shared_ptr<TlsLink>> silent, Clock::time_point deadline) {
    tell_mended();
    const auto left = deadline - Clock::now();
    if (left <= Clock::duration::zero()) return false;
    std::vector<std::shared_ptr<TlsStream>> open;
    std::vector<pollfd> polls;
    for (const auto& l : silent)
      if (auto stream = l->stream()) {
        polls.push_back({stream->fd(), POLLIN, 0});
        open.push_back(std::move(stream));
      }
    if (polls.empty())
      links_.wait(std::min<Clock::duration>(left, tick()));
    else
      ::poll(polls.data(), polls.size(), 20);
    for (const auto& l : silent) l->attend(Clock::now());
    return true;
  }

  /// Waits until one of the links may be ready for what is wanted of it, writing what there is to write
  /// meanwhile, and watching the other parties.
  void wait_on(std::span<const LinkWant> wants) {
    std::vector<pollfd> polls{{links_.news().fd(), POLLIN, 0}};
    std::vector<std::shared_ptr<TlsLink>> links{nullptr};
    std::vector<std::shared_ptr<TlsStream>> open;  // so that none is closed meanwhile
    for (std::size_t i = 0; i < links_.size(); ++i) {
      auto l = links_.current(i);
      auto stream = l && !l->ended() ? l->stream() : nullptr;
      if (!stream) continue;
      short events = static_cast<short>(l->wants() | (i < settings_.parties ? POLLRDHUP : 0));
      for (const LinkWant& w : wants)
        if (w.link == l.get()) events = static_cast<short>(events | w.events);
      if (events == 0) continue;
      polls.push_back({stream->fd(), events, 0});
      links.push_back(std::move(l));
      open.push_back(std::move(stream));
    }
    ::poll(polls.data(), polls.size(), static_cast<int>(tick().count()));
    if ((polls[0].revents & POLLIN) != 0) links_.news().answer();
    for (std::size_t i = 1; i < polls.size(); ++i) {
      TlsLink& l = *links[i];
      const short came = polls[i].revents;
      if ((came & POLLOUT) != 0 && l.backlog() > 0) l.flush();
      const bool acknowledged = (came & POLLIN) != 0 && l.wants() == POLLIN;
      if ((came & (POLLRDHUP | POLLHUP | POLLERR)) != 0 || acknowledged) l.attend(Clock::now());
    }
    tell_mended();
    check_parties();
  }
  void wait_on(const TlsLink& l, short events) {
    const LinkWant want{&l, events};
    wait_on({&want, 1});
  }

  void tell_mended() {
    for (std::size_t i = 0; i < told_mended_.size(); ++i) {
      const auto l = links_.current(i);
      if (!l || l->mended() == told_mended_[i]) continue;
      told_mended_[i] = l->mended();
      if (settings_.progress) settings_.progress(fmt::format("the link to {} was re-established", name(i)));
    }
  }

  std::chrono::milliseconds tick() const {
    return std::max<std::chrono::milliseconds>(settings_.patience / 20, 5ms);
  }

  // ---- the watch thread

  void watch() {
    while (!stop_) {
      std::vector<pollfd> polls{{bell_.fd(), POLLIN, 0}};
      std::vector<std::shared_ptr<TlsStream>> streams;
      const auto open = links_.open();
      for (const auto& l : open)
        if (l->backlog() > 0)
          if (auto stream = l->stream()) {
            polls.push_back({stream->fd(), l->wants(), 0});
            streams.push_back(std::move(stream));
          }
      ::poll(polls.data(), polls.size(), static_cast<int>(tick().count()));
      if ((polls[0].revents & POLLIN) != 0) bell_.answer();
      for (const auto& l : open) l->attend(Clock::now());
    }
  }

  // ---- connecting

  /// Dials the parties that wait for us, all in turn until each has answered: whoever gives up while another
  /// is late tells us why.
  void dial_all(Clock::time_point deadline) {
    std::vector<std::size_t> due(is_party(settings_.self) ? index(settings_.self) : settings_.parties);
    std::iota(due.begin(), due.end(), std::size_t{0});
    std::vector<std::optional<Clock::time_point>> given_up(due.size());
    for (bool told = false;; told = true) {
      std::erase_if(due, [&](std::size_t i) { return dial(i, given_up[i]); });
      if (due.empty()) return;
      check_parties();
      for (const std::size_t i : due)
        if (const Endpoint& peer = settings_.roster[i]; !told && settings_.progress)
          settings_.progress(fmt::format("waiting for {} at {}", peer.name, to_string(peer.address)));
      const Endpoint& first = settings_.roster[due.front()];
      if (Clock::now() >= deadline)
        throw PeerError(first.name, fmt::format("{} does not answer at {}: is it started, and does the job "
                                                "file give its address?",
                                                first.name, to_string(first.address)));
      links_.wait(100ms);
    }
  }

  /// Whether the party answers. Throws if somebody else does, or if a handshake was cut and none has come
  /// about until `given_up`, within the patience: whoever stands before a party may take connections that it
  /// does not take yet.
  bool dial(std::size_t i, std::optional<Clock::time_point>& given_up) {
    const Endpoint& peer = settings_.roster[i];
    FileDescriptor fd = try_dial(peer.address, 1000ms);
    if (!fd && given_up && Clock::now() >= *given_up)
      throw PeerError(peer.name,
                      fmt::format("{} at {} broke off the TLS handshake, and does not answer any more",
                                  peer.name, to_string(peer.address)));
    if (!fd) return false;
    links_.found(i, other_end(fd));
    SslHandle ssl = context_.client(fd.get(), name(index(settings_.self)));
    TlsMeeting meeting(std::move(fd), std::move(ssl), Clock::now() + handshake_limit(settings_));
    const auto failed = [&](std::string_view what) {
      look_at_parties();
      throw PeerError(peer.name, fmt::format("{} with {} at {} failed: {}", what, peer.name,
                                             to_string(peer.address), meeting.reason()));
    };
    if (meeting.wait() != TlsMeeting::State::Shaken) {
      if (!given_up) given_up = Clock::now() + settings_.patience;
      if (meeting.cut() && Clock::now() < *given_up) return false;
      failed("the TLS handshake");
    }
    const auto key = meeting.key();
    if (!key || *key != peer.key)
      throw PeerError(peer.name,
                      fmt::format("the program at {} shows the key {}, but the job names {} for {}",
                                  to_string(peer.address), key ? to_string(*key) : "(none)",
                                  to_string(peer.key), peer.name));
    LinkHello hello;
    hello.link = LinkHello::fresh_id();
    hello.lasting = is_party(settings_.self);
    meeting.say(hello);
    const auto state = meeting.wait();
    if (state == TlsMeeting::State::Farewell) {
      if (meeting.reason().empty()) throw PeerError(peer.name, fmt::format("{} has left", peer.name));
      throw gave_up(links_.names(), peer.name, meeting.reason());
    }
    if (state != TlsMeeting::State::Met) failed("the greeting");
    const LinkHello& answer = meeting.hello();
    if (answer.link != hello.link || answer.turn != 0)
      throw PeerError(peer.name, fmt::format("{} answered the greeting of another connection", peer.name));
    hello.lasting = hello.lasting && answer.lasting;
    links_.install(i, meeting.stream(), hello, true);
    return true;
  }

  void wait(PartyId owner, std::chrono::milliseconds limit, bool next) {
    this->limit(owner, std::chrono::milliseconds(0));
    await(index(owner), Clock::now() + limit, next);
  }
  void await(std::size_t i, Clock::time_point deadline, bool next = false) {
    bool told = false;
    for (;;) {
      check_parties();
      if (links_.turn_to(i, next)) return;
      if (Clock::now() >= deadline)
        throw PeerError(name(i), fmt::format("{} has not connected in time: is it started?", name(i)));
      if (!told && settings_.progress) settings_.progress(fmt::format("waiting for {} to connect", name(i)));
      told = true;
      links_.wait(std::min<Clock::duration>(tick(), deadline - Clock::now()));
    }
  }

  TlsSettings settings_;
  TlsContext context_;
  LinkTable links_;
  mutable std::mutex limits_mutex_;
  std::map<PartyId, Limit> limits_;
  std::vector<std::size_t> told_mended_;
  std::atomic<bool> stop_{false};
  Doorbell bell_;  ///< of the watch thread
  std::thread watch_;
  std::optional<TlsDoor> door_;
};

}  // namespace

std::unique_ptr<TlsTransport> TlsTransport::connect(TlsSettings settings, const Identity& identity) {
  auto transport = std::make_unique<TlsTransportImpl>(std::move(settings), identity);
  transport->start();
  return transport;
}

}  // namespace tacit
