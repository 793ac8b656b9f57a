#include "bench.h"

#include <algorithm>
#include <chrono>

namespace tacit::bench {

std::vector<Benchmark> all_benchmarks() {
  std::vector<Benchmark> out;
  for (auto list : {kernel_benchmarks, operation_benchmarks, training_benchmarks, prediction_benchmarks,
                    accuracy_benchmarks, he_benchmarks, gc_benchmarks, ot_benchmarks})
    for (const Benchmark& b : list()) out.push_back(b);
  return out;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

Timing measure(std::size_t times, const std::function<void()>& body) {
  body();
  std::vector<double> seconds;
  for (std::size_t i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return {*std::min_element(seconds.begin(), seconds.end()), median(seconds)};
}

}  // namespace tacit::bench
