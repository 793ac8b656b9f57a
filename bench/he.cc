// Transforms and homomorphic encryption, on one thread.
#include "bench.h"
#include "tacit/he/bfv/bfv.h"

namespace tacit::bench {

namespace {

/// The same every time, and below a bound.
std::vector<Word> numbers(std::size_t n, Word bound) {
  std::vector<Word> out(n);
  Prg(Bytes(16), detect_isa()).fill(bound, 0, out);
  for (Word& x : out) x %= bound;
  return out;
}

void ntt(Context& c) {
  for (std::size_t n : {4096, 8192, 16384, 32768}) {
    const he::Modulus q(he::transform_primes(49, n, 1)[0]);
    std::vector<Word> x = numbers(n, q.value()), y = x, z(n);
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

void bfv(Context& c) {
  const he::BfvContext context(he::BfvParameters::standard(Word{1} << 32));
  he::Randomness random;
  const he::SecretKey key(context, random);
  const he::PublicKey open(context, key, random);
  const he::Plaintext m = numbers(context.ring().degree(), Word{1} << 32);
  he::Ciphertext x = open.encrypt(m, random), y = x;
  const he::PlainFactor factor = he::prepare(context, m);
  auto add = [&](const char* name, const std::function<void()>& body) {
    const Timing t = measure(41, [&] {
      for (int i = 0; i < 10; ++i) body();
    });
    c.add(std::string("bfv.8192.") + name + "_microseconds", 1e5 * t.median, "µs, one core");
  };
  add("encrypt", [&] { open.encrypt(m, random); });
  add("encrypt_seeded", [&] { key.encrypt(m, random); });
  add("decrypt", [&] { key.decrypt(x); });
  add("add", [&] { he::add(context, x, y); });
  add("multiply_plain", [&] { he::multiply_plain(context, x, factor); });
  add("prepare_factor", [&] { he::prepare(context, m); });
  c.add("bfv.8192.ciphertext_bytes", static_cast<double>(2 * context.ring().words() * sizeof(Word)),
        "bytes in memory");
}

}  // namespace

std::vector<Benchmark> he_benchmarks() {
  return {{"he.ntt", "the number-theoretic transform modulo a prime of 49 bits", ntt},
          {"he.bfv", "BFV encryption, degree 8192, five primes", bfv}};
}

}  // namespace tacit::bench
