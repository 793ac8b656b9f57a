#include "tacit/serve/loopback.h"

#include <algorithm>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/channel.h"
#include "tacit/net/transports/tls.h"

namespace tacit {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kTurns = 200, kPieces = 8, kPiece = std::size_t{1} << 20;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

LinkShape ask(Channel& peer) {
  Bytes small(64), large(kPiece);
  std::vector<double> turns;
  for (std::size_t i = 0; i < kTurns; ++i) {
    const auto start = Clock::now();
    peer.send("loopback.turn", small);
    peer.receive("loopback.turn", small);
    turns.push_back(seconds_since(start));
  }
  std::nth_element(turns.begin(), turns.begin() + kTurns / 2, turns.end());
  const auto start = Clock::now();
  for (std::size_t i = 0; i < kPieces; ++i) peer.send("loopback.piece", large);
  peer.receive("loopback.turn", small);
  return {turns[kTurns / 2] / 2, kPieces * kPiece / seconds_since(start)};
}
void reply(Channel& peer) {
  Bytes small(64), large(kPiece);
  for (std::size_t i = 0; i < kTurns; ++i) {
    peer.receive("loopback.turn", small);
    peer.send("loopback.turn", small);
  }
  for (std::size_t i = 0; i < kPieces; ++i) peer.receive("loopback.piece", large);
  peer.send("loopback.turn", small);
}

}  // namespace

LinkShape measure_loopback() {
  std::vector<Identity> identities;
  std::vector<FileDescriptor> listeners;
  std::vector<Endpoint> roster;
  for (const char* name : {"here", "there"}) {
    identities.push_back(Identity::generate());
    listeners.push_back(listen_on({"127.0.0.1", 0}));
    roster.push_back({name, {"127.0.0.1", local_port(listeners.back())}, identities.back().public_key()});
  }
  LinkShape out;
  std::vector<std::exception_ptr> errors(2);
  std::vector<std::thread> ends;
  for (std::size_t self = 0; self < 2; ++self)
    ends.emplace_back([&, self] {
      try {
        TlsSettings settings;
        settings.roster = roster;
        settings.parties = roster.size();
        settings.self = party_id(self);
        settings.listener = std::move(listeners[self]);
        const auto wire = TlsTransport::connect(std::move(settings), identities[self]);
        Meter meter;
        Channel peer(*wire, meter, party_id(1 - self), roster[1 - self].name);
        if (self == 0)
          out = ask(peer);
        else
          reply(peer);
        wire->goodbye("");
      } catch (const std::exception&) { errors[self] = std::current_exception(); }
    });
  for (std::thread& t : ends) t.join();
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
  return out;
}

}  // namespace tacit
