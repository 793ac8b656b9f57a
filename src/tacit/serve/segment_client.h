// The device's end of a protected segment: it computes the segment together with the vendor's server, which
// sees neither what goes in nor what comes out, while the device sees no weights (two_party.h).
#pragma once

#include "tacit/serve/segment_folder.h"
#include "tacit/serve/two_party.h"

namespace tacit {

/// Whoever asks: the device's own key, and the one that it shows.
struct SegmentAsker {
  const sealed::DeviceKey& key;
  Digest id{};  ///< sealed::device_id of `key`
  const Identity& access;
};

struct SegmentOptions {
  unsigned threads = 1;
  std::chrono::milliseconds connect_patience{10000};  ///< for a server that does not answer
  std::function<void(const std::string&)> progress;
};

/// One session over a wire to the server, with all inputs. UsageError where the server refuses: revoked, or
/// too often; PeerError when it fails, or is of another segment.
std::vector<std::vector<double>> ask_segment_over(Transport& wire, const sealed::SplitTerms& terms,
                                                  const seco::Part& part, const SegmentAsker& asker,
                                                  std::span<const std::vector<Word>> inputs,
                                                  unsigned threads);
/// The same, connected by TLS to where the terms say.
std::vector<std::vector<double>> ask_segment(const sealed::SplitTerms& terms, const seco::Part& part,
                                             const SegmentAsker& asker,
                                             std::span<const std::vector<Word>> inputs,
                                             const SegmentOptions& options);

}  // namespace tacit
