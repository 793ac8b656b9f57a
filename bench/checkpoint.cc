// What it costs a training to keep checkpoints: one after each batch, sealed, synced, and agreed on.
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "jobs.h"
#include "tacit/base/error.h"

namespace tacit::bench {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kFewest = 3, kUsualEvery = 100;

class Checkpointing final : public Watcher {
 public:
  explicit Checkpointing(std::filesystem::path state) : folder_(std::move(state) / "checkpoints") {}

  // What is counted when k batches are done are the checkpoints up to that of batch k - 1.
  void see(std::size_t done, const PartyStats& counted) override {
    const auto found = counted.scopes.find("checkpoint");
    const Cost cost = found == counted.scopes.end() ? Cost() : found->second;
    at_.push_back(std::chrono::duration<double>(Clock::now().time_since_epoch()).count());
    seconds_.push_back(cost.seconds);
    payload_.push_back(static_cast<double>(cost.payload));
    if (done != 2) return;
    state_bytes_ = bytes_of_files(".state");
    data_bytes_ = bytes_of_files(".data");
  }

  json told() const override {
    const std::size_t last = at_.size() - 1;
    std::vector<double> checkpoints, batches;
    for (std::size_t k = 1; k < last; ++k) {
      checkpoints.push_back(seconds_[k + 1] - seconds_[k]);
      batches.push_back(at_[k + 1] - at_[k] - checkpoints.back());
    }
    return {{"seconds", median(checkpoints)},
            {"batch", median(batches)},
            {"payload", (payload_[last] - payload_[1]) / static_cast<double>(last - 1)},
            {"state", state_bytes_},
            {"data", data_bytes_}};
  }

 private:
  double bytes_of_files(std::string_view extension) const {
    double bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      if (entry.path().extension() == extension) bytes += static_cast<double>(entry.file_size());
    return bytes;
  }

  std::filesystem::path folder_;
  std::vector<double> at_, seconds_, payload_;
  double state_bytes_ = 0, data_bytes_ = 0;
};

void checkpoint(Context& c, const std::string& network, std::size_t usual) {
  const std::size_t batches = c.batches.value_or(usual);
  require(batches >= kFewest, "{} batches are too few to measure checkpoints: take --batches {} or more",
          batches, kFewest);
  const auto all = train_watched(c, {network, batches, 1}, [](const std::filesystem::path& state) {
    return std::make_unique<Checkpointing>(state);
  });
  auto most = [&](const char* what) {
    double out = 0;
    for (const json& j : all) out = std::max(out, j.at(what).get<double>());
    return out;
  };
  double payload = 0;
  for (const json& j : all) payload += j.at("payload").get<double>();
  const double one = most("seconds"), batch = most("batch");
  const std::string prefix = "checkpoint." + network;
  c.add(prefix + ".seconds", one, "s, the median at the slowest party, waiting for the others included");
  c.add(prefix + ".seconds_per_batch", batch, "s, a batch without it");
  c.add(prefix + ".share", one / (one + static_cast<double>(kUsualEvery) * batch),
        "of the training, with a checkpoint every 100 batches");
  c.add(prefix + ".state_bytes", most("state"), "bytes on a party's disk");
  c.add(prefix + ".data_bytes", most("data"), "bytes on a party's disk, once a training, of the data");
  c.add(prefix + ".bytes_total", payload, "bytes over all links");
}

void a(Context& c) { checkpoint(c, "A", 60); }
void net_c(Context& c) { checkpoint(c, "C", 12); }

}  // namespace

std::vector<Benchmark> checkpoint_benchmarks() {
  return {{"checkpoint.A", "a checkpoint of network A: seconds, and bytes on disk", a, false, true},
          {"checkpoint.C", "a checkpoint of LeNet: seconds, and bytes on disk", net_c, false, true}};
}

}  // namespace tacit::bench
