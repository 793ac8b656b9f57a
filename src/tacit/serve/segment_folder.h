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

#include <mutex>

#include "tacit/base/file_descriptor.h"
#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/split_text.h"
#include "tacit/serve/deployment.h"
#include "tacit/serve/segment_network.h"
#include "tacit/split/seco/parts.h"

namespace tacit {

/// A device's key for one file: of a device that has several there are several.
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
/// Cuts the segment for these devices. UsageError for what cannot be protected (segment_network.h), and for
/// too many devices.
NewSegment make_segment(const nn::Graph& segment, const SegmentRequest& request,
                        const std::vector<KemPublicKey>& devices);

/// Writes the folder, which must not be there; nothing is left of it if that fails. UsageError; IoError.
void write_segment(const Segment& segment, const std::filesystem::path& folder);
/// UsageError if the folder is not this user's alone, or its files are not what write_segment wrote.
Segment read_segment(const std::filesystem::path& folder);

/// So many keys a segment's server knows at most.
constexpr std::size_t kMostSegmentDevices = 250;

/// Devices that are let in for a file that is sealed anew, each by a new key, beside those that may ask: for
/// good with keep(), or as if nothing had been. A server that runs lets them in, too (SegmentDevices). Holds
/// the folder's lock for as long as it lives.
class NewSegmentDevices {
 public:
  /// `of`: the segment of the file that is sealed anew. UsageError if the folder is another's, for a device
  /// that was revoked, and for too many; IoError.
  NewSegmentDevices(const std::filesystem::path& folder, const sealed::SplitTerms& of,
                    const std::vector<KemPublicKey>& devices);
  ~NewSegmentDevices();
  NewSegmentDevices(const NewSegmentDevices&) = delete;
  NewSegmentDevices& operator=(const NewSegmentDevices&) = delete;

  /// With the address and the number of questions that the folder has now.
  const sealed::SplitTerms& terms() const { return terms_; }
  const std::vector<sealed::SegmentAccess>& access() const { return access_; }
  void keep() { kept_ = true; }

 private:
  sealed::KeyFolder folder_;
  FileDescriptor lock_;
  sealed::SplitTerms terms_;
  std::vector<sealed::SegmentAccess> access_;
  std::string before_;  ///< what stood there
  bool kept_ = false;
};

/// Whom a server lets in while it runs: the devices that stood in the folder, and those that have come to it
/// since. For several threads.
class SegmentDevices {
 public:
  /// `segment`: what was read from the folder.
  SegmentDevices(std::filesystem::path folder, const Segment& segment);
  const std::filesystem::path& folder() const { return folder_; }
  /// Who shows this key; the folder is looked into once more if it has changed. UsageError if it is not what
  /// it was, or has more devices than can be let in; IoError.
  std::optional<SegmentDevice> of_key(const PublicKey& access);
  /// Who was found before.
  SegmentDevice named(std::string_view name) const;

 private:
  struct Stamp {
    std::uint64_t file = 0;
    std::int64_t size = 0, seconds = 0, nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;
  void look();

  const std::filesystem::path folder_;
  const Digest segment_;
  mutable std::mutex mutex_;
  std::vector<SegmentDevice> known_;
  Stamp looked_at_;
};

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
