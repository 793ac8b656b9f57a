// The vendor's own model as an ONNX message: the matrices in it that can carry fingerprints, and the same
// file with other weights.
#pragma once

#include <memory>

#include "tacit/base/byte_stream.h"
#include "tacit/crypto/hash.h"
#include "tacit/trace/layers.h"

namespace tacit::trace {

class OriginalModel {
 public:
  /// UsageError, calling it `name`, for what is no model that tacit can read, or one that is not whole in
  /// itself; what the reader throws.
  OriginalModel(ByteReader& from, std::uint64_t size, const std::string& name);
  ~OriginalModel();
  OriginalModel(OriginalModel&&) noexcept;
  OriginalModel& operator=(OriginalModel&&) noexcept;

  const std::string& name() const;
  /// SHA-256 of the file.
  const Digest& digest() const;
  const nn::Graph& graph() const;
  /// Those whose weights stand in the file as float32, as they are used.
  const std::vector<Layer>& layers() const;
  /// The file with `changes` added to the weights of each layer, rounded to float32, and all else as it was.
  std::string with(const std::vector<std::vector<double>>& changes) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tacit::trace
