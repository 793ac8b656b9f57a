#include "tacit/trace/match_rows.h"

#include <algorithm>
#include <cmath>

namespace tacit::trace {

namespace {

/// A row this near to the one in its place stands where it stood.
constexpr double kInPlace = 0.95;
/// Of each row so many candidates are kept.
constexpr std::size_t kCandidates = 8;
/// Multiplications that one matching may take: a minute.
constexpr double kMostWork = 0x1p36;

struct Pair {
  double cosine;  ///< its magnitude
  std::size_t first, second;
};

Rows normalised(const Rows& from) {
  Rows out = from;
  for (std::size_t r = 0; r < out.count; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < out.length; ++c) sum += from.row(r)[c] * from.row(r)[c];
    const double factor = sum > 0 && std::isfinite(sum) ? 1 / std::sqrt(sum) : 0;
    for (std::size_t c = 0; c < out.length; ++c) {
      double& x = out.numbers[r * out.length + c];
      x = factor > 0 ? x * factor : 0;
    }
  }
  return out;
}

/// In four sums, which do not wait for each other.
double cosine(const Rows& a, std::size_t i, const Rows& b, std::size_t j) {
  const double *x = a.row(i), *y = b.row(j);
  double sums[4] = {};
  std::size_t c = 0;
  for (; c + 4 <= a.length; c += 4)
    for (std::size_t k = 0; k < 4; ++k) sums[k] += x[c + k] * y[c + k];
  for (; c < a.length; ++c) sums[0] += x[c] * y[c];
  return std::fabs(sums[0] + sums[1] + sums[2] + sums[3]);
}

class Matcher {
 public:
  Matcher(const Rows& first, const Rows& second)
      : a_(normalised(first)), b_(normalised(second)), taken_(b_.count) {
    out_.of.resize(a_.count);
  }

  /// Rows that lie where they lay, if they are at least `share` of all.
  void in_place(double least, double share) {
    std::vector<Pair> found;
    for (std::size_t r = 0; r < std::min(a_.count, b_.count); ++r)
      if (const double c = cosine(a_, r, b_, r); c >= least) found.push_back({c, r, r});
    if (static_cast<double>(found.size()) < share * static_cast<double>(a_.count)) return;
    for (const Pair& p : found) take(p);
  }

  void anywhere(double least, Workers& workers) {
    std::vector<std::size_t> rows, places;
    for (std::size_t r = 0; r < a_.count; ++r)
      if (!out_.of[r]) rows.push_back(r);
    for (std::size_t r = 0; r < b_.count; ++r)
      if (!taken_[r]) places.push_back(r);
    const double work = static_cast<double>(rows.size()) * static_cast<double>(places.size()) *
                        static_cast<double>(a_.length);
    if (work > kMostWork) return in_place(least, 0);
    std::vector<std::vector<Pair>> candidates(rows.size());
    workers.parallel_for(rows.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        std::vector<Pair>& mine = candidates[i];
        for (const std::size_t place : places)
          if (const double c = cosine(a_, rows[i], b_, place); c >= least)
            mine.push_back({c, rows[i], place});
        const std::size_t kept = std::min(mine.size(), kCandidates);
        std::partial_sort(mine.begin(), mine.begin() + static_cast<std::ptrdiff_t>(kept), mine.end(),
                          nearest_first);
        mine.resize(kept);
      }
    });
    std::vector<Pair> all;
    for (const auto& mine : candidates) all.insert(all.end(), mine.begin(), mine.end());
    std::sort(all.begin(), all.end(), nearest_first);
    for (const Pair& p : all)
      if (!out_.of[p.first] && !taken_[p.second]) take(p);
  }

  Matching matching() && { return std::move(out_); }

 private:
  static bool nearest_first(const Pair& x, const Pair& y) {
    if (x.cosine != y.cosine) return x.cosine > y.cosine;
    return x.first != y.first ? x.first < y.first : x.second < y.second;
  }
  void take(const Pair& p) {
    if (out_.of[p.first] || taken_[p.second]) return;
    out_.of[p.first] = p.second;
    taken_[p.second] = true;
    out_.sum += p.cosine;
  }

  Rows a_, b_;
  std::vector<bool> taken_;
  Matching out_;
};

}  // namespace

Matching match_rows(const Rows& first, const Rows& second, double least, Workers& workers) {
  Matcher matcher(first, second);
  // What nobody moved costs one product a row.
  matcher.in_place(kInPlace, 0.5);
  matcher.anywhere(least, workers);
  return std::move(matcher).matching();
}

}  // namespace tacit::trace
