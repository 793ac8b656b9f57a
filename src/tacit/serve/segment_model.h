// A model of level 3, whole, as a device has it: its own layers here, and the protected segment together with
// the vendor's server (sealed/split_runtime.h, segment_client.h).
#pragma once

#include <mutex>

#include "tacit/sealed/split_runtime.h"
#include "tacit/serve/segment_client.h"

namespace tacit {

class SegmentModel {
 public:
  /// `server`: where the vendor's server is asked, host:port; empty: where the model says. It must show the
  /// key that the model names, wherever it is. `threads`: 0 for all processors. UsageError for another level;
  /// what SplitRuntime throws.
  SegmentModel(sealed::OpenedModel model, sealed::DeviceKeys device, const std::string& server,
               unsigned threads);

  const sealed::Header& header() const { return runtime_.header(); }
  /// Of one example, without the axis that counts them.
  const Shape& example() const { return runtime_.example(); }
  /// Asks in a session of its own. Any threads may call it at a time, and take turns: a server speaks with a
  /// device once at a time. What SplitRuntime::run and ask_segment throw.
  PublicTensor run(const PublicTensor& examples);

 private:
  sealed::DeviceKeys device_;
  sealed::SplitRuntime runtime_;
  seco::Part part_;
  sealed::SplitTerms terms_;
  SegmentOptions options_;
  std::mutex mutex_;
};

}  // namespace tacit
