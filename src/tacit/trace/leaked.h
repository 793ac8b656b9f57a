// Models as thieves have them: also with weights of 8 bits that are made floats before they are used
// (QuantizeLinear and DequantizeLinear), which nothing else here runs.
#pragma once

#include <filesystem>

#include "tacit/base/bytes.h"
#include "tacit/nn/graph/graph.h"

namespace tacit::trace {

/// The network in an ONNX file, with the numbers that it computes with. What quantises activations is left
/// out: it says nothing of weights. UsageError as of import_onnx.
nn::Graph import_leaked(const std::filesystem::path& file);
/// The same of a file's bytes, of a model that is whole in itself.
nn::Graph import_leaked(ByteView text, const std::string& name);

}  // namespace tacit::trace
