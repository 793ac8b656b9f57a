#include "tacit/party/testing/session.h"

#include <exception>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/transports/memory.h"
#include "tacit/party/handshake.h"

namespace tacit::testing {

SessionKeys fixed_keys(PartyId self, std::size_t n, std::size_t era) {
  auto key = [era](std::size_t a, std::size_t b) {
    SecretBytes k(32);
    k.bytes()[0] = static_cast<std::byte>(a + 1);
    k.bytes()[1] = static_cast<std::byte>(b + 1);
    k.bytes()[2] = static_cast<std::byte>(era);
    return k;
  };
  const std::size_t me = index(self);
  SessionKeys keys{key(me, 100), key(100, 100), {}};
  for (std::size_t i = 0; i < n; ++i) keys.pair.push_back(key(std::min(me, i), std::max(me, i)));
  return keys;
}

std::vector<Cost> run_parties(std::size_t parties, const std::function<void(Party&)>& body, CoinsKind coins,
                              Isa isa, const WrapParty& wrap, const WatchCoins& watch) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < parties; ++i) names.push_back("party" + std::to_string(i));
  auto wires = memory_transports(names, std::chrono::minutes(2));
  std::vector<Cost> costs(parties);
  std::vector<std::exception_ptr> errors(parties);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < parties; ++i)
    threads.emplace_back([&, i] {
      try {
        Workers workers(1);
        const auto wrapped = wrap ? wrap(party_id(i), *wires[i]) : nullptr;
        Transport& wire = wrapped ? *wrapped : *wires[i];
        const SessionKeys keys = coins == CoinsKind::Fixed
                                     ? fixed_keys(party_id(i), parties)
                                     : shake_hands(party_id(i), names, wire, SessionTerms{}).keys;
        Party party(party_id(i), names, wire, keys, Compute{ring_kernels(isa), workers});
        if (watch) party.coins() = Coins(keys, isa, watch(party_id(i)));
        body(party);
        costs[i] = party.meter().total();
      } catch (const std::exception& e) {
        errors[i] = std::current_exception();
        wires[i]->goodbye(e.what());
      }
    });
  for (auto& t : threads) t.join();
  // A party that failed by itself tells more than those that noticed.
  for (const auto& e : errors) {
    try {
      if (e) std::rethrow_exception(e);
    } catch (const PeerError&) {}
  }
  for (const auto& e : errors)
    if (e) std::rethrow_exception(e);
  return costs;
}

}  // namespace tacit::testing
