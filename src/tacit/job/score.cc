#include "tacit/job/score.h"

#include "tacit/base/error.h"

namespace tacit {

Score::Score(Metric metric) : metric_(metric) {
  require(metric != Metric::Auc,
          "the metric 'auc' is not computed on shares: choose accuracy, log_loss, mse or mae");
}

void Score::add(fn::Ctx& ctx, const Secret<Real>& outputs, const Secret<Real>& targets) {
  std::optional<Secret<Real>> part;
  const std::size_t axes[] = {0, 1};
  switch (metric_) {
    case Metric::Accuracy:
      part = nn::count_correct(ctx, outputs, targets);
      break;
    case Metric::LogLoss:
      part = nn::loss_named(outputs.shape()[1] > 1 ? "softmax_cross_entropy" : "binary_cross_entropy")
                 .evaluate(ctx, outputs, targets, true)
                 .total;
      break;
    case Metric::Mse: {
      const auto half = nn::loss_named("squared_error").evaluate(ctx, outputs, targets, true).total;
      part = fn::scale(ctx, *half, 2);
      break;
    }
    case Metric::Mae: {
      const Secret<Real> d = fn::sub(ctx, outputs, targets);
      part = fn::sum(ctx, fn::sub(ctx, fn::scale(ctx, fn::relu(ctx, d).value, 2), d), axes);
      break;
    }
    case Metric::Auc:
      ensure(false, "refused when made");
      break;
  }
  sum_ = sum_ ? fn::add(ctx, *sum_, *part) : *part;
}

double Score::value(double sum, std::size_t rows) const { return sum / static_cast<double>(rows); }

}  // namespace tacit
