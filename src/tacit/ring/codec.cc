#include "tacit/ring/codec.h"

#include <cmath>

#include "tacit/base/error.h"

namespace tacit {

Word encode_fixed(double value, unsigned fraction_bits) {
  const double scaled = std::ldexp(value, static_cast<int>(fraction_bits));
  // The comparison also refuses NaN.
  require(std::fabs(scaled) < 0x1p62, "{} does not fit a fixed-point number of {} fractional bits", value,
          fraction_bits);
  return static_cast<Word>(static_cast<std::int64_t>(std::nearbyint(scaled)));
}

Words encode_fixed(std::span<const double> values, unsigned fraction_bits) {
  Words out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = encode_fixed(values[i], fraction_bits);
  return out;
}

std::vector<double> decode_fixed(std::span<const Word> words, unsigned fraction_bits) {
  std::vector<double> out(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) out[i] = decode_fixed(words[i], fraction_bits);
  return out;
}

}  // namespace tacit
