// Networks from ONNX files (operator sets 7 to 21): float initializers become parameters, what exporters
// compute from shapes is computed once, older forms of operators become the newest, and the size of a batch
// is left open.
#pragma once

#include <filesystem>

#include "tacit/base/byte_stream.h"
#include "tacit/nn/graph/graph.h"

namespace tacit::nn {

struct ImportOptions {
  /// Batch normalisations after convolutions and matrix products go into their weights. For prediction only:
  /// what is trained further needs them.
  bool fold_batch_norm = false;
  /// The first axis of every input counts examples, and its size is open. Else shapes are taken as they
  /// stand.
  bool open_batch = true;
  /// Weights that the file has in float32, and of which nothing had to be computed, stay so
  /// (ValueInfo::floats): for what runs in float32 and opens large models.
  bool keep_floats = false;
};

/// UsageError in one sentence if the file is missing, damaged, or asks for what tacit does not have; in the
/// last case it names every such operator and what to use instead.
Graph import_onnx(const std::filesystem::path& file, const ImportOptions& options = {});
/// The same of `size` bytes that are read piece by piece and lie in no file: of a model that is whole in
/// itself. `name` is how messages call it. Also whatever the reader throws.
Graph import_onnx(ByteReader& from, std::uint64_t size, const std::string& name,
                  const ImportOptions& options = {});

}  // namespace tacit::nn
