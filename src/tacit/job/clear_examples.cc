#include "tacit/job/clear_examples.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/fn/linear.h"

namespace tacit::clear {

namespace {

void append_row(Table& t, const double* x, const double* y) {
  t.x.insert(t.x.end(), x, x + t.features);
  t.y.insert(t.y.end(), y, y + t.targets);
  ++t.rows;
}

}  // namespace

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

nn::Examples::Batch Examples::batch(fn::Ctx& ctx, std::span<const std::size_t> rows) {
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

}  // namespace tacit::clear
