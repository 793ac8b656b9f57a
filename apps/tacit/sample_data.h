// The sample that the demo runs on, which is part of the program (examples/data/README.md says whence it
// comes).
#pragma once

#include <string>
#include <vector>

namespace tacit::app {

/// 1,797 handwritten digits as a CSV: 64 pixels and the digit.
std::string sample_digits();

constexpr std::size_t kSampleDigits = 1797, kDigitPixels = 64;
/// How many of them, the last, 'tacit demo' keeps from training: a fifth of each owner's.
constexpr std::size_t kDigitsKeptBack = 358;

struct Digits {
  std::vector<double> pixels;  ///< of all, 8x8 each, 0 to 1
  std::vector<int> digits;
  std::size_t rows() const { return digits.size(); }
};
/// The last of the sample, as many as there are at most.
Digits last_digits(std::size_t count);

/// A network that was trained on them by 'tacit demo', as an ONNX file.
std::string sample_model();

}  // namespace tacit::app
