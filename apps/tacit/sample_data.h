// The sample that the demo runs on, which is part of the program (examples/data/README.md says whence it
// comes).
#pragma once

#include <string>

namespace tacit::app {

/// 1,797 handwritten digits as a CSV: 64 pixels and the digit.
std::string sample_digits();
/// A network that was trained on them by 'tacit demo', as an ONNX file.
std::string sample_model();

}  // namespace tacit::app
