#include "bench.h"

#include <time.h>

#include <algorithm>
#include <chrono>

namespace tacit::bench {

std::vector<Benchmark> all_benchmarks() {
  std::vector<Benchmark> out;
  for (auto list : {kernel_benchmarks, operation_benchmarks, training_benchmarks, prediction_benchmarks,
                    checkpoint_benchmarks, accuracy_benchmarks, soak_benchmarks, he_benchmarks, gc_benchmarks,
                    ot_benchmarks, seco_benchmarks, runtime_benchmarks})
    for (const Benchmark& b : list()) out.push_back(b);
  return out;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

namespace {
template <class Clock>
Timing measure_by(Clock now, std::size_t times, const std::function<void()>& body) {
  body();
  std::vector<double> seconds;
  for (std::size_t i = 0; i < times; ++i) {
    const double begin = now();
    body();
    seconds.push_back(now() - begin);
  }
  return {*std::min_element(seconds.begin(), seconds.end()), median(seconds)};
}
}  // namespace

Timing measure(std::size_t times, const std::function<void()>& body) {
  auto now = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  return measure_by(now, times, body);
}
Timing measure_cpu(std::size_t times, const std::function<void()>& body) {
  auto now = [] {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  return measure_by(now, times, body);
}

}  // namespace tacit::bench
