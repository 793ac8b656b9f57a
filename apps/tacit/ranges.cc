// How large a job's numbers can become, layer by layer, before anything runs or anybody is asked.
#include "tacit/nn/graph/ranges.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/job/job.h"
#include "tacit/ring/codec.h"

namespace tacit::app {

namespace {

using nlohmann::json;

/// Significant decimal digits in so many binary ones.
unsigned decimals(unsigned bits) { return bits * 301 / 1000; }

/// The finest f for which intervals leave no layer too few bits: one more takes two of every product.
int proposed(const Job& job, int least_spare) {
  const int f =
      static_cast<int>(job.fraction_bits) + (least_spare >= 0 ? least_spare / 2 : (least_spare - 1) / 2);
  return std::clamp(f, static_cast<int>(kMinFractionBits), static_cast<int>(kMaxFractionBits));
}

}  // namespace

json ranges(const fs::path& file, const Style& style) {
  const Job job = read_job(file, Keys::MadeLater);
  const EncodedRange inputs = feature_range(job.data.schema);
  const auto lines =
      nn::range_analysis(build_model(job), inputs.low, inputs.high, job.training.batch, job.fraction_bits);
  json out{{"job", job.name},
           {"fraction_bits", job.fraction_bits},
           {"inputs", {inputs.low, inputs.high}},
           {"layers", json::array()}};
  int least = 63;
  for (const nn::LayerRange& l : lines) {
    least = std::min(least, l.spare_bits);
    out["layers"].push_back({{"name", l.name},
                             {"operator", l.op},
                             {"low", l.low},
                             {"high", l.high},
                             {"spare_bits", l.spare_bits},
                             {"digits", l.digits}});
  }
  out["proposed_fraction_bits"] = proposed(job, least);
  if (style.json) return out;
  std::printf("%s: inputs in [%g, %g], %u fractional bits, the weights that training begins with\n\n",
              job.name.c_str(), inputs.low, inputs.high, job.fraction_bits);
  std::printf("%-24s %-22s %13s %13s %11s %15s\n", "layer", "operator", "from", "to", "spare bits",
              "decimal digits");
  for (const nn::LayerRange& l : lines)
    std::printf("%-24s %-22s %13.6g %13.6g %11d %15u%s\n", l.name.c_str(), l.op.c_str(), l.low, l.high,
                l.spare_bits, decimals(l.digits), l.spare_bits < 0 ? "   may wrap" : "");
  std::printf("\nSpare bits: by how many powers of two the largest number within a layer may still grow.\n");
  if (least < 0)
    std::printf(
        "As far as intervals can tell, numbers may wrap: fraction_bits = %d would leave enough, and\n"
        "overflow_guard tells in a run whether they do (docs/overflow-guard.md).\n",
        proposed(job, least));
  else
    std::printf(
        "Nothing can wrap in the first forward pass. With these weights fraction_bits up to %d would do;\n"
        "weights grow in training, so leave some bits.\n",
        proposed(job, least));
  return out;
}

}  // namespace tacit::app
