#include "tacit/trace/mark.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"

namespace tacit::trace {

namespace {

/// Of a weight's change, in units of what is usual in its layer.
constexpr double kMostOfOne = 2;
/// The median of magnitudes of normal numbers is their deviation divided by this.
constexpr double kNormalMedian = 1.4826;

/// How far each weight of a layer was moved, in units of its row's scale; not a number for those that tell
/// nothing: not found, pruned, or without a part in the fingerprint.
std::vector<double> moves_of(const Layer& original, const AlignedLayer& leaked) {
  const std::vector<double> scales = row_scales(original);
  std::vector<double> out(original.weights.size(), NAN);
  for (std::size_t r = 0; r < original.rows; ++r)
    for (std::size_t c = 0; c < original.columns; ++c) {
      const std::size_t i = r * original.columns + c;
      const double o = original.weights[i], l = leaked.weights[i];
      if (carries(o, scales[r]) && std::isfinite(l) && l != 0) out[i] = (l - o) / scales[r];
    }
  return out;
}

/// Of the moves' magnitudes, as a normal deviation; never below that of an untouched fingerprint.
double usual(const std::vector<double>& moves) {
  std::vector<double> magnitudes;
  for (const double m : moves)
    if (std::isfinite(m)) magnitudes.push_back(std::fabs(m));
  if (magnitudes.empty()) return kStrength;
  const auto middle = magnitudes.begin() + static_cast<std::ptrdiff_t>(magnitudes.size() / 2);
  std::nth_element(magnitudes.begin(), middle, magnitudes.end());
  return std::max(kNormalMedian * *middle, kStrength);
}

}  // namespace

std::vector<std::vector<double>> changes_for(const std::vector<Layer>& layers, const Code& code,
                                             const CodeWord& word) {
  ensure(word.size() == code.length(), "a word of the code");
  std::vector<std::vector<double>> out;
  for (std::size_t n = 0; n < layers.size(); ++n) {
    const Layer& layer = layers[n];
    const std::vector<double> scales = row_scales(layer);
    const Carriers carriers = code.carriers(n, layer.weights.size());
    std::vector<double>& changes = out.emplace_back(layer.weights.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const double scale = scales[i / layer.columns];
      if (!carries(layer.weights[i], scale)) continue;
      const int bit = word[carriers.position[i]] != 0 ? 1 : -1;
      changes[i] = kStrength * scale * bit * carriers.sign[i];
    }
  }
  return out;
}

std::vector<double> symbols_of(const std::vector<Layer>& original, const Aligned& leaked, const Code& code) {
  ensure(leaked.layers.size() == original.size(), "what was found of each layer");
  std::vector<double> out(code.length());
  for (std::size_t n = 0; n < original.size(); ++n) {
    if (leaked.layers[n].weights.empty()) continue;
    const std::vector<double> moves = moves_of(original[n], leaked.layers[n]);
    const Carriers carriers = code.carriers(n, moves.size());
    const double scale = usual(moves);
    for (std::size_t i = 0; i < moves.size(); ++i) {
      if (!std::isfinite(moves[i])) continue;
      // The signal over the noise's variance, with the noise kept within bounds.
      const double found = std::clamp(moves[i] / scale, -kMostOfOne, kMostOfOne) * (kStrength / scale);
      out[carriers.position[i]] += found * carriers.sign[i];
    }
  }
  return out;
}

}  // namespace tacit::trace
