// Single operations between three parties over TLS, many at a time.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tacit/mpc/cost.h"
#include "three_parties.h"

namespace tacit::bench {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

/// Elements a second, bytes an element over all links, and rounds of `op` on n elements. A sample is several
/// in a row, long enough that which process the machine runs first does not matter.
json rate(Seat& s, std::size_t n, std::size_t times, const std::function<void()>& op,
          std::size_t in_a_row = 16) {
  op();
  std::vector<double> seconds;
  const Cost before = s.party.meter().total();
  std::uint64_t synced = 0;
  for (std::size_t i = 0; i < times; ++i) {
    s.synchronize();
    synced += 2;
    const auto begin = Clock::now();
    for (std::size_t k = 0; k < in_a_row; ++k) op();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count() /
                      static_cast<double>(in_a_row));
  }
  const Cost after = s.party.meter().total();
  return {{"per_second", static_cast<double>(n) / median(seconds)},
          {"bytes",
           static_cast<double>(after.payload - before.payload) / static_cast<double>(times * in_a_row * n)},
          {"rounds", static_cast<double>(after.rounds - before.rounds - synced) /
                         static_cast<double>(times * in_a_row)}};
}

Share shared_numbers(Seat& s, std::size_t n) {
  RingTensor t(Shape{n});
  Word* w = t.data();
  for (std::size_t i = 0; i < n; ++i)
    w[i] = static_cast<Word>(static_cast<std::int64_t>(i * 2654435761u % 2000003) - 1000001) << 8;
  return s.engine.input(party_id(0), s.self() == 0 ? &t : nullptr, t.shape, 16);
}

double sum_of(const std::vector<json>& all, const char* name, const char* what) {
  double sum = 0;
  for (const json& j : all) sum += j.at(name).at(what).get<double>();
  return sum;
}

/// How fast multiplications are beside TLS alone moving what they send, a word an element to one neighbour.
/// The two take turns, so that both see the machine in the same state.
json beside_tls(Seat& s, std::size_t n, const std::function<void()>& multiply) {
  Words out(n, 1), in(n);
  std::vector<double> link, shares;
  for (std::size_t i = 0; i < 31; ++i) {
    const double raw =
        rate(s, n, 1, [&] { s.party.pass_back("bench.raw", out, in); }).at("per_second").get<double>();
    link.push_back(raw);
    shares.push_back(rate(s, n, 1, multiply).at("per_second").get<double>() / raw);
  }
  return {{"link", median(link)}, {"share", median(shares)}};
}

void operations(Context& c) {
  const std::size_t n = 1 << 16;
  const auto all = on_three_parties(c, "lan", 1, [&](Seat& s) -> json {
    const Share x = shared_numbers(s, n), y = shared_numbers(s, n);
    const Share product = s.engine.bilinear(Bilinear::mul(), x, y);
    const Share bit = s.engine.msb(x, 64);
    json out;
    const auto multiply = [&] { s.engine.settle(s.engine.bilinear(Bilinear::mul(), x, y)); };
    out["beside_tls"] = beside_tls(s, n, multiply);
    out["multiply"] = rate(s, n, 15, multiply);
    out["trunc"] = rate(s, n, 15, [&] { s.engine.trunc(product, 16); });
    out["fixed_multiply"] =
        rate(s, n, 15, [&] { s.engine.trunc(s.engine.bilinear(Bilinear::mul(), x, y), 16); });
    out["compare64"] = rate(s, n, 15, [&] { s.engine.msb(x, 64); });
    out["compare32"] = rate(s, n, 15, [&] { s.engine.msb(x, 32); });
    out["relu"] = rate(s, n, 15, [&] { s.engine.relu(x, 48); });
    out["relu32"] = rate(s, n, 15, [&] { s.engine.relu(x, 32); });
    out["select"] = rate(s, n, 15, [&] { s.engine.select(bit, x); });
    return out;
  });
  c.add("ops.tls_gbytes_per_second", 24e-9 * all[0].at("beside_tls").at("link").get<double>(),
        "GB/s over all links, whole machine");
  for (const char* name :
       {"multiply", "trunc", "fixed_multiply", "compare64", "compare32", "relu", "relu32", "select"}) {
    c.add(std::string("ops.") + name + "_per_second", all[0].at(name).at("per_second").get<double>(),
          "a second");
    c.add(std::string("ops.") + name + "_bytes", sum_of(all, name, "bytes"), "bytes each over all links");
    c.add(std::string("ops.") + name + "_rounds", all[0].at(name).at("rounds").get<double>(), "rounds");
  }
  c.add("ops.multiply_share_of_tls", all[0].at("beside_tls").at("share").get<double>(),
        "of what TLS alone allows");
}

void rounds(Context& c) {
  const auto all = on_three_parties(c, "lan", 1, [&](Seat& s) -> json {
    Words a(8), b(8), d(8), e(8);
    return rate(s, 1, 2000, [&] { s.party.exchange("bench.round", a, b, d, e); });
  });
  c.add("ops.round_microseconds", 1e6 / all[0].at("per_second").get<double>(),
        "µs a round of small messages");
}

/// Truncations of values near every boundary, against exact quotients: none may be off by a unit or more, and
/// the mean error must be that of unbiased rounding.
void truncations(Context& c) {
  const std::size_t n = 1 << 20, batches = 960;  // 10^9 in all
  if (c.say) c.say("10^9 truncations: this takes some minutes");
  const auto all = on_three_parties(c, "lan", 1, [&](Seat& s) -> json {
    // Party 0 knows the values and checks; the two others send it what it lacks.
    std::uint64_t wrong = 0, rounded_up = 0;
    double expected_up = 0, variance = 0;
    for (std::size_t batch = 0; batch < batches; ++batch) {
      RingTensor t(Shape{n});
      Word* w = t.data();
      const auto f = static_cast<unsigned>(10 + batch % 11);
      const Stream random = s.party.coins().mine();
      random.fill(0, {w, n});
      for (std::size_t i = 0; i < n; ++i) {
        const unsigned size = static_cast<unsigned>(i % 63);
        const Word near = i % 3 == 0 ? w[i] % 5 : w[i] >> 2;  // next to a power of two, or anywhere
        const Word magnitude = ((Word{1} << size) + near - 2) & ((Word{1} << 62) - 1);
        w[i] = (w[i] >> 63) != 0 ? 0 - magnitude : magnitude;
      }
      const bool mine = s.self() == 0;
      const Share x = s.engine.input(party_id(0), mine ? &t : nullptr, t.shape, f);
      const Share y = s.engine.trunc(batch % 2 == 0 ? x : s.engine.loosen(x), f);
      // Only what party 0 lacks of the result is sent: the component of the two others.
      if (s.self() == 1) s.party.to(party_id(0)).send("bench.check", std::span<const Word>(y.parts[1].words));
      if (!mine) continue;
      Words third(n);
      s.party.to(party_id(1)).receive("bench.check", std::span<Word>(third.data(), n));
      const Word *a = y.parts[0].data(), *b = y.parts[1].data(), *d = third.data();
      for (std::size_t i = 0; i < n; ++i) {
        const auto z = static_cast<std::int64_t>(w[i]);
        const auto error = static_cast<std::int64_t>(a[i] + b[i] + d[i]) - (z >> f);
        const double part =
            std::ldexp(static_cast<double>(w[i] & ((Word{1} << f) - 1)), -static_cast<int>(f));
        wrong += error != 0 && (error != 1 || part == 0);
        rounded_up += error == 1;
        expected_up += part;
        variance += part * (1 - part);
      }
    }
    return {{"wrong", wrong},
            {"deviation", (static_cast<double>(rounded_up) - expected_up) / std::sqrt(variance + 1e-9)}};
  });
  c.add("ops.truncations_checked", static_cast<double>(n * batches), "truncations");
  c.add("ops.truncations_wrong", all[0].at("wrong").get<double>(), "of them");
  c.add("ops.truncation_bias_sigmas", all[0].at("deviation").get<double>(),
        "standard deviations from unbiased");
}

}  // namespace

std::vector<Benchmark> operation_benchmarks() {
  return {{"ops", "multiplications, truncations, comparisons and the like between three parties", operations},
          {"ops.round", "the time of one round of small messages", rounds},
          {"ops.truncation", "10^9 truncations near every boundary, each checked", truncations, true}};
}

}  // namespace tacit::bench
