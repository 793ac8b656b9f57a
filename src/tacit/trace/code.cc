#include "tacit/trace/code.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string_view>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/prg.h"

namespace tacit::trace {

namespace {

constexpr std::size_t kKeySize = 32;
/// Beyond it a moment's logarithm grows with its argument: nothing is gained by going on.
constexpr double kLargestTilt = 1 << 16;
constexpr int kHalvings = 80;

Prg generator(ByteView key, ByteView salt, std::string_view use) {
  return {derive_key(key, salt, use, Prg::kKeySize).bytes(), detect_isa()};
}

/// In [0, 1).
double unit(Word word) { return static_cast<double>(word >> 11) * 0x1p-53; }

}  // namespace

std::size_t code_length(unsigned colluders) {
  const double c = colluders,
               rare = std::log(static_cast<double>(kMostCustomers)) - std::log(kFalseAccusation);
  return static_cast<std::size_t>(std::ceil(std::numbers::pi * std::numbers::pi * c * c * rare));
}

std::size_t carriers_needed(unsigned colluders) { return kCarriersAPosition * code_length(colluders); }

unsigned colluders_for(std::size_t carriers, std::string_view model) {
  require(carriers >= carriers_needed(kFewestColluders),
          "{} has {} weights that can carry a fingerprint, and one that survives two customers who mix their "
          "copies needs {}: take a larger model, or seal it without --fingerprint",
          model, carriers, carriers_needed(kFewestColluders));
  unsigned colluders = kMostColluders;
  while (carriers < carriers_needed(colluders)) --colluders;
  return colluders;
}

// ---- words

Code::Code(ByteView key, unsigned colluders) : key_(key), colluders_(colluders) {
  ensure(key.size() == kKeySize, "a code's key has 32 bytes");
  require(colluders >= kFewestColluders && colluders <= kMostColluders,
          "a code against {} colluders is not known here, only against {} to {}", colluders, kFewestColluders,
          kMostColluders);
  std::vector<Word> words(code_length(colluders));
  generator(key, {}, "tacit trace 1: biases").fill(0, 0, words);
  // Tardos's cutoff, which keeps what one position adds to a score below sqrt(300 c).
  const double cutoff = std::asin(std::sqrt(1.0 / (300.0 * colluders)));
  for (const Word w : words) {
    const double root = std::sin(cutoff + unit(w) * (std::numbers::pi / 2 - 2 * cutoff));
    bias_.push_back(root * root);
  }
}

CodeWord Code::word(ByteView customer) const {
  std::vector<Word> words(length());
  generator(key_.bytes(), customer, "tacit trace 1: word").fill(0, 0, words);
  CodeWord out(length());
  for (std::size_t j = 0; j < out.size(); ++j) out[j] = unit(words[j]) < bias_[j] ? 1 : 0;
  return out;
}

Carriers Code::carriers(std::size_t layer, std::size_t weights) const {
  std::vector<Word> words(weights);
  generator(key_.bytes(), {}, "tacit trace 1: carriers").fill(layer, 0, words);
  Carriers out;
  out.position.reserve(weights);
  out.sign.reserve(weights);
  for (const Word w : words) {
    // The upper half chooses the position, and a bit of the lower the sign.
    out.position.push_back(static_cast<std::uint32_t>((w >> 32) * length() >> 32));
    out.sign.push_back((w & 1) != 0 ? std::int8_t{1} : std::int8_t{-1});
  }
  return out;
}

// ---- accusations

Accusation::Accusation(const Code& code, std::span<const double> symbols)
    : bias_(code.bias().begin(), code.bias().end()), one_(bias_.size()), zero_(bias_.size()) {
  ensure(symbols.size() == bias_.size(), "a symbol for each position");
  // What follows from the biases alone says nothing of anybody: it is taken out, which makes an innocent's
  // score vary less, and leaves a coalition's sum as it is on average.
  double along = 0, length = 0;
  for (std::size_t j = 0; j < bias_.size(); ++j) {
    const double mean = 2 * bias_[j] - 1;
    along += symbols[j] * mean;
    length += mean * mean;
  }
  std::vector<double> weight(bias_.size());
  double sum = 0;
  for (std::size_t j = 0; j < bias_.size(); ++j) {
    weight[j] = symbols[j] - (length > 0 ? along / length : 0) * (2 * bias_[j] - 1);
    sum += weight[j] * weight[j];
  }
  const double deviation = std::sqrt(sum);
  if (!(deviation > 0) || !std::isfinite(deviation)) return;
  for (std::size_t j = 0; j < bias_.size(); ++j) {
    const double odds = std::sqrt((1 - bias_[j]) / bias_[j]);
    one_[j] = weight[j] / deviation * odds;
    zero_[j] = -weight[j] / deviation / odds;
  }
}

double Accusation::score(const CodeWord& word) const {
  ensure(word.size() == bias_.size(), "a bit for each position");
  double out = 0;
  for (std::size_t j = 0; j < word.size(); ++j) out += word[j] != 0 ? one_[j] : zero_[j];
  return out;
}

Accusation::Tilted Accusation::tilted(double lambda) const {
  Tilted out{0, 0};
  for (std::size_t j = 0; j < bias_.size(); ++j) {
    const double u = lambda * one_[j], v = lambda * zero_[j], most = std::max(u, v);
    const double a = bias_[j] * std::exp(u - most), b = (1 - bias_[j]) * std::exp(v - most);
    out.log_moment += most + std::log(a + b);
    out.slope += (a * one_[j] + b * zero_[j]) / (a + b);
  }
  return out;
}

double Accusation::log_bound(double score) const {
  if (!(score > 0)) return 0;
  // The slope grows with lambda, and where it is the score the bound is least; any lambda gives a true one.
  double low = 0, high = 1;
  while (high < kLargestTilt && tilted(high).slope < score) low = high, high *= 2;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (tilted(middle).slope < score ? low : high) = middle;
  }
  return std::min(0.0, tilted(low).log_moment - low * score);
}

double Accusation::threshold(double log_probability) const {
  const auto exponent = [this](double lambda) {
    const Tilted t = tilted(lambda);
    return t.log_moment - lambda * t.slope;
  };
  double low = 0, high = 1;
  while (high < kLargestTilt && exponent(high) > log_probability) low = high, high *= 2;
  if (exponent(high) > log_probability) return std::numeric_limits<double>::infinity();
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (exponent(middle) > log_probability ? low : high) = middle;
  }
  return tilted(high).slope;
}

}  // namespace tacit::trace
