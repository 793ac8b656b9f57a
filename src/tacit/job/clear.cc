#include "tacit/job/clear.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/job/loss_points.h"
#include "tacit/job/score.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/nn/graph/score_bound.h"
#include "tacit/secret/gate.h"

namespace tacit {

namespace {

/// All owners' rows, joined as the parties join them; features and targets as plain numbers.
struct Table {
  std::size_t rows = 0, features, targets;
  Shape example;
  std::vector<double> x, y;
};

struct Tables {
  Table train, test;
};

void append_row(Table& t, const double* x, const double* y) {
  t.x.insert(t.x.end(), x, x + t.features);
  t.y.insert(t.y.end(), y, y + t.targets);
  ++t.rows;
}

Tables load(const Job& job, const std::vector<DataFiles>& files) {
  const Schema& schema = job.data.schema;
  Tables out;
  for (Table* t : {&out.train, &out.test}) {
    t->features = feature_width(schema);
    t->targets = target_width(schema);
    t->example = feature_shape(schema);
  }
  std::vector<Dataset> sets;
  for (const DataFiles& f : files) sets.push_back(load_dataset(f, schema, {true, job.data.holding}));
  auto test_rows = [&](std::size_t rows) {
    return static_cast<std::size_t>(std::floor(job.data.test_fraction * static_cast<double>(rows)));
  };
  if (job.data.holding == Holding::AllColumns) {
    for (const Dataset& d : sets) {
      const std::size_t cut = d.examples.rows - test_rows(d.examples.rows);
      for (std::size_t r = 0; r < d.examples.rows; ++r)
        append_row(r < cut ? out.train : out.test, d.examples.features.data() + r * out.train.features,
                   d.examples.targets.data() + r * out.train.targets);
    }
    return out;
  }
  const std::size_t rows = sets.front().examples.rows, cut = rows - test_rows(rows);
  std::vector<double> x(out.train.features), y(out.train.targets);
  for (std::size_t r = 0; r < rows; ++r) {
    for (const Dataset& d : sets) {
      require(d.examples.rows == rows, "the owners' files have different numbers of rows");
      const std::size_t width = d.layout.feature_width();
      for (std::size_t c = 0; c < width; ++c)
        x[d.layout.feature_columns[c]] = d.examples.features[r * width + c];
      std::copy_n(d.examples.targets.data() + r * d.layout.target_width, d.layout.target_width, y.data());
    }
    append_row(r < cut ? out.train : out.test, x.data(), y.data());
  }
  return out;
}

class ClearExamples final : public nn::Examples {
 public:
  explicit ClearExamples(const Table& table) : t_(table) {}
  std::size_t rows() const override { return t_.rows; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t> rows) override {
    Shape shape = t_.example;
    shape.insert(shape.begin(), rows.size());
    PublicTensor x{shape, {}}, y{{rows.size(), t_.targets}, {}};
    for (std::size_t r : rows) {
      const auto from = t_.x.begin() + static_cast<std::ptrdiff_t>(r * t_.features);
      const auto to = t_.y.begin() + static_cast<std::ptrdiff_t>(r * t_.targets);
      x.values.insert(x.values.end(), from, from + static_cast<std::ptrdiff_t>(t_.features));
      y.values.insert(y.values.end(), to, to + static_cast<std::ptrdiff_t>(t_.targets));
    }
    return {fn::constant(ctx, x), fn::constant(ctx, y)};
  }

 private:
  const Table& t_;
};

/// Opens what is no secret to its one party.
template <class E>
PublicTensor value_of(Engine& engine, const Secret<E>& x) {
  RevealPolicy policy({{"clear", {"clear"}, "there is nobody else", 1}}, {"clear"});
  Ledger ledger;
  return *Gate::reveal(engine, ledger, x, policy.permit("clear")).opened;
}

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
