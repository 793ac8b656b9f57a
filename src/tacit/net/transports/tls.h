// The transport of every real run: each pair of endpoints joined by one TCP connection under mutually
// authenticated TLS 1.3. Parties listen; of two parties the later in the job's order dials; owners dial every
// party, whenever they come. A watch thread of each endpoint keeps heartbeats going whatever the computation
// does; a party's door (tls_door.h) replaces connections between parties that break, within the patience.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tacit/net/transport.h"
#include "tacit/net/transports/socket.h"
#include "tacit/net/transports/tls_context.h"

namespace tacit {

struct Endpoint {
  std::string name;
  Address address;  ///< of parties; unused for owners
  PublicKey key;
};

struct TlsSettings {
  std::vector<Endpoint> roster;  ///< parties, then owners: indexed by PartyId
  std::size_t parties = 0;
  PartyId self{};
  std::chrono::milliseconds patience{5000};           ///< silence after which a peer counts as gone
  std::chrono::milliseconds connect_patience{60000};  ///< for parties that have not started yet
  FileDescriptor listener;  ///< if given, used instead of listening on the own address
  std::function<void(const std::string&)> progress;  ///< told "waiting for beta at …"; may be empty
  /// Told, on another thread, of each who came with a key that nobody of the roster has, under whatever name
  /// it claims; may be empty.
  std::function<void(const std::string& claim, const std::optional<PublicKey>& key)> stranger;
  /// Asked first, on that thread, of a key that nobody of the roster has: which owner it is, if it may come
  /// by now. It stands behind all others in the roster from then on. Must not throw; may be empty.
  std::function<std::optional<Endpoint>(const PublicKey& key)> newcomer;
};

/// For a party that is alone, owners may be spoken to by several threads at a time, each with its own; one
/// more may wait for those who come (next_of, with nobody in `speaking`) and set limits of all.
class TlsTransport : public Transport {
 public:
  /// Connects to all parties. PeerError if one does not come in time, or shows a key that is not the job's.
  static std::unique_ptr<TlsTransport> connect(TlsSettings settings, const Identity& identity);

  /// Waits until an owner is connected, and speaks to it from then on: what it sends over a connection that
  /// comes later is left alone until the next call. PeerError at the limit, or when a party fails meanwhile.
  virtual void wait_for(PartyId owner, std::chrono::milliseconds limit) = 0;
  /// The same, but for a connection that has not been spoken to: an owner that came before comes again, and
  /// the end of its last connection may not have been noticed yet.
  virtual void wait_for_next(PartyId owner, std::chrono::milliseconds limit) = 0;
  /// Waits, without limit, until some owner has begun to speak on a new connection, and says who. (An owner
  /// speaks once it has reached all parties.) Whoever is gone again by then is told, once, as `gone` says,
  /// so that it makes no difference when it goes. PeerError when a party fails.
  enum class Gone {
    Unsaid,
    IfItSpoke,  ///< on its connection, before it went
    Told,
  };
  PartyId wait_for_any_owner(Gone gone = Gone::Unsaid) {
    for (;;)
      if (const auto owner = any_owner(std::chrono::hours(1), gone)) return *owner;
  }
  /// The same, for a time: whoever waits may have other work to do.
  virtual std::optional<PartyId> any_owner(std::chrono::milliseconds time, Gone gone = Gone::Unsaid) = 0;
  /// For a party that speaks with several owners: waits until one of `speaking` has sent a whole frame or its
  /// link has ended, or one of `due` has connected anew, and is spoken to from then on; says who, or nothing
  /// after `time`. Whoever of `speaking` stands first is served first. PeerError when a party fails.
  virtual std::optional<PartyId> next_of(std::span<const PartyId> speaking, std::span<const PartyId> due,
                                         std::chrono::milliseconds time) = 0;
  /// For an owner whose link to some party broke: leaves all links as they are and connects to all parties
  /// anew. PeerError, as of connect().
  virtual void reconnect(std::chrono::milliseconds limit) = 0;
  /// From now on a peer has so long for all that we wait for it; then its link is of no more use. 0: as long
  /// as it likes.
  virtual void limit(PartyId peer, std::chrono::milliseconds time) = 0;
  /// Says goodbye to one owner, whose next connection is a new beginning.
  virtual void drop(PartyId owner, std::string_view reason) = 0;
  virtual bool connected(PartyId peer) const = 0;
  /// Those of the roster, and who has come to it since.
  virtual std::vector<PartyId> owners() const = 0;
  virtual const Endpoint& endpoint(PartyId id) const = 0;
  /// How often the link to a party was re-established after a break.
  virtual std::size_t mended(PartyId party) const = 0;
};

}  // namespace tacit
