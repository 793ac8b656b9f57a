// Sealing anew without the model: a vendor may keep a sealed file for itself, by a wrap of the content key to
// a key that follows from its signing key. Later it seals the same text to other recipients, a chunk at a
// time from the old file into the new one: nothing of the model is in the clear but that chunk, and nothing
// of it is on a disk.
//
// Whoever holds the vendor's key folder opens what was kept, and a file that was not kept cannot be sealed
// anew: that is why a vendor has to ask for it.
#pragma once

#include "tacit/sealed/open.h"
#include "tacit/sealed/seal.h"
#include "tacit/sealed/split_text.h"

namespace tacit::sealed {

/// The recipient that a vendor is of what it keeps: its key, of X25519.
KemPrivateKey keeper_of(const Identity& vendor);

class KeptModel {
 public:
  /// UsageError if the file was signed by another vendor than `by`, or not kept; CheatDetected if it is not
  /// what that vendor made; IoError.
  KeptModel(SealedFile file, const VendorKeys& by);

  const Header& header() const { return model_.header(); }
  /// The same text under a new content key and id, as seal() writes it. Level and fingerprint of `request`
  /// must be the old file's, since the text is of that level and that customer's: else UsageError. All else
  /// is as `request` says. At level 3 `access` are the new recipients' keys for the vendor's server, by
  /// devices, upwards, in the place of the old file's; at other levels there are none. CheatDetected where a
  /// chunk is not what was signed; what seal() throws.
  Header seal_anew(const std::filesystem::path& out, const SealRequest& request, const DiskStep& before = {},
                   const std::vector<SegmentAccess>& access = {});

 private:
  OpenedModel model_;
};

}  // namespace tacit::sealed
