#include "tacit/nn/testing/engines.h"

#include <gtest/gtest.h>

#include "tacit/fn/access.h"
#include "tacit/mpc/generic/dry_engine.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/mpc/table.h"

namespace tacit::nn::testing {

using tacit::testing::OpenSesame;

Secret<Real> share(Ctx& ctx, const PublicTensor& t) {
  return fn::input(ctx, party_id(0), index(ctx.mpc.self()) == 0 ? &t : nullptr, t.shape);
}

PublicTensor open(Ctx& ctx, const Secret<Real>& x) {
  return {x.shape(), ctx.mpc.decode(OpenSesame::open(ctx.mpc, fn::Access::look(x)).words, ctx.frac)};
}

namespace {
template <class E>
void on_plain(const std::function<void(Ctx&)>& body) {
  Workers workers(1);
  E engine(Compute{ring_kernels(detect_isa()), workers});
  Ctx ctx{engine, kFrac};
  body(ctx);
}
}  // namespace

void on_fixed(const std::function<void(Ctx&)>& body) { on_plain<plain::PlainEngine>(body); }
void on_doubles(const std::function<void(Ctx&)>& body) { on_plain<plain::DoubleEngine>(body); }

void on_aby3(const std::function<void(Ctx&, Party&, const Profile&)>& body) {
  const ProtocolInfo& aby3 = protocol_named("aby3");
  for (const char* name : {"lan", "wan"})
    tacit::testing::run_parties(aby3.parties, [&](Party& party) {
      const Profile& profile = profile_named(name);
      const auto engine = aby3.make(party, profile);
      Ctx ctx{*engine, kFrac};
      body(ctx, party, profile);
    });
}

void on_dry(PartyId self, const Profile& profile, const std::function<void(Ctx&)>& body) {
  Workers workers(1);
  DryEngine engine(protocol_named("aby3").costs(profile), self, Compute{ring_kernels(detect_isa()), workers});
  Ctx ctx{engine, kFrac};
  body(ctx);
}

Cost cost_at(Party& party, const std::function<void()>& work) {
  // Two rounds, after which every clock is two past the deepest.
  auto synchronise = [&] {
    party.exchange("test.sync", {}, {}, {}, {});
    party.exchange("test.sync", {}, {}, {}, {});
  };
  synchronise();
  const Cost before = party.meter().total();
  work();
  Cost cost;
  cost.payload = party.meter().total().payload - before.payload;
  synchronise();
  cost.rounds = party.meter().total().rounds - before.rounds - 2;
  return cost;
}

Cost dry_cost(Ctx& dry, const std::function<void()>& work) {
  const Cost before = dry.mpc.meter().total();
  work();
  Cost cost;
  cost.payload = dry.mpc.meter().total().payload - before.payload;
  cost.rounds = dry.mpc.meter().total().rounds - before.rounds;
  return cost;
}

void expect_declared_cost(Party& party, const Profile& profile, Ctx& ctx,
                          const std::function<void(Ctx&, const Around&)>& body) {
  Cost measured, declared;
  body(ctx, [&](const std::function<void()>& work) { measured += cost_at(party, work); });
  on_dry(party.id(), profile, [&](Ctx& dry) {
    body(dry, [&](const std::function<void()>& work) { declared += dry_cost(dry, work); });
  });
  EXPECT_EQ(measured.payload, declared.payload) << profile.name << ", party " << index(party.id());
  EXPECT_EQ(measured.rounds, declared.rounds) << profile.name << ", party " << index(party.id());
}

}  // namespace tacit::nn::testing
