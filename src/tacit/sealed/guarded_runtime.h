// What runs a model of level 2. Of the model no more is in the clear than the numbers of the one node that
// runs: they are read from the sealed file before it and given back after it. Everything else stays as the
// vendor encrypted it, for as long as the model is open.
//
// The numbers of a node, once as they were opened and then as what a kernel packs of them, panel by panel,
// lie in this process's memory, all of which is locked, left out of dumps and zeroed when it is freed: hence
// the HardenedProcess, without which there is no GuardedRuntime. Answers are computed in float32 (runtime/).
#pragma once

#include <functional>
#include <memory>

#include "tacit/base/hardened_process.h"
#include "tacit/base/locked_bytes.h"
#include "tacit/base/workers.h"
#include "tacit/sealed/open.h"
#include "tacit/sealed/tiles.h"

namespace tacit::sealed {

/// Where one chunk and one tile lie in the clear. Several runtimes that do not run at the same time share
/// one.
struct TileSpace {
  /// IoError, with the command that helps, if so much cannot be locked: about 5 MiB.
  explicit TileSpace(const HardenedProcess&)
      : chunk(kLargestChunk + kSealTagSize), tile(kTileNumbers * sizeof(double)) {}
  LockedBytes chunk, tile;
};

class GuardedRuntime {
 public:
  /// Told at each node, once it has its numbers and once it has given them back: where tests look.
  using Boundary = std::function<void(const std::string& node, bool holds)>;

  /// UsageError if the model is sealed at another level, or its text is none that tacit can run;
  /// CheatDetected where a chunk is not what was signed; IoError. All of `space` and `workers` must outlive
  /// it.
  GuardedRuntime(OpenedModel model, TileSpace& space, Workers& workers);
  ~GuardedRuntime();

  const Header& header() const;
  /// Of one example, without the axis that counts them.
  const Shape& example() const;
  /// The model's output for examples that lie one after the other: of shape [rows, ...]. UsageError for
  /// numbers that are not rows of the example's shape, or not finite; CheatDetected and IoError as above. One
  /// thread at a time may call it, of all runtimes that share a space or workers.
  PublicTensor run(const PublicTensor& examples, const Boundary& at = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tacit::sealed
