// Sealing: a model's text, encrypted in chunks under a random key that is wrapped to each recipient, and
// signed by its vendor. (level.h says what that stops at each level, and what not.)
#pragma once

#include <filesystem>
#include <vector>

#include "tacit/base/durable.h"
#include "tacit/sealed/cards.h"
#include "tacit/sealed/header.h"

namespace tacit::sealed {

struct SealRequest {
  const Identity& vendor;
  std::string vendor_name, model_name;
  std::vector<KemPublicKey> to;  ///< 1 to 1024 recipients, each once
  Seconds sealed_at = 0;
  Seconds expires = kNever;
  std::uint32_t chunk = kUsualChunk;
  /// Sealed or Traceable, for an ONNX file, Guarded, for a text in tiles (tiles.h), or Split, for what is
  /// left without a segment (split_text.h).
  Level level = Level::Sealed;
  std::string fingerprint = {};  ///< whose copy the text is: at level 4, or at level 2 to have both
  std::optional<LeaseTerms> lease = {};
  std::optional<SplitTerms> split = {};  ///< of the segment, at level 3 and only there
};

/// Reads `size` bytes of `text`, a chunk at a time, and writes the sealed file: first as `out`.part, then
/// synced and put in the place of whatever `out` was. For good when it returns; if it throws, all is as it
/// was. UsageError for what no header may hold, and for a recipient that is none; what `text` throws;
/// IoError.
Header seal(ByteReader& text, std::uint64_t size, const std::filesystem::path& out,
            const SealRequest& request, const DiskStep& before = {});

}  // namespace tacit::sealed
