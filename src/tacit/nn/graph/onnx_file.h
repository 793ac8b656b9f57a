// ONNX files as messages: read whole, and checked for what the rest of the import takes for granted. No
// checker of other projects runs on them: a file from elsewhere is parsed and nothing more.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

#include "tacit/base/byte_stream.h"

namespace tacit::nn::onnx_io {

/// UsageError if the file is missing, no ONNX model, damaged, or of an operator set that tacit does not know.
::onnx::ModelProto read_model(const std::filesystem::path& file);
/// The same of `size` bytes that are read piece by piece; no more of them than a piece lies in memory beside
/// the messages. Also whatever the reader throws. `name` is how messages call the model.
::onnx::ModelProto read_model(ByteReader& from, std::uint64_t size, const std::string& name);
/// The version of ONNX's own operators that the model uses.
int opset_of(const ::onnx::ModelProto& model);

/// How the file is named in messages.
std::string name_of(const std::filesystem::path& file);

}  // namespace tacit::nn::onnx_io
