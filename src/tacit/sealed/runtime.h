// What runs a sealed model: the one thing that gets its text. The text goes, a chunk at a time, into the
// graph and nowhere else; answers are computed in float32 (runtime/). The weights, of level 1 or 4, lie in
// this process's ordinary memory for as long as the runtime lives.
#pragma once

#include <memory>

#include "tacit/nn/graph/graph.h"
#include "tacit/sealed/open.h"

namespace tacit::sealed {

class Runtime {
 public:
  /// UsageError if the text is no model that tacit can run, or one of several inputs or outputs, and for a
  /// model of level 2, which a broker opens (guarded_runtime.h);
  /// CheatDetected where a chunk is not what was signed; IoError. `threads`: 0 for all processors.
  Runtime(OpenedModel model, unsigned threads);
  ~Runtime();

  const Header& header() const;
  /// Of one example, without the axis that counts them.
  const Shape& example() const;
  /// The model's output for examples that lie one after the other: of shape [rows, ...]. UsageError for
  /// numbers that are not rows of the example's shape. Any threads may call it at a time.
  PublicTensor run(const PublicTensor& examples) const;

  /// The model with all of its weights, as whoever controls this device can have it: for the vendor's own
  /// audits. As the constructor refuses.
  static nn::Graph graph_of(OpenedModel model);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether the runtime will take a model, before it is sealed: all that Runtime's constructor refuses of a
/// text, without running it. `name` is how messages call it.
void check_model_text(ByteReader& text, std::uint64_t size, const std::string& name);

}  // namespace tacit::sealed
