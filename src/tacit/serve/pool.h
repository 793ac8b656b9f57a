// One server's prepared queries: on its disk, sealed, or in memory alone; and one of them loaded, ready for
// who asks next. Each is used once: before anything that depends on it is sent, its number is on the disk and
// its key is destroyed.
#pragma once

#include <map>
#include <optional>

#include "tacit/party/party.h"
#include "tacit/serve/numbers.h"
#include "tacit/serve/sealed_items.h"
#include "tacit/split/seco/correlation_store.h"

namespace tacit {

struct PreparedQuery {
  std::uint64_t number = 0;
  seco::Correlation correlation;
};

/// Which queries all servers have prepared together, and what numbers are free.
struct AgreedQueries {
  std::vector<std::uint64_t> ready;  ///< ascending, above every number that any server has used
  std::uint64_t used = 0;            ///< the highest number that any server has used
  std::uint64_t next = 1;            ///< above all numbers that any server has used or prepared
};

class Pool {
 public:
  /// `store`: none for a pool in memory alone.
  Pool(const seco::Network& network, const seco::Circuits& circuits, PartyId self,
       std::optional<SealedItems> store);

  /// How many there are, the loaded one included.
  std::size_t depth() const { return ready_.size(); }
  /// The lowest number. There is one.
  std::uint64_t front() const { return ready_.begin()->first; }
  /// Age of the oldest, in seconds; 0 if there is none.
  double oldest_seconds() const;
  std::uint64_t bytes_on_disk() const;

  /// Agrees with all servers what is ready, by number and session, given the last number that was used here.
  /// A server that has forgotten queries, as one that was restored from a backup has, learns of them from the
  /// others. One round. PeerError for a list that is none.
  AgreedQueries agree(Party& party, std::uint64_t last) const;
  /// Destroys all others than these, and what else lies in the folder. How many there were.
  std::size_t keep(std::span<const std::uint64_t> ready);

  /// Takes over what was prepared in `session` under a number above all others. IoError.
  void put(std::uint64_t number, const Digest& session, seco::Correlation correlation);
  /// Reads the lowest. Empty, or one sentence why it cannot be used: then it is to be discarded everywhere.
  std::string load();
  bool loaded() const { return loaded_.has_value(); }
  /// Destroys the lowest, loaded or not.
  void discard();
  /// Gives out the loaded one. When this returns its number is used and its key destroyed, both for good.
  /// UsageError if the number was used already, IoError: then it is not given out, nor ever again.
  PreparedQuery use(QueryNumbers& numbers);

 private:
  struct Entry {
    Digest session{};
    std::int64_t made = 0;
    std::optional<seco::Correlation> here;  ///< where there is no store
  };
  void remove(std::uint64_t number);

  const seco::Network& network_;
  const seco::Circuits& circuits_;
  PartyId self_;
  std::optional<SealedItems> store_;
  std::map<std::uint64_t, Entry> ready_;
  std::optional<PreparedQuery> loaded_;
};

/// To whom the items in a server's folder belong: one server, of one deployment, with one cut of a model.
Digest pool_owner(const Digest& deployment, const Digest& cut, std::string_view server);

}  // namespace tacit
