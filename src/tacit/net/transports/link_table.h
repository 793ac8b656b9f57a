// The links of one endpoint, by PartyId, as its user, its watch thread (tls.cc) and its door (tls_door.h)
// share them.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "tacit/base/error.h"
#include "tacit/net/transports/doorbell.h"
#include "tacit/net/transports/tls.h"
#include "tacit/net/transports/tls_link.h"

namespace tacit {

/// How long a farewell may take.
constexpr std::chrono::milliseconds kClosingLimit{400};

/// Says goodbye and waits, for the closing limit at most, until the other end has heard it.
void part_from(TlsLink& link, std::string_view reason);

class LinkTable {
 public:
  using Clock = std::chrono::steady_clock;

  /// `settings` must live as long.
  explicit LinkTable(const TlsSettings& settings);

  std::size_t parties() const { return settings_.parties; }
  bool is_party(std::size_t i) const { return i < settings_.parties; }
  std::size_t self() const { return index(settings_.self); }
  std::size_t size() const;
  const Endpoint& endpoint(std::size_t i) const;
  const std::string& name(std::size_t i) const { return endpoint(i).name; }
  /// Of the roster as it was at first.
  const std::vector<std::string>& names() const { return names_; }
  /// Who has this key; not ourselves.
  std::optional<std::size_t> holder(const PublicKey& key) const;
  /// One owner more, behind all others: its place.
  std::size_t add(Endpoint owner);

  /// The link that is spoken to; may be null.
  std::shared_ptr<TlsLink> current(std::size_t i) const;
  /// Of an owner: a connection to turn to next; may be null.
  std::shared_ptr<TlsLink> arrived(std::size_t i) const;
  /// All of both that have not ended.
  std::vector<std::shared_ptr<TlsLink>> open() const;

  /// A new link with `i`, on a connection whose hellos are said, or, unless we `dialled`, still to be
  /// answered.
  void install(std::size_t i, std::shared_ptr<TlsStream> stream, const LinkHello& hello, bool dialled);
  /// Turns to an owner's latest connection. Whether there is one, or, unless `next`, an earlier one stands.
  bool turn_to(std::size_t i, bool next);
  /// An owner's latest connection, which nobody turned to.
  void forget_arrived(std::size_t i);
  /// Leaves the links to all parties as they are.
  void forget_parties();

  /// Somebody showed that he is not who a party ought to be: what to tell of it.
  void refuse(PeerError error);
  std::optional<PeerError> refused() const;
  /// With what reason we have left, if so; the first counts.
  void leave(std::string_view reason);
  std::optional<std::string> farewell() const;

  /// Where parties were found, for dialling them again.
  void found(std::size_t i, std::optional<SocketAddress> address);
  std::optional<SocketAddress> address(std::size_t i) const;

  /// Something has changed that the user may wait for.
  void tell();
  /// Waits until then, for `time` at most.
  void wait(Clock::duration time);
  /// Of the user, while it polls.
  Doorbell& news() { return news_; }
  /// Of the door: a link is lost.
  Doorbell& door() { return door_; }

 private:
  const TlsSettings& settings_;
  std::vector<std::string> names_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Endpoint> endpoints_;  ///< each stays where it is when others come
  std::vector<std::shared_ptr<TlsLink>> links_, arrived_;
  std::vector<std::optional<SocketAddress>> addresses_;
  std::optional<PeerError> refused_;
  std::optional<std::string> farewell_;
  Doorbell news_, door_;
};

}  // namespace tacit
