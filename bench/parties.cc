#include "parties.h"

#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/net/transports/tls.h"
#include "tacit/party/handshake.h"

namespace tacit::bench {

using nlohmann::json;

namespace {

json run_party(std::size_t self, const std::vector<Endpoint>& roster, const Identity& identity,
               FileDescriptor listener, const Context& context, unsigned threads,
               const std::function<json(Party&)>& body) {
  TlsSettings settings;
  settings.roster = roster;
  settings.parties = roster.size();
  settings.self = party_id(self);
  settings.listener = std::move(listener);
  const auto tls = TlsTransport::connect(std::move(settings), identity);
  const auto slow = context.link ? shaped(*tls, *context.link) : nullptr;
  Transport& wire = slow ? *slow : static_cast<Transport&>(*tls);
  std::vector<std::string> names;
  for (const Endpoint& e : roster) names.push_back(e.name);
  const SessionStart start = shake_hands(party_id(self), names, wire, {});
  Workers workers(threads);
  Party party(party_id(self), names, wire, start.keys, Compute{ring_kernels(detect_isa()), workers});
  json result = body(party);
  synchronize(party);
  return result;
}

}  // namespace

void synchronize(Party& party) {
  for (int i = 0; i < 2; ++i) party.tell_all("bench.sync", {});
}

std::vector<json> in_processes(std::size_t count, const std::function<json(std::size_t)>& body) {
  std::vector<FileDescriptor> results;
  std::vector<pid_t> children;
  for (std::size_t i = 0; i < count; ++i) {
    int ends[2];
    if (::pipe(ends) != 0) throw IoError("cannot make a pipe");
    const pid_t pid = ::fork();
    if (pid < 0) throw IoError("cannot start a process");
    if (pid == 0) {
      std::string text;
      try {
        text = body(i).dump();
      } catch (const std::exception& e) { text = json{{"error", e.what()}}.dump(); }
      for (std::size_t done = 0; done < text.size();) {
        const ssize_t n = ::write(ends[1], text.data() + done, text.size() - done);
        if (n <= 0) break;
        done += static_cast<std::size_t>(n);
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    results.emplace_back(ends[0]);
    children.push_back(pid);
  }
  std::vector<json> out;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text;
    char buffer[65536];
    for (ssize_t n; (n = ::read(results[i].get(), buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    out.push_back(text.empty() ? json{{"error", "a process died"}} : json::parse(text));
  }
  for (const pid_t pid : children) ::waitpid(pid, nullptr, 0);
  for (const json& j : out)
    if (j.is_object() && j.contains("error"))
      throw std::runtime_error("a party failed: " + j.at("error").get<std::string>());
  return out;
}

std::vector<json> on_parties(const Context& context, std::size_t parties, unsigned threads,
                             const std::function<json(Party&)>& body) {
  std::vector<Identity> identities;
  std::vector<FileDescriptor> listeners;
  std::vector<Endpoint> roster;
  for (std::size_t i = 0; i < parties; ++i) {
    const std::string name = fmt::format("party-{}", i);
    identities.push_back(Identity::generate());
    listeners.push_back(listen_on({"127.0.0.1", 0}));
    roster.push_back({name, {"127.0.0.1", local_port(listeners.back())}, identities.back().public_key()});
  }
  return in_processes(parties, [&](std::size_t i) {
    return run_party(i, roster, identities[i], std::move(listeners[i]), context, threads, body);
  });
}

}  // namespace tacit::bench
