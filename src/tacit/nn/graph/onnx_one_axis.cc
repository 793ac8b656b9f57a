// Convolutions and pools over one axis, as of sound or text, become ones over two, of which the first has one
// place.
#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_lower.h"

namespace tacit::nn::onnx_io {

Operand lower_one_axis(Builder& builder, const Step& step) {
  const auto plane = [&](const Operand& x, std::string_view what) {
    return builder.emit(helper(step, "Unsqueeze", what, {x, known_integers(step.name + ".axis", {2})}));
  };
  Step wide = step;
  wide.in[0] = plane(step.in[0], "plane");
  if (step.op == "Conv" && step.has(1)) wide.in[1] = plane(step.in[1], "weights");
  for (const char* name : {"kernel_shape", "strides", "dilations", "pads"}) {
    if (!step.attrs.has(name)) continue;
    const std::vector<std::int64_t> given = step.attrs.integers(name);
    const bool pads = std::string_view(name) == "pads";
    require(given.size() == (pads ? 2u : 1u), "{} goes over one axis, and its '{}' have {} numbers",
            step.what(), name, given.size());
    wide.attrs.set(name, pads ? std::vector<std::int64_t>{0, given[0], 0, given[1]}
                              : std::vector<std::int64_t>{1, given[0]});
  }
  wide.out = {step.out.at(0) + ".plane"};
  Step line = helper(step, "Squeeze", "line", {builder.emit(wide), known_integers(step.name + ".axis", {2})});
  line.out = {step.out.at(0)};
  return builder.emit(line);
}

}  // namespace tacit::nn::onnx_io
