#include "jobs.h"

#include <stdlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/crypto/prg.h"
#include "tacit/data/write.h"
#include "tacit/job/run_owner.h"

namespace tacit::bench {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBatch = 128, kPixels = 28 * 28, kMostAnEpoch = 20;

/// A folder that goes with the benchmark.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "tacit-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw IoError(fmt::format("cannot make the folder '{}'", name));
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  fs::path operator/(std::string_view name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// Batches of an epoch, so that epochs make up the whole number.
std::size_t batches_an_epoch(std::size_t batches) {
  std::size_t n = std::min(batches, kMostAnEpoch);
  while (batches % n != 0) --n;
  return n;
}

std::string text_of_job(const Context& c, const TrainingJob& t, std::size_t epochs) {
  std::string text = fmt::format("[job]\nname = \"bench\"\nprofile = \"{}\"\n", c.link ? "wan" : "lan");
  for (const char* party : {"alpha", "beta", "gamma"})
    text += fmt::format("[[party]]\nname = \"{}\"\naddress = \"127.0.0.1:1\"\nkey = \"\"\n", party);
  text += R"([[owner]]
name = "north"
key = ""
[data]
shape = [1, 28, 28]
array = { range = [0, 255] }
label = { name = "digit", type = "category", values = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }
)";
  text += fmt::format("[model]\nnetwork = \"{}\"\n", t.network);
  text += fmt::format("[training]\nepochs = {}\nbatch = {}\ncheckpoint_every = {}\n", epochs, kBatch,
                      t.checkpoint_every);
  text += R"([training.optimiser]
rate = 0.05
[[release]]
what = "loss"
to = ["parties"]
purpose = "a benchmark looks at it"
times = 10
)";
  return text;
}

DataFiles write_images(const Scratch& folder, std::size_t rows) {
  std::vector<Word> random((rows * kPixels + sizeof(Word) - 1) / sizeof(Word));
  Prg(Bytes(Prg::kKeySize), detect_isa()).fill(0, 0, random);
  write_npy(folder / "images.npy", {rows, 28, 28}, ElementType::U8,
            std::as_bytes(std::span(random)).first(rows * kPixels));
  Bytes digits(rows);
  for (std::size_t i = 0; i < rows; ++i) digits[i] = static_cast<std::byte>(i % 10);
  write_npy(folder / "labels.npy", {rows}, ElementType::U8, digits);
  return {.features = folder / "images.npy", .labels = folder / "labels.npy"};
}

/// An endpoint's links, slowed down if that is asked for.
struct Links {
  std::unique_ptr<TlsTransport> tls;
  std::unique_ptr<Transport> slow;
  Transport& wire() { return slow ? *slow : static_cast<Transport&>(*tls); }

  Links(const Context& c, const Job& job, PartyId self, const Identity& identity, FileDescriptor listener) {
    TlsSettings settings;
    settings.roster = job.roster();
    settings.parties = job.parties.size();
    settings.self = self;
    settings.patience = job.patience;
    settings.connect_patience = job.start_patience;
    settings.listener = std::move(listener);
    tls = TlsTransport::connect(std::move(settings), identity);
    if (c.link) slow = shaped(*tls, *c.link);
  }
};

json run_watched(const Job& job, PartyId self, Links& links, const Identity& identity, const fs::path& state,
                 const MakeWatcher& make) {
  const auto watcher = make(state);
  PartyOptions options;
  options.state = state;
  options.identity = &identity;
  options.observe = [&](const PartyStats& counted, const Progress& now) {
    if (now.phase == "training") watcher->see(now.done, counted);
  };
  options.wait_for_owner = [&](PartyId owner) { links.tls->wait_for(owner, job.start_patience); };
  options.next_owner = [&](std::span<const PartyId> speaking, std::span<const PartyId> due,
                           std::chrono::milliseconds time) {
    return links.tls->next_of(speaking, due, time);
  };
  run_party(job, self, links.wire(), "a benchmark", options);
  return watcher->told();
}

}  // namespace

std::vector<json> train_watched(const Context& context, const TrainingJob& training,
                                const MakeWatcher& make) {
  const Scratch folder;
  const std::size_t an_epoch = batches_an_epoch(training.batches);
  const DataFiles data = write_images(folder, an_epoch * kBatch);
  write_file(folder / "job.toml", text_of_job(context, training, training.batches / an_epoch));
  Job job = read_job(folder / "job.toml", Keys::MadeLater);
  std::vector<Identity> identities;
  for (auto* list : {&job.parties, &job.owners})
    for (Endpoint& e : *list) {
      identities.push_back(Identity::generate());
      e.key = identities.back().public_key();
    }
  std::vector<FileDescriptor> listeners(job.names().size());
  for (std::size_t i = 0; i < job.parties.size(); ++i) {
    listeners[i] = listen_on({"127.0.0.1", 0});
    job.parties[i].address = {"127.0.0.1", local_port(listeners[i])};
  }
  auto all = in_processes(job.names().size(), [&](std::size_t i) -> json {
    const PartyId self = party_id(i);
    Links links(context, job, self, identities[i], std::move(listeners[i]));
    if (job.is_party(self))
      return run_watched(job, self, links, identities[i], folder / job.parties[i].name, make);
    OwnerOptions options;
    options.data = data;
    run_owner(job, self, links.wire(), identities[i], "a benchmark", options);
    return nullptr;
  });
  all.resize(job.parties.size());
  return all;
}

}  // namespace tacit::bench
