#include "tacit/net/transports/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/transports/doorbell.h"
#include "tacit/net/transports/tls_transfer.h"

namespace tacit {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBacklogBound = std::size_t{64} << 20;
constexpr auto kHandshakeLimit = 5s;
constexpr auto kClosingLimit = 400ms;

class TlsTransportImpl final : public TlsTransport {
 public:
  TlsTransportImpl(TlsSettings settings, const Identity& identity)
      : settings_(std::move(settings)),
        context_(identity),
        links_(settings_.roster.size()),
        arrived_(links_.size()),
        limits_(links_.size()) {
    for (const Endpoint& e : settings_.roster) names_.push_back(e.name);
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
    acceptor_bell_.ring();
    if (watch_.joinable()) watch_.join();
    if (acceptor_.joinable()) acceptor_.join();
  }

  void start() {
    watch_ = std::thread([this] { watch(); });
    if (settings_.listener) acceptor_ = std::thread([this] { accept_all(); });
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
    l->write(head, body);
    if (const std::size_t kept = l->backlog(); kept > 0) {
      bell_.ring();
      while (l->backlog() > kBacklogBound && !l->ended()) {
        wait_on(*l, POLLOUT);
        check_limit(to);
      }
    }
    if (l->ended()) fail(*l);
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
        [this](std::span<const LinkWant> wants) { wait_on(wants); });
  }

  void goodbye(std::string_view reason) noexcept override {
    const auto deadline = Clock::now() + kClosingLimit;
    {
      std::lock_guard lock(mutex_);
      if (!farewell_) farewell_ = reason;
    }
    const auto open = open_links();
    for (const auto& l : open) l->part(reason, deadline);
    for (const auto& l : open) l->linger(deadline);
  }

  // ---- TlsTransport
  void wait_for(PartyId owner, std::chrono::milliseconds limit) override { wait(owner, limit, false); }
  void wait_for_next(PartyId owner, std::chrono::milliseconds limit) override { wait(owner, limit, true); }
  std::optional<PartyId> any_owner(std::chrono::milliseconds time) override {
    const auto deadline = Clock::now() + time;
    for (;;) {
      check_parties();
      std::unique_lock lock(mutex_);
      std::vector<pollfd> polls;
      std::vector<std::shared_ptr<TlsLink>> silent;
      for (std::size_t i = settings_.parties; i < arrived_.size(); ++i) {
        if (!arrived_[i] || arrived_[i]->ended()) continue;
        if (arrived_[i]->has_frame()) return party_id(i);
        polls.push_back({arrived_[i]->socket(), POLLIN, 0});
        silent.push_back(arrived_[i]);
      }
      const auto left = deadline - Clock::now();
      if (left <= Clock::duration::zero()) return std::nullopt;
      if (silent.empty()) {
        changed_.wait_for(lock, std::min<Clock::duration>(left, tick()));
        continue;
      }
      lock.unlock();
      // Not for long: somebody else may connect meanwhile.
      ::poll(polls.data(), polls.size(), 20);
      for (const auto& l : silent) l->attend(Clock::now());
    }
  }
  std::optional<PartyId> next_of(std::span<const PartyId> speaking, std::span<const PartyId> due,
                                 std::chrono::milliseconds time) override {
    for (const auto deadline = Clock::now() + time;;) {
      check_parties();
      for (const PartyId id : due)
        if (turn_to(index(id), true)) return id;
      std::vector<pollfd> polls;
      std::vector<std::shared_ptr<TlsLink>> silent;
      for (const PartyId id : speaking) {
        silent.push_back(link(id));
        if (silent.back()->ready()) return id;
        polls.push_back({silent.back()->socket(), POLLIN, 0});
      }
      const auto left = deadline - Clock::now();
      if (left <= Clock::duration::zero()) return std::nullopt;
      if (silent.empty()) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::min<Clock::duration>(left, tick()));
        continue;
      }
      // Not for long: somebody else may connect meanwhile.
      ::poll(polls.data(), polls.size(), 20);
      for (const auto& l : silent) l->attend(Clock::now());
    }
  }
  void reconnect(std::chrono::milliseconds limit) override {
    {
      std::lock_guard lock(mutex_);
      // Without a goodbye: the parties see a connection that broke, as we have.
      for (std::size_t i = 0; i < settings_.parties; ++i) links_[i].reset();
    }
    dial_all(Clock::now() + limit);
  }
  void limit(PartyId peer, std::chrono::milliseconds time) override {
    limits_[index(peer)].reset();
    if (time.count() > 0) limits_[index(peer)] = Limit{Clock::now() + time, time};
  }
  void drop(PartyId owner, std::string_view reason) override {
    if (const auto l = current(index(owner))) part_from(*l, reason);
  }
  bool connected(PartyId peer) const override {
    std::lock_guard lock(mutex_);
    for (const auto* list : {&links_, &arrived_})
      if (const auto& l = (*list)[index(peer)]; l && !l->ended()) return true;
    return false;
  }

 private:
  struct Limit {
    Clock::time_point until;
    std::chrono::milliseconds time;
  };

  bool is_party(PartyId id) const { return index(id) < settings_.parties; }
  const std::string& name(std::size_t i) const { return settings_.roster[i].name; }

  std::shared_ptr<TlsLink> current(std::size_t i) const {
    std::lock_guard lock(mutex_);
    return links_[i];
  }
  std::shared_ptr<TlsLink> link(PartyId id) const {
    auto l = current(index(id));
    if (!l) throw PeerError(name(index(id)), fmt::format("{} is not connected", name(index(id))));
    return l;
  }

  std::vector<std::shared_ptr<TlsLink>> open_links() const {
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<TlsLink>> open;
    for (const auto* list : {&links_, &arrived_})
      for (const auto& l : *list)
        if (l && !l->ended()) open.push_back(l);
    return open;
  }
  static void part_from(TlsLink& l, std::string_view reason) {
    const auto deadline = Clock::now() + kClosingLimit;
    l.part(reason, deadline);
    l.linger(deadline);
  }
  void check_limit(PartyId id) const {
    const auto& l = limits_[index(id)];
    if (l && Clock::now() > l->until)
      throw PeerError(name(index(id)), fmt::format("{} took longer than {:.1f} s", name(index(id)),
                                                   std::chrono::duration<double>(l->time).count()));
  }

  /// The link's end as an error. If another party failed, or reported the first cause, that is what to tell.
  [[noreturn]] void fail(const TlsLink& l) const {
    check_parties();
    throw error_of(l);
  }
  PeerError error_of(const TlsLink& l) const {
    const std::string reason = l.ended().value_or("");
    if (l.told()) return gave_up(names_, l.peer(), reason);
    PeerError error(l.peer(), reason.empty() ? fmt::format("{} has left", l.peer())
                                             : fmt::format("{} {}", l.peer(), reason));
    error.cut = l.cut();
    return error;
  }
  /// Throws for a party whose link failed, own observations before other parties' reports.
  void check_parties() const {
    std::optional<PeerError> told;
    for (std::size_t i = 0; i < settings_.parties; ++i) {
      const auto l = current(i);
      if (!l || !l->failed()) continue;
      if (!l->told()) throw error_of(*l);
      if (!told) told = error_of(*l);
    }
    if (told) throw *told;
    std::lock_guard lock(mutex_);
    if (refused_) throw *refused_;
  }

  /// The same, after a look at what has come meanwhile: one who is gone may have left because of another.
  void look_at_parties() {
    for (std::size_t i = 0; i < settings_.parties; ++i)
      if (const auto l = current(i)) l->attend(Clock::now());
    check_parties();
  }

  /// Waits until one of the links may be ready for what is wanted of it, writing backlogs meanwhile, and
  /// watching the other parties.
  void wait_on(std::span<const LinkWant> wants) {
    std::vector<pollfd> polls;
    std::vector<std::shared_ptr<TlsLink>> links;
    for (std::size_t i = 0; i < links_.size(); ++i) {
      auto l = current(i);
      if (!l || l->ended()) continue;
      short events =
          static_cast<short>((l->backlog() > 0 ? POLLOUT : 0) | (i < settings_.parties ? POLLRDHUP : 0));
      for (const LinkWant& w : wants)
        if (w.link == l.get()) events = static_cast<short>(events | w.events);
      if (events == 0) continue;
      polls.push_back({l->socket(), events, 0});
      links.push_back(std::move(l));
    }
    ::poll(polls.data(), polls.size(), static_cast<int>(tick().count()));
    for (std::size_t i = 0; i < polls.size(); ++i) {
      if ((polls[i].revents & POLLOUT) != 0 && links[i]->backlog() > 0) links[i]->flush();
      if ((polls[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) links[i]->attend(Clock::now());
    }
    check_parties();
  }
  void wait_on(const TlsLink& l, short events) {
    const LinkWant want{&l, events};
    wait_on({&want, 1});
  }

  std::chrono::milliseconds tick() const {
    return std::max<std::chrono::milliseconds>(settings_.patience / 20, 5ms);
  }

  // ---- the watch thread

  void watch() {
    while (!stop_) {
      std::vector<pollfd> polls{{bell_.fd(), POLLIN, 0}};
      const auto open = open_links();
      for (const auto& l : open)
        if (l->backlog() > 0) polls.push_back({l->socket(), POLLOUT, 0});
      ::poll(polls.data(), polls.size(), static_cast<int>(tick().count()));
      if ((polls[0].revents & POLLIN) != 0) bell_.answer();
      for (const auto& l : open) l->attend(Clock::now());
    }
  }

  // ---- connecting
  void install(std::size_t i, FileDescriptor socket, SslHandle ssl) {
    auto l = std::make_shared<TlsLink>(std::move(socket), std::move(ssl), name(i), settings_.patience);
    auto old = l;
    std::optional<std::string> farewell;
    {
      std::lock_guard lock(mutex_);
      // An owner may come again while its last connection is still spoken to.
      old = std::exchange((is_party(party_id(i)) ? links_ : arrived_)[i], l);
      farewell = farewell_;
    }
    changed_.notify_all();
    if (old && !old->ended()) part_from(*old, "you have connected once more");
    // Whoever comes after we have left hears why.
    if (farewell) part_from(*l, *farewell);
  }

  /// Turns to an owner's latest connection. Whether there is one, or, unless `next`, an earlier one stands.
  bool turn_to(std::size_t i, bool next) {
    std::shared_ptr<TlsLink> old;
    bool connected = false;
    {
      std::lock_guard lock(mutex_);
      connected = arrived_[i] && !arrived_[i]->ended();
      if (connected) old = std::exchange(links_[i], std::move(arrived_[i]));
      connected |= !next && links_[i] && !links_[i]->ended();
    }
    if (old && !old->ended()) part_from(*old, "you have connected once more");
    return connected;
  }

  bool shake_hands(ssl_st* ssl, int fd, std::string& why) const {
    const auto limit = stop_ ? kClosingLimit : std::min<Clock::duration>(kHandshakeLimit, settings_.patience);
    return finish_handshake(ssl, fd, Clock::now() + limit, why);
  }

  /// Dials the parties that wait for us, all in turn until each has answered: whoever gives up while another
  /// is late tells us why.
  void dial_all(Clock::time_point deadline) {
    std::vector<std::size_t> due(is_party(settings_.self) ? index(settings_.self) : settings_.parties);
    std::iota(due.begin(), due.end(), std::size_t{0});
    for (bool told = false;; told = true) {
      std::erase_if(due, [&](std::size_t i) { return dial(i); });
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
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, 100ms);
    }
  }

  /// Whether the party answers. Throws if somebody else does.
  bool dial(std::size_t i) {
    const Endpoint& peer = settings_.roster[i];
    FileDescriptor fd = try_dial(peer.address, 1000ms);
    if (!fd) return false;
    SslHandle ssl = context_.client(fd.get(), name(index(settings_.self)));
    std::string why;
    if (!shake_hands(ssl.get(), fd.get(), why)) {
      look_at_parties();
      throw PeerError(peer.name, fmt::format("the TLS handshake with {} at {} failed: {}", peer.name,
                                             to_string(peer.address), why));
    }
    const auto key = peer_key(ssl.get());
    if (!key || *key != peer.key)
      throw PeerError(peer.name,
                      fmt::format("the program at {} shows the key {}, but the job names {} for {}",
                                  to_string(peer.address), key ? to_string(*key) : "(none)",
                                  to_string(peer.key), peer.name));
    install(i, std::move(fd), std::move(ssl));
    return true;
  }

  void wait(PartyId owner, std::chrono::milliseconds limit, bool next) {
    limits_[index(owner)].reset();
    await(index(owner), Clock::now() + limit, next);
  }
  void await(std::size_t i, Clock::time_point deadline, bool next = false) {
    bool told = false;
    for (;;) {
      check_parties();
      if (turn_to(i, next)) return;
      std::unique_lock lock(mutex_);
      if (Clock::now() >= deadline)
        throw PeerError(name(i), fmt::format("{} has not connected in time: is it started?", name(i)));
      if (!told && settings_.progress) {
        lock.unlock();
        settings_.progress(fmt::format("waiting for {} to connect", name(i)));
        lock.lock();
        told = true;
      }
      changed_.wait_for(lock, std::min<Clock::duration>(tick(), deadline - Clock::now()));
    }
  }

  void accept_all() {
    while (!stop_) {
      pollfd p[] = {{settings_.listener.get(), POLLIN, 0}, {acceptor_bell_.fd(), POLLIN, 0}};
      if (::poll(p, 2, -1) > 0 && (p[0].revents & POLLIN) != 0) accept_one();
    }
    // Who has dialled by now hears why we leave. A connection that just breaks would make us the culprit.
    const auto deadline = Clock::now() + kClosingLimit;
    pollfd p{settings_.listener.get(), POLLIN, 0};
    while (Clock::now() < deadline && ::poll(&p, 1, 0) > 0) accept_one();
  }

  void accept_one() {
    FileDescriptor fd(::accept4(settings_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    prepare_stream(fd);
    SslHandle ssl = context_.server(fd.get());
    std::string why;
    if (!shake_hands(ssl.get(), fd.get(), why)) return;  // no peer of ours: a port scanner, say
    admit(std::move(fd), std::move(ssl));
  }

  void admit(FileDescriptor fd, SslHandle ssl) {
    const auto key = peer_key(ssl.get());
    const std::string claim = claimed_name(ssl.get());
    for (std::size_t i = 0; i < settings_.roster.size(); ++i) {
      if (!key || settings_.roster[i].key != *key || i == index(settings_.self)) continue;
      const auto old = current(i);
      // A party never comes twice in a session; an owner may.
      if (old && !old->ended() && is_party(party_id(i))) return;
      return install(i, std::move(fd), std::move(ssl));
    }
    if (settings_.stranger) settings_.stranger(claim, key);
    // Someone who claims a party's name without its key is worth stopping for while that party is due.
    for (std::size_t i = 0; i < settings_.parties; ++i)
      if (name(i) == claim && !current(i)) {
        std::lock_guard lock(mutex_);
        refused_ = PeerError(
            claim, fmt::format("a program that calls itself {} shows the key {}, but the job names {}", claim,
                               key ? to_string(*key) : "(none)", to_string(settings_.roster[i].key)));
      }
    TlsLink stranger(std::move(fd), std::move(ssl), claim, settings_.patience);
    part_from(stranger, "your key is not in this party's job file");
    changed_.notify_all();
  }

  TlsSettings settings_;
  std::vector<std::string> names_;
  TlsContext context_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<TlsLink>> links_;    ///< those spoken to
  std::vector<std::shared_ptr<TlsLink>> arrived_;  ///< of owners: connections to turn to next
  std::vector<std::optional<Limit>> limits_;
  std::optional<PeerError> refused_;
  std::optional<std::string> farewell_;  ///< set when we have left
  std::atomic<bool> stop_{false};
  Doorbell bell_, acceptor_bell_;
  std::thread watch_, acceptor_;
};

}  // namespace

std::unique_ptr<TlsTransport> TlsTransport::connect(TlsSettings settings, const Identity& identity) {
  auto transport = std::make_unique<TlsTransportImpl>(std::move(settings), identity);
  transport->start();
  return transport;
}

}  // namespace tacit
