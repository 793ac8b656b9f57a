#include "tacit/job/clear.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/job/clear_examples.h"
#include "tacit/job/loss_points.h"
#include "tacit/job/score.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/graph/score_bound.h"

namespace tacit {

namespace {

using clear::Table;
using clear::Tables;
using ClearExamples = clear::Examples;
using clear::load;
using clear::value_of;

template <class Body>
void each_batch(std::size_t rows, Body body) {
  std::vector<std::size_t> all(rows);
  std::iota(all.begin(), all.end(), std::size_t{0});
  constexpr std::size_t kBatch = 256;
  for (std::size_t begin = 0; begin < rows; begin += kBatch)
    body(std::span(all).subspan(begin, std::min(kBatch, rows - begin)));
}

}  // namespace

ClearRun run_clear(const Job& job, const std::vector<DataFiles>& data, std::size_t loss_points,
                   const std::function<void(std::size_t, std::size_t)>& progress) {
  const Tables tables = load(job, data);
  const nn::Graph graph = build_model(job);
  Workers workers(0);
  plain::DoubleEngine engine(Compute{ring_kernels(detect_isa()), workers});
  fn::Ctx ctx{engine, job.fraction_bits};
  nn::Parameters parameters = nn::initial_parameters(ctx, graph);
  ClearExamples examples(tables.train);
  ClearRun out;
  nn::TrainHooks hooks;
  hooks.wants_loss = LossPoints(examples.rows(), job.training, loss_points);
  hooks.after_step = [&](const nn::StepInfo& info) {
    if (info.loss != nullptr)
      out.loss.push_back(
          {info.step, value_of(engine, *info.loss).values.at(0) / static_cast<double>(info.examples)});
    if (progress) progress(info.step + 1, info.steps);
  };
  nn::train(ctx, graph, parameters, examples, job.training, hooks);
  for (const auto& p : parameters) out.parameters.push_back(value_of(engine, p));
  if (tables.test.rows > 0) {
    ClearExamples test(tables.test);
    Score score(job.data.schema.metric);
    each_batch(test.rows(), [&](std::span<const std::size_t> rows) {
      const auto batch = test.batch(ctx, rows);
      const Secret<Real> inputs[] = {batch.features};
      score.add(ctx, nn::forward(ctx, graph, parameters, inputs)[0], batch.targets);
    });
    out.metric = score.value(value_of(engine, score.sum(ctx)).values.at(0), test.rows());
  }
  return out;
}

RunReport::Agreement compare_model(const Job& job, const std::vector<DataFiles>& data,
                                   const nn::Graph& exported, const std::vector<PublicTensor>& parameters) {
  const Tables tables = load(job, data);
  const Table& table = tables.test.rows > 0 ? tables.test : tables.train;
  const nn::Graph own = build_model(job);
  Workers workers(0);
  const Compute compute{ring_kernels(detect_isa()), workers};
  plain::PlainEngine fixed(compute);
  plain::DoubleEngine real(compute);
  fn::Ctx fixed_ctx{fixed, job.fraction_bits}, real_ctx{real, job.fraction_bits};
  nn::Parameters fixed_parameters, real_parameters;
  for (const auto& p : parameters) fixed_parameters.push_back(fn::constant(fixed_ctx, p));
  for (nn::ValueId id : exported.parameters())
    real_parameters.push_back(fn::constant(real_ctx, exported.values[id].initial));
  ClearExamples examples(table);
  RunReport::Agreement out;
  out.score_bound = nn::score_bound(own, parameters, job.fraction_bits).value_or(0);
  each_batch(table.rows, [&](std::span<const std::size_t> rows) {
    const Secret<Real> a[] = {examples.batch(fixed_ctx, rows).features},
                       b[] = {examples.batch(real_ctx, rows).features};
    const PublicTensor x = value_of(fixed, nn::forward(fixed_ctx, own, fixed_parameters, a)[0]);
    const PublicTensor y = value_of(real, nn::forward(real_ctx, exported, real_parameters, b)[0]);
    const std::size_t width = x.shape.back();
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const double* p = x.values.data() + r * width;
      const double* q = y.values.data() + r * width;
      double first = -1e300, second = -1e300;
      for (std::size_t i = 0; i < width; ++i) {
        out.worst_difference = std::max(out.worst_difference, std::fabs(p[i] - q[i]));
        if (q[i] > first)
          second = first, first = q[i];
        else
          second = std::max(second, q[i]);
      }
      ++out.examples;
      if (width > 1 && first - second <= 2 * out.score_bound) ++out.close_calls;
      if (std::max_element(p, p + width) - p == std::max_element(q, q + width) - q) ++out.same_class;
    }
  });
  return out;
}

}  // namespace tacit
