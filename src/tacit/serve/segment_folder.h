// The vendor's part of a model of level 3: the protected segment, with its weights, the key that its server
// shows, and the devices that may ask. A folder of the vendor's alone, which 'tacit serve' serves; it is what
// never leaves the vendor.
//
//   segment.toml   what it is, where it is served, how often devices may ask, and which
//   vendor.part    the segment (split/seco/parts.h)
//   server.key     Ed25519
//   limits/        what each device has asked (query_limit.h)
//   revoked        ids of devices that may not ask any more, a line each
#pragma once

#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/split_text.h"
#include "tacit/serve/deployment.h"
#include "tacit/serve/segment_network.h"
#include "tacit/split/seco/parts.h"

namespace tacit {

struct SegmentDevice {
  Digest id{};  ///< sealed::device_id of `key`
  KemPublicKey key;
  PublicKey access;  ///< that it shows
  bool operator==(const SegmentDevice&) const = default;
};

struct SegmentRequest {
  std::string name;  ///< the model's
  std::string at;    ///< where devices ask: host:port
  std::uint32_t queries = 100;
  unsigned fraction = 10;
  std::optional<InputRange> inputs;  ///< of the segment; none: as wide as there can be
};

struct Segment {
  sealed::SplitTerms terms;
  seco::Part part;  ///< the vendor's
  Identity server;
  std::vector<SegmentDevice> devices;
};
struct NewSegment {
  Segment vendors;
  Bytes devices_part;  ///< without weights: for the text of the sealed file
  std::vector<sealed::SegmentAccess> access;
};
/// Cuts the segment for these devices. UsageError for what cannot be protected (segment_network.h).
NewSegment make_segment(const nn::Graph& segment, const SegmentRequest& request,
                        const std::vector<KemPublicKey>& devices);

/// Writes the folder, which must not be there; nothing is left of it if that fails. UsageError; IoError.
void write_segment(const Segment& segment, const std::filesystem::path& folder);
/// UsageError if the folder is not this user's alone, or its files are not what write_segment wrote.
Segment read_segment(const std::filesystem::path& folder);

/// A device may not ask from now on, also while a server runs. UsageError if it may not anyway.
void revoke(const std::filesystem::path& folder, const Digest& device);
/// Whether it is, by what stands on the disk now. IoError.
bool is_revoked(const std::filesystem::path& folder, const Digest& device);

/// Under which name a device shows its key.
std::string segment_name_of(const Digest& device);
/// Both ends' of a session between the vendor's server and one device.
Deployment segment_deployment(const sealed::SplitTerms& terms, const Digest& device, const PublicKey& access);
/// UsageError unless a device's part is of the segment that these terms tell of.
seco::Part read_devices_part(const sealed::SplitTerms& terms, ByteView bytes, std::string_view model);

}  // namespace tacit
