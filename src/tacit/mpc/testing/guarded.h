// For tests only: a guarded engine of every kind, and what a piece of work on it comes to.
#pragma once

#include <gtest/gtest.h>

#include "tacit/mpc/generic/guard_engine.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/mpc/table.h"
#include "tacit/mpc/testing/conformance.h"

namespace tacit::testing {

/// A guarded engine, and what a test does with it.
struct Seat {
  GuardEngine& guard;
  Engine& inner;

  /// The first party's numbers.
  Share share(const std::vector<std::int64_t>& values, unsigned frac = 0, Shape shape = {}) {
    if (shape.empty()) shape = {values.size()};
    RingTensor t(shape);
    for (std::size_t i = 0; i < values.size(); ++i) t.words[i] = static_cast<Word>(values[i]);
    return guard.input(party_id(0), index(guard.self()) == 0 ? &t : nullptr, shape, frac);
  }
  /// Whether some number left its range in each piece of work.
  std::vector<bool> verdicts(const std::vector<std::function<void()>>& works) {
    guard.watch(true);
    for (std::size_t i = 0; i < works.size(); ++i) {
      const Meter::Scope scope(guard.meter(), std::to_string(i));
      works[i]();
    }
    const auto verdict = guard.settle_checks(true);
    guard.watch(false);
    std::vector<bool> out(works.size());
    if (!verdict) return out;
    const auto bits = bits_as_words(OpenSesame::open(inner, verdict->bits), 1 + verdict->places.size());
    bool any = false;
    for (std::size_t i = 0; i < verdict->places.size(); ++i) {
      out.at(std::stoul(verdict->places[i])) = bits[1 + i] != 0;
      any = any || bits[1 + i] != 0;
    }
    EXPECT_EQ(bits[0] != 0, any) << "the first bit is that of all places";
    return out;
  }
  bool verdict(const std::function<void()>& work) {
    guard.watch(true);
    work();
    const auto verdict = guard.settle_checks(false);
    guard.watch(false);
    if (!verdict) return false;
    EXPECT_TRUE(verdict->places.empty());
    EXPECT_EQ(verdict->bits.shape, Shape{1});
    return bits_as_words(OpenSesame::open(inner, verdict->bits), 1)[0] != 0;
  }
};

inline void on_plain(const std::function<void(Seat)>& body) {
  Workers workers(1);
  plain::PlainEngine engine(Compute{ring_kernels(detect_isa()), workers});
  GuardEngine guard(engine);
  body({guard, engine});
}
/// Plain numbers, and every protocol in each profile.
inline void on_every_engine(const std::function<void(Seat)>& body) {
  {
    SCOPED_TRACE("plain");
    on_plain(body);
  }
  for (const ProtocolInfo& protocol : all_protocols())
    for (const char* profile : {"lan", "wan"}) {
      SCOPED_TRACE(std::string(protocol.name) + ", " + profile);
      run_parties(protocol.parties, [&](Party& party) {
        const auto engine = protocol.make(party, profile_named(profile));
        GuardEngine guard(*engine);
        body({guard, *engine});
      });
    }
}

}  // namespace tacit::testing
