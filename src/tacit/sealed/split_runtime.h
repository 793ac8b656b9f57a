// What runs a model of level 3 on a device: its own layers here, in ordinary memory and by the runtime of
// level 1, and between them the protected segment, for which somebody else is asked. What is handed out to be
// asked is in the segment's fixed point; that nobody but this device sees it is the work of whoever asks
// (serve/segment_client).
#pragma once

#include <functional>
#include <memory>

#include "tacit/crypto/identity.h"
#include "tacit/nn/graph/graph.h"
#include "tacit/sealed/open.h"

namespace tacit::sealed {

/// Numbers that go into the segment, an example each, in two's complement and units of 2^-fraction; and what
/// comes out of it, an example each.
using AskSegment = std::function<std::vector<std::vector<double>>(std::span<const std::vector<Word>>)>;

class SplitRuntime {
 public:
  /// UsageError if the model is of another level, or the text is none that tacit can run; CheatDetected where
  /// a chunk is not what was signed, or the device's key for the vendor's server does not open; IoError.
  SplitRuntime(OpenedModel model, const DeviceKeys& keys, unsigned threads);
  ~SplitRuntime();

  const Header& header() const;
  const SplitTerms& terms() const { return *header().split; }
  /// Of one example, without the axis that counts them.
  const Shape& example() const;
  /// The device's part of the segment, as serve/ wrote it.
  ByteView part() const;
  /// By which the vendor's server knows this device.
  const Identity& access() const;

  /// The model's output for examples that lie one after the other: of shape [rows, ...]. UsageError for
  /// numbers that are not rows of the example's shape, and for ones that lie outside of what the segment
  /// takes: nothing is asked then. What `ask` throws. One thread at a time may call it.
  PublicTensor run(const PublicTensor& examples, const AskSegment& ask);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tacit::sealed
