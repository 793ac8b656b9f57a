// The vendor asks whose copy a leaked model is.
#include "tacit/trace/trace.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "fingerprint.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/trace/leaked.h"

namespace tacit::app {

namespace {

using nlohmann::json;

constexpr const char* kNoProof =
    "A match tells you whose copy it was. It proves nothing to others, since you could have made that copy, "
    "too.";
constexpr const char* kDistilled =
    "A model that was only trained on a copy's answers (distilled) bears no fingerprint, and names nobody.";
/// Suspicions that are shown when nobody is named.
constexpr std::size_t kShown = 3;

std::string bound_text(const trace::Suspicion& s) {
  return s.log10_bound_over_all < 0 ? fmt::format("10^{:.1f}", s.log10_bound_over_all) : "1";
}

void tell(const trace::TraceResult& r, const fs::path& file) {
  if (!r.model) {
    std::printf("%s is a copy of none of the models in the database (the nearest is %.0f %% like it).\n",
                one_line(file.string()).c_str(), 100 * std::max(0.0, r.likeness));
    std::printf("%s\n", kDistilled);
    return;
  }
  std::printf("%s is made from '%s': %.1f %% like it, %.0f %% of the weights found, %zu neurons put back.\n",
              one_line(file.string()).c_str(), r.model->name.c_str(), 100 * r.likeness, 100 * r.weights_found,
              r.rows_moved);
  std::size_t named = 0;
  for (const trace::Suspicion& s : r.suspicions) {
    if (!s.named) continue;
    ++named;
    std::printf("  %s   score %.1f, and %.1f is enough; had by anybody innocent with at most %s\n",
                s.customer.c_str(), s.score, r.threshold, bound_text(s).c_str());
  }
  if (named > 0) {
    std::printf("among %zu copies. %s %s\n", r.copies, kNoProof, kDistilled);
    return;
  }
  if (!std::isfinite(r.threshold)) {
    std::printf(
        "Nobody: nothing in it tells one copy from another, as in the model before it was marked. "
        "%s\n",
        kDistilled);
    return;
  }
  std::printf("Nobody: no score of %zu copies reaches %.1f. %s\n", r.copies, r.threshold, kDistilled);
  for (std::size_t i = 0; i < r.suspicions.size() && i < kShown; ++i)
    std::printf("  %s   score %.1f\n", r.suspicions[i].customer.c_str(), r.suspicions[i].score);
}

json to_json(const trace::TraceResult& r, const fs::path& file) {
  json out{{"file", file.string()},
           {"model", r.model ? json(r.model->name) : json(nullptr)},
           {"likeness", r.likeness},
           {"weights_found", r.weights_found},
           {"neurons_put_back", r.rows_moved},
           {"copies", r.copies},
           {"false_accusation", trace::kFalseAccusation},
           {"distillation", kDistilled},
           {"named", json::array()},
           {"suspicions", json::array()}};
  if (!r.model) return out;
  out["colluders"] = r.colluders;
  out["positions"] = r.positions;
  out["threshold"] = std::isfinite(r.threshold) ? json(r.threshold) : json(nullptr);
  out["no_proof"] = kNoProof;
  for (const trace::Suspicion& s : r.suspicions) {
    if (s.named) out["named"].push_back(s.customer);
    out["suspicions"].push_back({{"customer", s.customer},
                                 {"score", s.score},
                                 {"log10_bound", s.log10_bound},
                                 {"log10_bound_over_all", s.log10_bound_over_all},
                                 {"named", s.named}});
  }
  return out;
}

}  // namespace

json trace(const TraceOptions& o, const Style& style) {
  const auto vendor = sealed::VendorKeys::open(o.keys);
  const fs::path file = customers_file(o.customers, o.keys);
  require(fs::exists(file),
          "there is no database of customers '{}': 'tacit seal --fingerprint' begins one; name it with "
          "--customers",
          file.string());
  const trace::Customers customers(file, trace::Customers::Use::Read);
  const nn::Graph leaked = trace::import_leaked(o.model);
  Workers workers(o.threads);
  const trace::TraceResult result = trace::trace(leaked, customers, vendor.identity, workers);
  if (!style.json) tell(result, o.model);
  return to_json(result, o.model);
}

}  // namespace tacit::app
