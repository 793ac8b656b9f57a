#include "tacit/trace/trace.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tacit/base/error.h"
#include "tacit/trace/mark.h"

namespace tacit::trace {

namespace {

struct Nearest {
  TracedModel model;
  OriginalModel original;
  Aligned aligned;
};

/// The model that the leaked one is most like. Words have no part in it.
std::optional<Nearest> nearest_of(const std::vector<Layer>& leaked, const Customers& customers,
                                  const Identity& vendor, Workers& workers) {
  std::optional<Nearest> out;
  for (const TracedModel& model : customers.models()) {
    OriginalModel original = customers.original(model, vendor);
    Aligned aligned = align(original.layers(), leaked, workers);
    if (out && !(aligned.likeness > out->aligned.likeness)) continue;
    out.reset();
    out.emplace(Nearest{model, std::move(original), std::move(aligned)});
  }
  return out;
}

void describe(TraceResult& out, const Nearest& nearest) {
  std::size_t all = 0, found = 0;
  for (const AlignedLayer& layer : nearest.aligned.layers) {
    found += static_cast<std::size_t>(
        std::count_if(layer.weights.begin(), layer.weights.end(), [](double w) { return std::isfinite(w); }));
    out.rows_moved += layer.rows_moved;
  }
  for (const Layer& layer : nearest.original.layers()) all += layer.weights.size();
  out.likeness = nearest.aligned.likeness;
  out.weights_found = all > 0 ? static_cast<double>(found) / static_cast<double>(all) : 0;
}

}  // namespace

TraceResult trace(const nn::Graph& leaked, const Customers& customers, const Identity& vendor,
                  Workers& workers, double false_accusation) {
  TraceResult out;
  out.copies = customers.copies();
  const auto nearest = nearest_of(layers_of(leaked), customers, vendor, workers);
  if (!nearest) return out;
  describe(out, *nearest);
  if (!(out.likeness >= kLeastLikeness)) return out;
  out.model = nearest->model;
  const Code code = code_for(vendor, nearest->model.digest, nearest->model.colluders);
  out.positions = code.length();
  out.colluders = code.colluders();
  const Accusation accusation(code, symbols_of(nearest->original.layers(), nearest->aligned, code));
  // Each of all copies might have been accused, those of other models included.
  const double others = std::log(static_cast<double>(std::max<std::size_t>(out.copies, 1)));
  out.threshold = accusation.threshold(std::log(false_accusation) - others);
  for (const CopyHolder& holder : customers.holders(nearest->model.digest)) {
    Suspicion s;
    s.customer = holder.name;
    s.score = accusation.score(code.word(holder.id));
    s.named = s.score >= out.threshold;
    out.suspicions.push_back(std::move(s));
  }
  std::stable_sort(out.suspicions.begin(), out.suspicions.end(),
                   [](const Suspicion& a, const Suspicion& b) { return a.score > b.score; });
  constexpr std::size_t kTold = 20;  // a bound takes longer than a score
  for (std::size_t i = 0; i < out.suspicions.size() && (i < kTold || out.suspicions[i].named); ++i) {
    Suspicion& s = out.suspicions[i];
    const double bound = accusation.log_bound(s.score);
    s.log10_bound = bound / std::numbers::ln10;
    s.log10_bound_over_all = std::min(0.0, bound + others) / std::numbers::ln10;
  }
  return out;
}

}  // namespace tacit::trace
