#include "tacit/job/examples.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/fn/guard.h"

namespace tacit {

void check_uploads(const Job& job, std::span<const Upload> uploads) {
  const std::size_t features = feature_width(job.data.schema), targets = target_width(job.data.schema);
  if (job.data.holding == Holding::AllColumns) {
    for (const Upload& u : uploads)
      require(u.manifest.feature_columns.size() == features && u.manifest.target_width == targets,
              "{} brings {} of the schema's {} columns, but owners of different rows need all",
              u.manifest.owner, u.manifest.width(), features + targets);
    return;
  }
  const auto names = feature_names(job.data.schema);
  std::vector<const std::string*> holder(features, nullptr);
  const std::string* label = nullptr;
  for (const Upload& u : uploads) {
    const Manifest& first = uploads.front().manifest;
    require(u.manifest.rows == first.rows,
            "{} has {} rows and {} has {}: owners of different columns must have the same rows", first.owner,
            first.rows, u.manifest.owner, u.manifest.rows);
    for (std::size_t c : u.manifest.feature_columns) {
      require(holder[c] == nullptr, "{} and {} both bring the column '{}'",
              holder[c] == nullptr ? "" : *holder[c], u.manifest.owner, names[c]);
      holder[c] = &u.manifest.owner;
    }
    if (u.manifest.target_width == 0) continue;
    require(label == nullptr, "{} and {} both bring the label", label == nullptr ? "" : *label,
            u.manifest.owner);
    label = &u.manifest.owner;
  }
  for (std::size_t c = 0; c < features; ++c)
    require(holder[c] != nullptr, "nobody brings the column '{}'", names[c]);
  require(targets == 0 || label != nullptr, "nobody brings the label '{}'", job.data.schema.label->name);
}

SharedExamples::SharedExamples(const Job& job, std::span<const Upload> uploads, Part part)
    : example_(feature_shape(job.data.schema)),
      features_(feature_width(job.data.schema)),
      targets_(target_width(job.data.schema)),
      feature_range_(feature_range(job.data.schema)),
      target_range_(target_range(job.data.schema)),
      by_columns_(job.data.holding == Holding::SomeColumns),
      uploads_(uploads) {
  const std::size_t sources = by_columns_ ? 1 : uploads.size();
  for (std::size_t u = 0; u < sources; ++u) {
    const Manifest& m = uploads[u].manifest;
    const std::size_t cut = m.rows - m.test_rows;
    const std::size_t first = part == Part::Test ? cut : 0, end = part == Part::Train ? cut : m.rows;
    rows_ += end - first;
    runs_.push_back({u, first, rows_});
  }
}

SharedExamples::Place SharedExamples::place(std::size_t row) const {
  ensure(row < rows_, "a row of the examples");
  const auto run = std::upper_bound(runs_.begin(), runs_.end(), row,
                                    [](std::size_t r, const Run& x) { return r < x.end; });
  const std::size_t begin = run == runs_.begin() ? 0 : std::prev(run)->end;
  return {run->upload, run->first_row + (row - begin)};
}

void SharedExamples::read(std::size_t component, std::span<const std::size_t> rows, Word* features,
                          Word* targets) const {
  std::vector<Word> row;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Place at = place(rows[i]);
    const std::size_t first = by_columns_ ? 0 : at.upload,
                      last = by_columns_ ? uploads_.size() : at.upload + 1;
    for (std::size_t u = first; u < last; ++u) {
      const Manifest& m = uploads_[u].manifest;
      row.resize(m.width());
      uploads_[u].components[component]->read(at.row, 0, row);
      for (std::size_t c = 0; c < m.feature_columns.size(); ++c)
        features[i * features_ + m.feature_columns[c]] = row[c];
      std::copy_n(row.begin() + static_cast<std::ptrdiff_t>(m.feature_columns.size()), m.target_width,
                  targets + i * targets_);
    }
  }
}

nn::Examples::Batch SharedExamples::batch(fn::Ctx& ctx, std::span<const std::size_t> rows) {
  Shape shape = example_;
  shape.insert(shape.begin(), rows.size());
  const Shape target_shape{rows.size(), targets_};
  std::vector<RingTensor> features, targets;
  const std::size_t components = uploads_.front().components.size();
  for (std::size_t c = 0; c < components; ++c) {
    features.emplace_back(shape);
    targets.push_back(RingTensor::zeros(target_shape));
    read(c, rows, features.back().data(), targets.back().data());
  }
  const Secret<Real> x = fn::adopt(ctx, std::move(features), shape),
                     y = fn::adopt(ctx, std::move(targets), target_shape);
  return {fn::expect(ctx, x, feature_range_.low, feature_range_.high),
          fn::expect(ctx, y, target_range_.low, target_range_.high)};
}

}  // namespace tacit
