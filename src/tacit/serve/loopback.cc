#include "tacit/serve/loopback.h"

#include <algorithm>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/transports/tls.h"
#include "tacit/party/handshake.h"
#include "tacit/party/party.h"

namespace tacit {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kRounds = 150, kLarge = std::size_t{1} << 20, kLargeRounds = 4;

/// One round in which each sends so much to each other one.
void trade(Party& party, std::size_t bytes) {
  const Bytes own(bytes);
  std::vector<Bytes> told(party.count(), Bytes(bytes));
  const std::vector<ByteView> to(party.count(), ByteView(own));
  const std::vector<ByteSpan> from(told.begin(), told.end());
  party.trade("loopback", to, from);
}

double seconds_a_round(Party& party, std::size_t rounds, std::size_t bytes) {
  std::vector<double> all;
  for (std::size_t i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    trade(party, bytes);
    all.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(rounds / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

}  // namespace

LinkShape measure_loopback(std::size_t servers) {
  std::vector<Identity> identities;
  std::vector<FileDescriptor> listeners;
  std::vector<Endpoint> roster;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < servers; ++i) names.push_back(fmt::format("server-{}", i));
  for (const std::string& name : names) {
    identities.push_back(Identity::generate());
    listeners.push_back(listen_on({"127.0.0.1", 0}));
    roster.push_back({name, {"127.0.0.1", local_port(listeners.back())}, identities.back().public_key()});
  }
  LinkShape out;
  std::vector<std::exception_ptr> errors(servers);
  std::vector<std::thread> ends;
  for (std::size_t self = 0; self < servers; ++self)
    ends.emplace_back([&, self] {
      try {
        TlsSettings settings;
        settings.roster = roster;
        settings.parties = roster.size();
        settings.self = party_id(self);
        settings.listener = std::move(listeners[self]);
        const auto wire = TlsTransport::connect(std::move(settings), identities[self]);
        const SessionStart start = shake_hands(party_id(self), names, *wire, {});
        Workers workers(1);
        Party party(party_id(self), names, *wire, start.keys, Compute{ring_kernels(detect_isa()), workers});
        const double small = seconds_a_round(party, kRounds, 64);
        const double large = seconds_a_round(party, kLargeRounds, kLarge);
        if (self == 0) out = {small, static_cast<double>((servers - 1) * kLarge) / large};
        trade(party, 0);
        wire->goodbye("");
      } catch (const std::exception&) { errors[self] = std::current_exception(); }
    });
  for (std::thread& t : ends) t.join();
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
  return out;
}

}  // namespace tacit
