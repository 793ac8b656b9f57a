// Benchmarks: each measures one thing and writes named figures. What is timed is told as a median of
// repetitions; bytes and rounds are counts. Timings of one machine at one time: compare ratios in one run.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tacit/net/wrap/shape.h"

namespace tacit::bench {

struct Figure {
  std::string name;
  double value;
  std::string unit;
};

struct Context {
  std::vector<Figure> figures;
  std::optional<LinkShape> link;       ///< slows the links of benchmarks that use any
  std::filesystem::path data;          ///< folder of full data sets, for those that need one
  std::optional<std::size_t> batches;  ///< instead of its own number, for those that count them
  std::function<void(const std::string&)> say;

  void add(std::string name, double value, std::string unit) {
    figures.push_back({std::move(name), value, std::move(unit)});
  }
};

struct Benchmark {
  std::string_view name;  ///< a group of figures: "training.A"
  std::string_view summary;
  void (*run)(Context&);
  bool on_request = false;      ///< long, large, or in need of data: only where it or its group is named
  bool counts_batches = false;  ///< heeds Context::batches
};

/// In the order in which they are listed.
std::vector<Benchmark> all_benchmarks();

// One list a file:
std::vector<Benchmark> kernel_benchmarks();
std::vector<Benchmark> operation_benchmarks();
std::vector<Benchmark> training_benchmarks();
std::vector<Benchmark> prediction_benchmarks();
std::vector<Benchmark> checkpoint_benchmarks();
std::vector<Benchmark> soak_benchmarks();
std::vector<Benchmark> accuracy_benchmarks();
std::vector<Benchmark> he_benchmarks();
std::vector<Benchmark> gc_benchmarks();
std::vector<Benchmark> ot_benchmarks();
std::vector<Benchmark> seco_benchmarks();
std::vector<Benchmark> runtime_benchmarks();

/// Seconds of the fastest and of the middle of `times` calls, after one that is not counted.
struct Timing {
  double best, median;
};
Timing measure(std::size_t times, const std::function<void()>& body);
/// The same in seconds of this thread's processor, whatever else the machine does: for work on one core.
Timing measure_cpu(std::size_t times, const std::function<void()>& body);
double median(std::vector<double> values);

}  // namespace tacit::bench
