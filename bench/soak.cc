// A long training, watched for what must not grow: memory, open descriptors, and the time of a batch.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

#include "jobs.h"
#include "tacit/base/error.h"

namespace tacit::bench {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatches = 2000, kFewest = 10, kWindow = 200;

double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double whole = 0, resident = 0;
  if (!(in >> whole >> resident)) throw IoError("cannot read '/proc/self/statm'");
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code error;
  double n = -1;  // less the one by which they are counted
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error))
    ++n;
  if (error) throw IoError("cannot read '/proc/self/fd': " + error.message());
  return n;
}

class Vitals final : public Watcher {
 public:
  explicit Vitals(std::size_t batches) {
    for (auto* list : {&at_, &memory_, &descriptors_}) list->reserve(batches + 1);
  }
  void see(std::size_t, const PartyStats&) override {
    at_.push_back(std::chrono::duration<double>(Clock::now().time_since_epoch()).count());
    memory_.push_back(resident_bytes());
    descriptors_.push_back(open_descriptors());
  }
  json told() const override { return {{"at", at_}, {"memory", memory_}, {"descriptors", descriptors_}}; }

 private:
  std::vector<double> at_, memory_, descriptors_;
};

/// By how much y grows from one to the next, by least squares.
double slope(std::span<const double> y) {
  const double n = static_cast<double>(y.size());
  double mean = 0, across = 0, squares = 0;
  for (const double v : y) mean += v / n;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double x = static_cast<double>(i) - (n - 1) / 2;
    across += x * (y[i] - mean);
    squares += x * x;
  }
  return squares == 0 ? 0 : across / squares;
}

double median_of(std::span<const double> values) { return median({values.begin(), values.end()}); }

void soak(Context& c) {
  const std::size_t batches = c.batches.value_or(kBatches);
  require(batches >= kFewest, "a soak of {} batches shows nothing: take --batches {} or more", batches,
          kFewest);
  // Until then memory grows to what a batch, an epoch and a checkpoint need.
  const std::size_t warm_up = std::min(kWindow, batches / 5),
                    window = std::min(kWindow, (batches - warm_up) / 2);
  const std::size_t checkpoint_every = std::max<std::size_t>(1, std::min<std::size_t>(100, warm_up / 2));
  const auto all = train_watched(c, {"A", batches, checkpoint_every}, [&](const std::filesystem::path&) {
    return std::make_unique<Vitals>(batches);
  });
  c.add("soak.batches", static_cast<double>(batches), "batches of network A, 128 rows each");
  c.add("soak.warm_up", static_cast<double>(warm_up), "of them before what is compared");
  c.add("soak.window", static_cast<double>(window), "of them at the beginning and at the end");
  c.add("soak.checkpoint_every", static_cast<double>(checkpoint_every), "batches");
  const char* names[] = {"alpha", "beta", "gamma"};
  for (std::size_t p = 0; p < all.size(); ++p) {
    const auto at = all[p].at("at").get<std::vector<double>>(),
               memory = all[p].at("memory").get<std::vector<double>>(),
               descriptors = all[p].at("descriptors").get<std::vector<double>>();
    ensure(at.size() == batches + 1, "a party saw every batch");
    std::vector<double> seconds;
    for (std::size_t i = warm_up; i < batches; ++i) seconds.push_back(at[i + 1] - at[i]);
    const std::span<const double> each(seconds), held(memory.data() + warm_up, memory.size() - warm_up);
    auto add = [&](const char* what, double value, const char* unit) {
      c.add(fmt::format("soak.{}.{}", names[p], what), value, unit);
    };
    add("rss_start_bytes", memory[warm_up], "bytes after the warm-up");
    add("rss_end_bytes", memory.back(), "bytes at the end");
    add("rss_slope_bytes", 1000 * slope(held), "bytes more after 1,000 batches");
    add("descriptors_start", descriptors[warm_up], "open descriptors after the warm-up");
    add("descriptors_end", descriptors.back(), "open descriptors at the end");
    add("descriptors_most", *std::max_element(descriptors.begin(), descriptors.end()),
        "open descriptors at any time");
    add("first_seconds", median_of(each.first(window)), "s a batch, the median of the first");
    add("last_seconds", median_of(each.last(window)), "s a batch, the median of the last");
    add("seconds_slope", 1000 * slope(each), "s more a batch after 1,000 batches");
  }
}

}  // namespace

std::vector<Benchmark> soak_benchmarks() {
  return {{"soak", "2,000 batches of network A: memory, descriptors and seconds, at first and at last", soak,
           true, true}};
}

}  // namespace tacit::bench
