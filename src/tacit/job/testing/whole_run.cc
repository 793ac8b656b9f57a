#include "tacit/job/testing/whole_run.h"

#include <random>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/transports/memory.h"

namespace tacit::testing {

namespace {

Ending ending_of(const std::function<OwnerResult()>& part) {
  using How = Ending::How;
  try {
    return {How::Done, "", "", part()};
  } catch (const UsageError& e) { return {How::Usage, "", e.what(), {}}; } catch (const IoError& e) {
    return {How::Io, "", e.what(), {}};
  } catch (const PeerError& e) { return {How::Peer, e.peer, e.what(), {}}; } catch (const CheatDetected& e) {
    return {How::Cheat, "", e.what(), {}};
  } catch (const std::exception& e) { return {How::Other, "", e.what(), {}}; }
}

std::string places() {
  std::string t;
  for (const char* name : {"alpha", "beta", "gamma"})
    t += fmt::format("[[party]]\nname = \"{}\"\naddress = \"127.0.0.1:1\"\nkey = \"\"\n", name);
  for (const char* name : {"north", "south"})
    t += fmt::format("[[owner]]\nname = \"{}\"\nkey = \"\"\n", name);
  return t;
}

std::string release(std::string_view what, std::string_view to) {
  return fmt::format("[[release]]\nwhat = \"{}\"\nto = [\"{}\"]\npurpose = \"a test looks at it\"\n", what,
                     to);
}

}  // namespace

Cast cast_of(const ScratchFolder& folder, std::string_view job, const std::vector<std::string>& data) {
  Cast cast{read_job_text(folder, job, Keys::MadeLater), {}, {}, {}};
  for (auto* list : {&cast.job.parties, &cast.job.owners})
    for (Endpoint& e : *list) {
      cast.identities.push_back(Identity::generate());
      e.key = cast.identities.back().public_key();
    }
  for (std::size_t i = 0; i < data.size(); ++i)
    cast.data.push_back({.features = folder.write(cast.job.owners[i].name + ".csv", data[i])});
  return cast;
}

std::vector<Ending> train_over(const Cast& cast, const Connect& connect, const Wrap& wrap) {
  const Job& job = cast.job;
  const std::size_t n = job.names().size();
  std::vector<Ending> endings(n);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < n; ++i)
    threads.emplace_back([&, i] {
      endings[i] = ending_of([&]() -> OwnerResult {
        const auto plain = connect(i);
        const auto wrapped = wrap ? wrap(party_id(i), *plain) : nullptr;
        Transport& wire = wrapped ? *wrapped : *plain;
        if (job.is_party(party_id(i))) {
          PartyOptions options;
          if (auto* tls = dynamic_cast<TlsTransport*>(plain.get())) {
            options.wait_for_owner = [tls, &job](PartyId owner) { tls->wait_for(owner, job.start_patience); };
            if (cast.together)
              options.next_owner = [tls](std::span<const PartyId> speaking, std::span<const PartyId> due,
                                         std::chrono::milliseconds time) {
                return tls->next_of(speaking, due, time);
              };
          }
          if (cast.prepare) cast.prepare(party_id(i), options);
          return {{}, run_party(job, party_id(i), wire, "a test", options)};
        }
        OwnerOptions options;
        const std::size_t owner = i - job.parties.size();
        if (owner < cast.data.size()) options.data = cast.data[owner];
        options.collect = true;
        if (auto* tls = dynamic_cast<TlsTransport*>(plain.get()); tls != nullptr && cast.together)
          options.back.connect = [tls, &job] { tls->reconnect(job.patience); };
        return run_owner(job, party_id(i), wire, cast.identities[i], "a test", options);
      });
    });
  for (auto& t : threads) t.join();
  return endings;
}

std::vector<Ending> train_in_memory(const Cast& cast, std::chrono::milliseconds patience, const Wrap& wrap) {
  auto wires = memory_transports(cast.job.names(), patience);
  return train_over(
      cast, [&](std::size_t i) { return std::move(wires[i]); }, wrap);
}

std::vector<Ending> train_over_tls(const Cast& cast, const Wrap& wrap) {
  std::vector<FileDescriptor> listeners;
  std::vector<Endpoint> roster = cast.job.roster();
  for (std::size_t i = 0; i < cast.job.parties.size(); ++i) {
    listeners.push_back(listen_on({"127.0.0.1", 0}));
    roster[i].address = {"127.0.0.1", local_port(listeners[i])};
  }
  const Connect connect = [&](std::size_t i) -> std::unique_ptr<Transport> {
    TlsSettings settings;
    settings.roster = roster;
    settings.parties = cast.job.parties.size();
    settings.self = party_id(i);
    settings.patience = cast.job.patience;
    settings.connect_patience = cast.job.start_patience;
    if (i < listeners.size()) settings.listener = std::move(listeners[i]);
    return TlsTransport::connect(std::move(settings), cast.identities[i]);
  };
  return train_over(cast, connect, wrap);
}

std::string tiny_classes_job() {
  return "[job]\nname = \"tiny\"\nfraction_bits = 14\n" + places() + R"([data]
test_fraction = 0.25
metric = "accuracy"
label = { name = "sort", type = "category", values = ["x", "y", "z"] }
column = [
  { name = "a", type = "number", range = [-1, 1], scaling = "none" },
  { name = "b", type = "number", range = [0, 100] },
]
[model]
[[model.layer]]
kind = "dense"
units = 4
[[model.layer]]
kind = "relu"
[[model.layer]]
kind = "dense"
[training]
epochs = 1
batch = 16
loss = "softmax_cross_entropy"
[training.optimiser]
name = "adam"
)" + release("loss", "everyone") +
         release("metric", "everyone") + release("model", "north");
}

std::string tiny_columns_job() {
  return "[job]\nname = \"tiny\"\n" + places() + R"([data]
partition = "columns"
id = "who"
test_fraction = 0.25
metric = "mse"
label = { name = "y", type = "number", range = [-1, 1], scaling = "none" }
column = [
  { name = "a", type = "number", range = [-1, 1], scaling = "none" },
  { name = "b", type = "number", range = [0, 100] },
]
[model]
network = "logistic"
[training]
epochs = 1
batch = 8
loss = "squared_error"
)" + release("loss", "owners") +
         release("metric", "everyone") + release("model", "south");
}

std::string tiny_classes_data(std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out = "a,b,sort\n";
  for (std::size_t i = 0; i < rows; ++i)
    out += fmt::format("{},{},{}\n", static_cast<double>(random() % 2001) / 1000 - 1, random() % 101,
                       "xyz"[random() % 3]);
  return out;
}

std::string tiny_columns_data(std::size_t rows, std::uint64_t seed, bool second) {
  std::mt19937_64 random(seed);
  std::string out = second ? "who,b,y\n" : "who,a\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const double number = static_cast<double>(random() % 2001) / 1000 - 1;
    out += second ? fmt::format("{},{},{}\n", i, random() % 101, number) : fmt::format("{},{}\n", i, number);
  }
  return out;
}

}  // namespace tacit::testing
