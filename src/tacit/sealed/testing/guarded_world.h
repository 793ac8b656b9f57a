// A vendor, a device, and models of level 2 between them, for tests.
#pragma once

#include "tacit/sealed/guarded_runtime.h"
#include "tacit/sealed/testing/hardened.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::testing {

struct GuardedWorld : SealedWorld {
  std::filesystem::path guarded_text(ByteView text, std::string_view name = "g.tacit") const {
    sealed::SealRequest r = request();
    r.level = sealed::Level::Guarded;
    return seal(text, name, r);
  }
  /// Cut into tensors of at most `most` numbers.
  std::filesystem::path guarded(const nn::Graph& graph, std::string_view name = "g.tacit",
                                std::size_t most = sealed::kUsualCut) const {
    return guarded_text(sealed::tiled_text(sealed::in_tiles(graph, most)), name);
  }
  sealed::GuardedRuntime runtime(const std::filesystem::path& file) {
    return {sealed::open_model(file, device, kNow), space, workers};
  }

  HardenForTests hardened;
  sealed::TileSpace space{hardened.process};
  Workers workers{1};
};

}  // namespace tacit::testing
