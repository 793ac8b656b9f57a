// Transforms and homomorphic encryption, on one thread.
#include <random>

#include "bench.h"
#include "tacit/he/poly/ntt.h"

namespace tacit::bench {

namespace {

void ntt(Context& c) {
  std::mt19937_64 rng(1);
  for (std::size_t n : {4096, 8192, 16384, 32768}) {
    const he::Modulus q(he::transform_primes(49, n, 1)[0]);
    std::vector<Word> x(n), y(n), z(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = rng() % q.value(), y[i] = rng() % q.value();
    for (Isa isa : runnable_isas()) {
      const bool best = isa == detect_isa();
      if (!best && n != 8192) continue;
      const he::Ntt transform(q, n, isa);
      const std::string name = "ntt." + std::to_string(n) + (best ? "" : "." + std::string(to_string(isa)));
      constexpr int kTimes = 100;
      auto add = [&](const std::string& what, const std::function<void()>& body) {
        const Timing t = measure(41, [&] {
          for (int i = 0; i < kTimes; ++i) body();
        });
        c.add(name + what, 1e6 * t.median / kTimes, "µs, one core");
      };
      add(".microseconds", [&] { transform.forward(x); });
      add(".inverse_microseconds", [&] { transform.inverse(x); });
      add(".multiply_microseconds", [&] { transform.multiply(x, y, z); });
    }
  }
}

}  // namespace

std::vector<Benchmark> he_benchmarks() {
  return {{"he.ntt", "the number-theoretic transform modulo a prime of 49 bits", ntt}};
}

}  // namespace tacit::bench
