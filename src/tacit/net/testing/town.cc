#include "tacit/net/testing/town.h"

#include <random>
#include <thread>

namespace tacit::testing {

Town::Town(std::size_t n, std::size_t owners) : parties(n) {
  for (std::size_t i = 0; i < n + owners; ++i) {
    identities.push_back(Identity::generate());
    Endpoint e{"party" + std::to_string(i), {}, identities[i].public_key()};
    if (i < n) {
      listeners.push_back(listen_on({"127.0.0.1", 0}));
      e.address = {"127.0.0.1", local_port(listeners.back())};
    }
    roster.push_back(std::move(e));
  }
}

std::unique_ptr<TlsTransport> Town::join(std::size_t i, std::chrono::milliseconds patience,
                                         std::chrono::milliseconds connect) {
  TlsSettings s;
  s.roster = roster;
  for (const auto& [pair, proxy] : proxies)
    if (pair.first == i) s.roster[pair.second].address = proxy->address();
  s.parties = parties;
  s.self = party_id(i);
  s.patience = patience;
  s.connect_patience = connect;
  if (progress) s.progress = [this, i](const std::string& what) { progress(i, what); };
  s.newcomer = newcomer;
  if (i < parties) s.listener = std::move(listeners[i]);
  return TlsTransport::connect(std::move(s), identities[i]);
}

CuttingProxy& Town::between(std::size_t from, std::size_t to) {
  auto& proxy = proxies[{from, to}];
  if (!proxy) proxy = std::make_unique<CuttingProxy>(roster[to].address);
  return *proxy;
}

std::vector<std::string> run_each(std::size_t n, const std::function<void(std::size_t)>& body) {
  std::vector<std::string> errors(n);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < n; ++i)
    threads.emplace_back([&, i] {
      try {
        body(i);
      } catch (const std::exception& e) { errors[i] = e.what(); }
    });
  for (auto& t : threads) t.join();
  return errors;
}

Bytes pattern(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  Bytes out(size);
  for (auto& b : out) b = static_cast<std::byte>(rng());
  return out;
}

}  // namespace tacit::testing
