// The engine that only counts follows every party's clock: also where something was opened to some of them,
// so that they go on from different depths.
#include "tacit/mpc/generic/dry_engine.h"

#include <gtest/gtest.h>

#include "tacit/mpc/table.h"
#include "tacit/mpc/testing/conformance.h"

namespace tacit {
namespace {

using testing::OpenSesame;
using testing::run_parties;

using Operation = std::function<void(Engine&, const Share& x, const Share& product, const Share& bit)>;

const std::vector<std::pair<std::string, Operation>>& operations() {
  static const std::vector<std::pair<std::string, Operation>> kAll{
      {"settle", [](Engine& e, const Share&, const Share& p, const Share&) { e.settle(p); }},
      {"trunc", [](Engine& e, const Share& x, const Share&, const Share&) { e.trunc(x, 9); }},
      {"trunc of a product", [](Engine& e, const Share&, const Share& p, const Share&) { e.trunc(p, 16); }},
      {"msb", [](Engine& e, const Share& x, const Share&, const Share&) { e.msb(x, 48); }},
      {"relu", [](Engine& e, const Share& x, const Share&, const Share&) { e.relu(x, 48); }},
      {"select", [](Engine& e, const Share& x, const Share&, const Share& b) { e.select(b, x); }},
      {"to_arith", [](Engine& e, const Share&, const Share&, const Share& b) { e.to_arith(b, 16); }},
      {"to_bool", [](Engine& e, const Share& x, const Share&, const Share&) { e.to_bool(x, 20); }},
      {"open to all", [](Engine& e, const Share& x, const Share&, const Share&) { OpenSesame::open(e, x); }},
      {"open a product to one", [](Engine& e, const Share&, const Share& p,
                                   const Share&) { OpenSesame::open(e, p, PartySet::only(party_id(1))); }},
  };
  return kAll;
}

/// Depths after each of: something opened to `to`, and the operation, once, twice and three times.
std::vector<std::uint32_t> depths(Engine& engine, const Operation& operation, PartySet to, std::size_t n) {
  RingTensor numbers(Shape{n});
  std::fill(numbers.words.begin(), numbers.words.end(), 12345);
  const Share x = engine.constant(numbers, Domain::Arith, 16);
  const Share product = engine.bilinear(Bilinear::mul(), x, x);
  const Share bit = engine.msb(x, 48);
  std::vector<std::uint32_t> out{engine.meter().depth()};
  OpenSesame::open(engine, x, to);
  out.push_back(engine.meter().depth());
  for (int i = 0; i < 3; ++i) {
    operation(engine, x, product, bit);
    out.push_back(engine.meter().depth());
  }
  return out;
}

TEST(DryEngine, FollowsClocksThatDiffer) {
  for (const ProtocolInfo& protocol : all_protocols())
    for (const char* profile : {"lan", "wan"})
      for (const auto& [name, operation] : operations())
        for (std::uint32_t to = 0; to < 8; ++to)
          for (std::size_t n : {1, 2000})
            run_parties(protocol.parties, [&, &operation = operation, &name = name](Party& party) {
              const auto engine = protocol.make(party, profile_named(profile));
              DryEngine dry(protocol.costs(profile_named(profile)), party.id(), party.compute());
              EXPECT_EQ(depths(*engine, operation, {to}, n), depths(dry, operation, {to}, n))
                  << name << " after opening to " << to << ", " << profile << ", party " << index(party.id());
              EXPECT_EQ(party.meter().total().payload, dry.meter().total().payload) << name;
            });
}

TEST(DryEngine, FollowsWhatPartiesAndOthersTellOneAnother) {
  const ProtocolInfo& protocol = protocol_named("aby3");
  Workers workers(1);
  for (std::size_t self = 0; self < 3; ++self) {
    DryEngine dry(protocol.costs(profile_named("lan")), party_id(self),
                  Compute{ring_kernels(detect_isa()), workers});
    dry.tell_all(10);
    EXPECT_EQ(dry.meter().depth(), 1u);
    EXPECT_EQ(dry.meter().total().payload, 20u);
    dry.hear_outsider(1);
    EXPECT_EQ(dry.meter().depth(), 1u) << "what has been heard already";
    dry.hear_outsider(7);
    EXPECT_EQ(dry.meter().depth(), 7u);
    dry.tell_outsider(5);
    EXPECT_EQ(dry.meter().total().payload, 25u);
    const RingTensor one(Shape{1}, Words(1));
    OpenSesame::open(dry, dry.constant(one, Domain::Arith, 16), PartySet::only(party_id(2)));
    EXPECT_EQ(dry.meter().depth(), self == 2 ? 8u : 7u);
    EXPECT_EQ(dry.deepest(), 8u);
    EXPECT_EQ(dry.ahead()[2], self == 2 ? 0 : 1);
    dry.tell_all(1);
    EXPECT_EQ(dry.meter().depth(), self == 2 ? 8u : 9u) << "the deepest hears nothing deeper";
  }
}

}  // namespace
}  // namespace tacit
