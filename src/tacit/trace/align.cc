#include "tacit/trace/align.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tacit/base/error.h"
#include "tacit/trace/match_rows.h"

namespace tacit::trace {

namespace {

/// Rows with a smaller cosine are not taken for the same: those of other networks have as much by chance.
constexpr double kLeastCosine = 0.3;
/// Factors of columns are fitted where they rest on so many weights.
constexpr std::size_t kEnoughRows = 8;
constexpr int kFits = 8;
constexpr std::size_t kSpareRows = 1024;
/// Weights whose factor was ill found are large, and must not outweigh all others.
constexpr double kMostLike = 3;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What became of a layer's outputs.
struct Channels {
  std::vector<std::optional<std::size_t>> of;  ///< where each lies in the leaked layer
  std::vector<double> factor;                  ///< by which it is larger there
  std::size_t leaked = 0;                      ///< outputs of the leaked layer
};

/// A layer and what may be the same one, with columns in the original's order.
struct Pairing {
  const Layer& original;
  const Layer& leaked;
  std::vector<std::optional<std::size_t>> column;  ///< of the leaked layer
  std::vector<double> expected;  ///< what a column was divided by, if its channel was scaled
  std::size_t block = 1;         ///< columns of one channel
};

std::optional<Pairing> pair(const Layer& o, const Layer& l, const Channels* inputs) {
  // More neurons than this nobody adds, and memory is bounded by it.
  if (l.rows > 2 * o.rows + kSpareRows) return std::nullopt;
  Pairing out{o, l, std::vector<std::optional<std::size_t>>(o.columns), std::vector<double>(o.columns, 1.0),
              o.block};
  const std::size_t channels = inputs != nullptr ? inputs->of.size() : 0;
  const bool known = !o.grouped && channels > 0 && o.columns % channels == 0 && inputs->leaked > 0 &&
                     l.columns == inputs->leaked * (o.columns / channels);
  if (!known) {
    if (o.columns != l.columns) return std::nullopt;
    for (std::size_t c = 0; c < o.columns; ++c) out.column[c] = c;
    return out;
  }
  const std::size_t block = out.block = o.columns / channels;
  for (std::size_t c = 0; c < o.columns; ++c) {
    const auto& channel = inputs->of[c / block];
    if (!channel) continue;
    out.column[c] = *channel * block + c % block;
    out.expected[c] = inputs->factor[c / block];
  }
  return out;
}

/// Rows of the leaked layer in the original's columns, multiplied by what those are expected to be divided
/// by.
Rows leaked_rows(const Pairing& p, bool scaled) {
  Rows out{p.leaked.rows, p.original.columns, {}};
  out.numbers.reserve(out.count * out.length);
  for (std::size_t r = 0; r < out.count; ++r)
    for (std::size_t c = 0; c < out.length; ++c)
      out.numbers.push_back(p.column[c] ? p.leaked.at(r, *p.column[c]) * (scaled ? p.expected[c] : 1) : 0);
  return out;
}
Rows original_rows(const Pairing& p) {
  Rows out{p.original.rows, p.original.columns, p.original.weights};
  for (std::size_t c = 0; c < out.length; ++c)
    if (!p.column[c])
      for (std::size_t r = 0; r < out.count; ++r) out.numbers[r * out.length + c] = 0;
  return out;
}

/// Weights are what the original's are, times a factor of the row and one of the column's channel.
class Fit {
 public:
  Fit(const Pairing& p, const Rows& leaked, const Matching& rows)
      : p_(p), l_(leaked), rows_(rows), block_(p.block), d_(p.original.rows, 1.0) {
    const Layer& o = p.original;
    h_.assign((o.columns + block_ - 1) / block_, 1.0);
    const auto found = static_cast<std::size_t>(
        std::count_if(rows.of.begin(), rows.of.end(), [](const auto& r) { return r.has_value(); }));
    const bool columns = !o.grouped && found >= kEnoughRows;
    for (int i = 0; i < kFits; ++i) {
      fit_rows();
      if (!columns) break;
      fit_columns();
    }
    if (columns) fit_rows();
  }

  double row(std::size_t r) const { return d_[r]; }
  /// Not a number where it cannot be told.
  double weight(std::size_t r, std::size_t c) const {
    if (!rows_.of[r] || !p_.column[c]) return kNaN;
    const double factor = d_[r] * h_[c / block_];
    return std::fabs(factor) > 1e-9 ? l_.row(*rows_.of[r])[c] / factor : kNaN;
  }

 private:
  /// Calls f(original, leaked) for weights that say something of factors: none that were pruned.
  template <class F>
  void each(std::size_t r, F f) const {
    if (!rows_.of[r]) return;
    const double* l = l_.row(*rows_.of[r]);
    for (std::size_t c = 0; c < p_.original.columns; ++c)
      if (p_.column[c] && l[c] != 0) f(c, p_.original.at(r, c), l[c]);
  }
  void fit_rows() {
    for (std::size_t r = 0; r < d_.size(); ++r) {
      double both = 0, own = 0;
      each(r, [&](std::size_t c, double o, double l) {
        const double expected = o * h_[c / block_];
        both += l * expected;
        own += expected * expected;
      });
      if (own > 0) d_[r] = both / own;
    }
  }
  void fit_columns() {
    std::vector<double> both(h_.size()), own(h_.size());
    for (std::size_t r = 0; r < d_.size(); ++r)
      each(r, [&](std::size_t c, double o, double l) {
        const double expected = o * d_[r];
        both[c / block_] += l * expected;
        own[c / block_] += expected * expected;
      });
    for (std::size_t c = 0; c < h_.size(); ++c)
      if (own[c] > 0) h_[c] = both[c] / own[c];
  }

  const Pairing& p_;
  const Rows& l_;
  const Matching& rows_;
  std::size_t block_;
  std::vector<double> d_, h_;
};

/// Outputs of a convolution by channels lie as the channels do.
Matching as_inputs(const Pairing& p, const Channels* inputs) {
  Matching out;
  out.of.resize(p.original.rows);
  const bool known = inputs != nullptr && inputs->of.size() == p.original.rows;
  for (std::size_t r = 0; r < p.original.rows; ++r) {
    if (known) out.of[r] = inputs->of[r];
    if (!known && r < p.leaked.rows) out.of[r] = r;
    if (out.of[r] && *out.of[r] >= p.leaked.rows) out.of[r].reset();
  }
  return out;
}

AlignedLayer align_pair(const Pairing& p, const Channels* inputs, Channels& outputs, Workers& workers) {
  Rows leaked = leaked_rows(p, false);
  Matching rows;
  if (p.original.grouped) {
    rows = as_inputs(p, inputs);
  } else {
    const Rows original = original_rows(p);
    rows = match_rows(original, leaked, kLeastCosine, workers);
    // Behind a normalisation a channel's factor is gone, and else the next layer's columns undo it.
    if (std::any_of(p.expected.begin(), p.expected.end(), [](double f) { return std::fabs(f - 1) > 1e-3; })) {
      Rows scaled = leaked_rows(p, true);
      Matching other = match_rows(original, scaled, kLeastCosine, workers);
      if (other.sum > rows.sum) leaked = std::move(scaled), rows = std::move(other);
    }
  }
  const Fit fit(p, leaked, rows);
  AlignedLayer out;
  out.weights.reserve(p.original.rows * p.original.columns);
  for (std::size_t r = 0; r < p.original.rows; ++r) {
    for (std::size_t c = 0; c < p.original.columns; ++c) out.weights.push_back(fit.weight(r, c));
    out.rows_found += rows.of[r] ? 1 : 0;
    out.rows_moved += rows.of[r] && *rows.of[r] != r ? 1 : 0;
    outputs.factor.push_back(fit.row(r));
  }
  outputs.of = std::move(rows.of);
  outputs.leaked = p.leaked.rows;
  return out;
}

/// Which leaked layer answers to which: one after the other, as many as there can be of equal form.
std::vector<std::optional<std::size_t>> partners(const std::vector<Layer>& o, const std::vector<Layer>& l) {
  std::vector<std::optional<std::size_t>> out(o.size());
  if (o.size() == l.size()) {
    for (std::size_t i = 0; i < o.size(); ++i) out[i] = i;
    return out;
  }
  const auto alike = [&](std::size_t i, std::size_t j) {
    return o[i].rows == l[j].rows && o[i].columns == l[j].columns;
  };
  const std::size_t wide = l.size() + 1;
  require(o.size() < (std::size_t{1} << 14) && l.size() < (std::size_t{1} << 14),
          "a network of {} layers is too deep to be held against another", std::max(o.size(), l.size()));
  std::vector<std::uint16_t> longest((o.size() + 1) * wide);
  for (std::size_t i = o.size(); i-- > 0;)
    for (std::size_t j = l.size(); j-- > 0;)
      longest[i * wide + j] = alike(i, j) ? static_cast<std::uint16_t>(longest[(i + 1) * wide + j + 1] + 1)
                                          : std::max(longest[(i + 1) * wide + j], longest[i * wide + j + 1]);
  for (std::size_t i = 0, j = 0; i < o.size() && j < l.size();) {
    if (alike(i, j)) {
      out[i++] = j++;
    } else if (longest[(i + 1) * wide + j] >= longest[i * wide + j + 1]) {
      ++i;
    } else {
      ++j;
    }
  }
  return out;
}

double likeness_of(const std::vector<Layer>& original, const std::vector<AlignedLayer>& aligned) {
  double both = 0, own = 0, other = 0;
  for (std::size_t i = 0; i < original.size(); ++i) {
    const std::vector<double> scales = row_scales(original[i]);
    for (std::size_t r = 0; r < original[i].rows; ++r) {
      if (!(scales[r] > 0)) continue;
      for (std::size_t c = 0; c < original[i].columns; ++c) {
        const double o = std::clamp(original[i].at(r, c) / scales[r], -kMostLike, kMostLike);
        own += o * o;
        if (aligned[i].weights.empty()) continue;
        double l = aligned[i].weights[r * original[i].columns + c] / scales[r];
        if (!std::isfinite(l)) continue;
        l = std::clamp(l, -kMostLike, kMostLike);
        both += o * l;
        other += l * l;
      }
    }
  }
  // Of networks with absurd weights the sums are no numbers.
  const double out = own > 0 && other > 0 ? both / std::sqrt(own) / std::sqrt(other) : 0;
  return std::isfinite(out) ? std::clamp(out, -1.0, 1.0) : 0;
}

}  // namespace

Aligned align(const std::vector<Layer>& original, const std::vector<Layer>& leaked, Workers& workers) {
  Aligned out;
  out.layers.resize(original.size());
  std::vector<Channels> channels(original.size());
  const auto partner = partners(original, leaked);
  for (std::size_t i = 0; i < original.size(); ++i) {
    if (!partner[i]) continue;
    const auto& producer = original[i].producer;
    const Channels* inputs = producer && !channels[*producer].of.empty() ? &channels[*producer] : nullptr;
    const auto p = pair(original[i], leaked[*partner[i]], inputs);
    if (p) out.layers[i] = align_pair(*p, inputs, channels[i], workers);
  }
  out.likeness = likeness_of(original, out.layers);
  return out;
}

}  // namespace tacit::trace
