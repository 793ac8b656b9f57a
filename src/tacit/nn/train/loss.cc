#include "tacit/nn/train/loss.h"

#include <numeric>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::nn {

namespace {

Secret<Real> total_of(Ctx& ctx, const Secret<Real>& x) {
  std::vector<std::size_t> axes(x.shape().size());
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  return fn::sum(ctx, x, axes);
}

/// Σ a·b over all elements, as one wide number.
Secret<Wide> total_of_products(Ctx& ctx, const Secret<Real>& a, const Secret<Real>& b) {
  const Shape row{1, a.size()}, column{a.size(), 1};
  return fn::reshape(ctx, fn::matmul(ctx, fn::reshape(ctx, a, row), fn::reshape(ctx, b, column)), Shape{});
}

// p - t; the total is Σ log(Σ e^shifted) - shifted_t.
LossResult softmax_cross_entropy(Ctx& ctx, const Secret<Real>& outputs, const Secret<Real>& targets,
                                 bool want_total) {
  const fn::Softmax s = fn::softmax_last(ctx, outputs);
  LossResult out{fn::sub(ctx, s.probabilities, targets), std::nullopt};
  if (want_total) {
    const double classes = static_cast<double>(outputs.shape().back());
    const Secret<Real> logs = fn::log_up_to(ctx, s.sum, classes + 0.25);
    const Secret<Real> chosen = fn::trunc(ctx, total_of_products(ctx, s.shifted, targets));
    out.total = fn::sub(ctx, total_of(ctx, logs), chosen);
  }
  return out;
}

// σ(x) - t; the total is Σ log(1 + e^x) - x t.
LossResult binary_cross_entropy(Ctx& ctx, const Secret<Real>& outputs, const Secret<Real>& targets,
                                bool want_total) {
  LossResult out{fn::sub(ctx, fn::sigmoid(ctx, outputs), targets), std::nullopt};
  if (want_total) {
    const Secret<Real> chosen = fn::trunc(ctx, total_of_products(ctx, outputs, targets));
    out.total = fn::sub(ctx, total_of(ctx, fn::softplus(ctx, outputs)), chosen);
  }
  return out;
}

// y - t; the total is half the sum of squares.
LossResult squared_error(Ctx& ctx, const Secret<Real>& outputs, const Secret<Real>& targets,
                         bool want_total) {
  LossResult out{fn::sub(ctx, outputs, targets), std::nullopt};
  if (want_total)
    out.total = fn::trunc(ctx, fn::shift_down(ctx, total_of_products(ctx, out.gradient, out.gradient), 1));
  return out;
}

constexpr Loss kSoftmax{"softmax_cross_entropy", "classes: scores against one-hot targets",
                        softmax_cross_entropy};
constexpr Loss kBinary{"binary_cross_entropy", "yes or no: one score against 0 or 1", binary_cross_entropy};
constexpr Loss kSquared{"squared_error", "numbers: half the squared distance", squared_error};

}  // namespace

std::span<const Loss* const> all_losses() {
  static constexpr const Loss* kAll[] = {&kSoftmax, &kBinary, &kSquared};
  return kAll;
}

const Loss& loss_named(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Loss* loss : all_losses()) {
    if (loss->name == name) return *loss;
    names.push_back(loss->name);
  }
  throw UsageError(fmt::format("there is no loss '{}': did you mean '{}'?", name, nearest(name, names)));
}

}  // namespace tacit::nn
