// Transforms and homomorphic encryption, on one thread, by its processor time.
#include "bench.h"
#include "tacit/he/bfv/modulus_switch.h"
#include "tacit/he/bfv/rerandomise.h"
#include "tacit/he/bfv/serialise.h"
#include "tacit/he/threshold/key_switch.h"

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
  for (const auto& [n, bits] :
       {std::pair<std::size_t, unsigned>{4096, 49}, {8192, 49}, {16384, 49}, {32768, 49}, {8192, 44}}) {
    const he::Modulus q(he::transform_primes(bits, n, 1)[0]);
    const std::vector<Word> some = numbers(n, q.value());
    he::Poly x(some.begin(), some.end()), y = x, z(n);
    for (Isa isa : runnable_isas()) {
      const bool best = isa == detect_isa();
      if (!best && n != 8192) continue;
      const he::Ntt transform(q, n, isa);
      const std::string name = "ntt." + std::to_string(n) + (best ? "" : "." + std::string(to_string(isa))) +
                               (bits == 44 ? ".44_bits" : "");
      constexpr int kTimes = 100;
      auto add = [&](const std::string& what, const std::function<void()>& body) {
        const Timing t = measure_cpu(41, [&] {
          for (int i = 0; i < kTimes; ++i) body();
        });
        c.add(name + what, 1e6 * t.median / kTimes, "µs of processor time, one core");
      };
      add(".microseconds", [&] { transform.forward(x); });
      add(".inverse_microseconds", [&] { transform.inverse(x); });
      add(".multiply_microseconds", [&] { transform.multiply(x, y, z); });
    }
  }
}

/// Adds the time of one call as `name`.
void time_of(Context& c, const std::string& name, const std::function<void()>& body) {
  const Timing t = measure_cpu(41, [&] {
    for (int i = 0; i < 10; ++i) body();
  });
  c.add(name + "_microseconds", 1e5 * t.median, "µs of processor time, one core");
}

/// What every use of BFV needs, under names that begin with `prefix`.
void encryption(Context& c, const std::string& prefix, const he::BfvParameters& parameters) {
  const he::BfvContext context(parameters);
  he::Randomness random;
  he::Workspace workspace;
  const he::SecretKey key(context, random);
  const he::PublicKey open(context, key, random);
  const he::Plaintext m = numbers(context.ring().degree(), Word{1} << 32);
  he::Ciphertext x = open.encrypt(m, random), y = x, z;
  const he::PlainFactor factor = he::prepare(context, m);
  he::SecretKey::Seeded seeded;
  he::Plaintext plain;
  time_of(c, prefix + "encrypt", [&] { open.encrypt(m, random, workspace, z); });
  time_of(c, prefix + "encrypt_seeded", [&] { key.encrypt(m, random, workspace, seeded); });
  time_of(c, prefix + "decrypt", [&] { key.decrypt(x, workspace, plain); });
  time_of(c, prefix + "add", [&] { he::add(context, x, y); });
  time_of(c, prefix + "multiply_plain", [&] { he::multiply_plain(context, x, factor); });
  time_of(c, prefix + "prepare_factor", [&] { he::prepare(context, m); });
}

void bfv(Context& c) {
  const he::BfvParameters standard = he::BfvParameters::standard(Word{1} << 32);
  encryption(c, "bfv.8192.", standard);
  encryption(c, "bfv.8192.four_primes.", standard.first_primes(4));

  const he::BfvContext context(standard);
  he::Randomness random;
  he::Workspace workspace;
  const he::SecretKey key(context, random);
  const he::PublicKey open(context, key, random);
  const he::Plaintext m = numbers(context.ring().degree(), Word{1} << 32);
  he::Ciphertext z;
  auto add = [&](const char* name, const std::function<void()>& body) {
    time_of(c, std::string("bfv.8192.") + name, body);
  };

  // A fresh product, hidden, switched to as few primes as hold it, and to another key.
  he::Ciphertext product = open.encrypt(m, random);
  he::multiply_plain(context, product, he::prepare(context, {1, 2, 3}));
  add("rerandomise", [&] {
    z = product;
    he::rerandomise(context, z, open, m, 0, random, workspace);
  });
  const he::BfvContext few(context.parameters().first_primes(he::fewest_primes(context, z.noise, 1)));
  const he::ModulusSwitch narrow(context, few);
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < context.ring().degree(); i += 8) wanted.push_back(i);
  add("modulus_switch", [&] { narrow(z, 1, workspace); });
  add("reply", [&] { narrow.reply(z, wanted, 1, workspace); });
  const he::KeyShare share(context, random);
  const unsigned flood = he::switch_flood_bits(context, product.noise, open, 3);
  add("switch_share", [&] { he::switch_share(context, share, product, open, flood, random, workspace); });
  he::Poly partial;
  add("partial_decryption", [&] { share.partial_decryption(product, flood, random, workspace, partial); });
  c.add("bfv.8192.reply_bytes", static_cast<double>(he::reply_bytes(few, wanted.size())),
        "bytes on the wire, " + std::to_string(wanted.size()) + " coefficients under " +
            std::to_string(few.ring().limbs()) + " primes");
  c.add("bfv.8192.switch_share_bytes", static_cast<double>(he::switch_share_bytes(context)),
        "bytes on the wire");
  c.add("bfv.8192.ciphertext_bytes", static_cast<double>(2 * context.ring().words() * sizeof(Word)),
        "bytes in memory");
}

}  // namespace

std::vector<Benchmark> he_benchmarks() {
  return {{"he.ntt",
           "the number-theoretic transform modulo a prime of 49 bits (and, under names with 44_bits, of 44, "
           "as BFV has)",
           ntt},
          {"he.bfv", "BFV encryption, degree 8192, five primes and four", bfv}};
}

}  // namespace tacit::bench
