#include "tacit/nn/testing/check_op.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tacit/mpc/generic/guard_engine.h"
#include "tacit/nn/testing/engines.h"

namespace tacit::nn::testing {

namespace {

using tacit::testing::OpenSesame;

/// A row's arguments on some engine, and the gradient that comes from above.
struct Prepared {
  std::vector<std::optional<Value>> values;
  Secret<Real> upstream;

  std::vector<const Value*> pointers() const {
    std::vector<const Value*> out;
    for (const auto& v : values) out.push_back(v ? &*v : nullptr);
    return out;
  }
};

struct Computed {
  Value inference, training;
  std::vector<std::optional<Secret<Real>>> gradients;
  std::vector<StateUpdate> state;
};

/// The same once it is opened.
struct Opened {
  PublicTensor inference, training;
  std::vector<std::optional<PublicTensor>> gradients;
  std::vector<PublicTensor> state;
};

constexpr std::uint64_t kDraw = 7;

Tensors tensors(const OpCase& row) {
  Tensors out;
  for (const Argument& a : row.in) out.push_back(a.value);
  return out;
}

bool has_gradient(const OpCase& row, std::size_t i) {
  const bool state = std::find(row.op->state.begin(), row.op->state.end(), i) != row.op->state.end();
  const bool condition = row.op == &kWhere && i == 0;
  return row.op->backward != nullptr && row.in[i].kind == Argument::Kind::Secret && !state && !condition;
}

Prepared prepare(Ctx& ctx, const OpCase& row, const PublicTensor& upstream) {
  Prepared p{{}, share(ctx, upstream)};
  for (const Argument& a : row.in) {
    if (a.kind == Argument::Kind::Absent)
      p.values.emplace_back(std::nullopt);
    else if (a.kind == Argument::Kind::Known)
      p.values.emplace_back(Value(a.value));
    else
      p.values.emplace_back(Value(share(ctx, a.value)));
  }
  return p;
}

Computed compute(Ctx& ctx, const OpCase& row, const Prepared& p) {
  const auto in = p.pointers();
  const Call call{in, row.attrs, kDraw};
  std::any saved;
  Computed c{row.op->forward(ctx, call, nullptr), row.op->forward(ctx, call, &saved), {}, {}};
  std::vector<Grad> sums(in.size());
  std::vector<Grad*> to;
  for (std::size_t i = 0; i < in.size(); ++i) to.push_back(has_gradient(row, i) ? &sums[i] : nullptr);
  if (row.op->backward != nullptr) row.op->backward(ctx, call, c.training, saved, p.upstream, to);
  for (std::size_t i = 0; i < in.size(); ++i) {
    c.gradients.emplace_back();
    if (to[i] != nullptr) c.gradients.back() = sums[i].real(ctx);
  }
  if (row.op->next_state != nullptr) c.state = row.op->next_state(ctx, call, saved);
  return c;
}

PublicTensor open(Ctx& ctx, const Value& v) {
  return v.is_secret() ? testing::open(ctx, v.secret("")) : v.known("");
}

Opened open(Ctx& ctx, const Computed& c) {
  Opened out{open(ctx, c.inference), open(ctx, c.training), {}, {}};
  for (const auto& g : c.gradients) {
    out.gradients.emplace_back();
    if (g) out.gradients.back() = testing::open(ctx, *g);
  }
  for (const auto& s : c.state) out.state.push_back(testing::open(ctx, s.value));
  return out;
}

void expect_near(const PublicTensor& got, const PublicTensor& want, double absolute, double relative,
                 const std::string& where) {
  ASSERT_EQ(got.shape, want.shape) << where;
  for (std::size_t i = 0; i < want.values.size(); ++i)
    ASSERT_LE(std::fabs(got.values[i] - want.values[i]), absolute + relative * std::fabs(want.values[i]))
        << where << ", element " << i << ": " << got.values[i] << " for " << want.values[i];
}

void expect_within(const Opened& got, const Opened& want, const OpCase& row, const std::string& where) {
  const double ulp = std::ldexp(1.0, -static_cast<int>(kFrac));
  expect_near(got.inference, want.inference, row.forward.ulps * ulp, row.forward.relative,
              where + " in inference");
  expect_near(got.training, want.training, row.forward.ulps * ulp, row.forward.relative,
              where + " in training");
  for (std::size_t i = 0; i < want.gradients.size(); ++i)
    if (want.gradients[i])
      expect_near(*got.gradients[i], *want.gradients[i], row.gradient.ulps * ulp, row.gradient.relative,
                  where + " gradient " + std::to_string(i));
  for (std::size_t i = 0; i < want.state.size(); ++i)
    expect_near(got.state[i], want.state[i], row.forward.ulps * ulp, row.forward.relative, where + " state");
}

/// Guarded against overflow an operator does the same, and its rows' ordinary numbers raise no alarm.
void expect_unremarkable(Ctx& ctx, const OpCase& row, const PublicTensor& upstream, const Opened& exact,
                         const std::string& where) {
  GuardEngine guard(ctx.mpc);
  Ctx guarded{guard, ctx.frac};
  guard.watch(true);
  const Computed c = compute(guarded, row, prepare(guarded, row, upstream));
  const auto verdict = guard.settle_checks(false);
  guard.watch(false);
  if (verdict) { EXPECT_EQ(OpenSesame::open(ctx.mpc, verdict->bits).words[0] & 1, 0u) << where; }
  expect_within(open(ctx, c), exact, row, where);
}

/// Σ upstream · result in training, on doubles.
double objective(Ctx& ctx, OpCase row, const PublicTensor& upstream, std::size_t argument,
                 std::size_t element, double step) {
  row.in[argument].value.values[element] += step;
  const Prepared p = prepare(ctx, row, upstream);
  const auto in = p.pointers();
  std::any saved;
  const PublicTensor y = open(ctx, row.op->forward(ctx, {in, row.attrs, kDraw}, &saved));
  double sum = 0;
  for (std::size_t i = 0; i < y.values.size(); ++i) sum += y.values[i] * upstream.values[i];
  return sum;
}

/// Each derivative against central differences; at a bend, it has to lie between the one-sided ones.
std::size_t check_derivatives(Ctx& ctx, const OpCase& row, const PublicTensor& upstream, const Opened& got,
                              const std::string& where) {
  const double step = row.step;
  constexpr std::size_t kMost = 24;
  std::size_t checked = 0;
  for (std::size_t a = 0; a < row.in.size(); ++a) {
    if (!got.gradients[a]) continue;
    const auto& gradient = got.gradients[a]->values;
    EXPECT_EQ(got.gradients[a]->shape, row.in[a].value.shape) << where;
    const std::size_t stride = std::max<std::size_t>(1, gradient.size() / kMost);
    for (std::size_t e = 0; e < gradient.size(); e += stride, ++checked) {
      const double here = objective(ctx, row, upstream, a, e, 0);
      const double right = (objective(ctx, row, upstream, a, e, step) - here) / step;
      const double left = (here - objective(ctx, row, upstream, a, e, -step)) / step;
      const double slack = 1e-4 * (1 + std::fabs(gradient[e]));
      EXPECT_GE(gradient[e], std::min(left, right) - slack) << where << ", input " << a << ", element " << e;
      EXPECT_LE(gradient[e], std::max(left, right) + slack) << where << ", input " << a << ", element " << e;
    }
  }
  return checked;
}

}  // namespace

std::size_t check(const std::vector<OpCase>& rows) {
  std::size_t derivatives = 0;
  std::vector<PublicTensor> upstream;
  std::vector<Opened> exact;
  on_doubles([&](Ctx& ctx) {
    for (const OpCase& row : rows) {
      const std::string where = std::string(row.op->name) + ", " + row.what;
      const PublicTensor want = row.reference(tensors(row)),
                         trained = row.training ? row.training(tensors(row)) : want;
      std::vector<Shape> shapes;
      for (const Argument& a : row.in) shapes.push_back(a.value.shape);
      EXPECT_EQ(row.op->shape(shapes, row.attrs), want.shape) << where;
      upstream.push_back(uniform(want.shape, -2, 2, 1000 + upstream.size()));
      const Prepared p = prepare(ctx, row, upstream.back());
      exact.push_back(open(ctx, compute(ctx, row, p)));
      expect_near(exact.back().inference, want, row.tolerance, row.tolerance, where + " on doubles");
      expect_near(exact.back().training, trained, row.tolerance, row.tolerance,
                  where + " on doubles, in training");
      derivatives += check_derivatives(ctx, row, upstream.back(), exact.back(), where);
    }
  });
  on_fixed([&](Ctx& ctx) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string where = std::string(rows[i].op->name) + ", " + rows[i].what + ", fixed";
      expect_within(open(ctx, compute(ctx, rows[i], prepare(ctx, rows[i], upstream[i]))), exact[i], rows[i],
                    where);
      expect_unremarkable(ctx, rows[i], upstream[i], exact[i], where + ", guarded");
    }
  });
  on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string where =
          std::string(rows[i].op->name) + ", " + rows[i].what + ", aby3 in " + std::string(profile.name);
      std::optional<Opened> got;
      SCOPED_TRACE(where);
      expect_declared_cost(party, profile, ctx, [&](Ctx& engine, const Around& around) {
        const Prepared p = prepare(engine, rows[i], upstream[i]);
        std::optional<Computed> c;
        around([&] { c = compute(engine, rows[i], p); });
        if (!got) got = open(engine, *c);
      });
      if (index(party.id()) == 0) expect_within(*got, exact[i], rows[i], where);
    }
  });
  return derivatives;
}

}  // namespace tacit::nn::testing
