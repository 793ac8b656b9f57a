// A party's side of one owner's upload, message by message, so that a party can listen to several owners at
// once, and to one whose connection broke when it has connected anew.
#pragma once

#include "tacit/job/upload_wire.h"

namespace tacit {

class DataStore;

/// Where a party keeps what it receives.
struct UploadPlace {
  std::filesystem::path state;
  DataStore* store = nullptr;  ///< without one it goes with this process
};

class UploadReceiver {
 public:
  /// Everything that is referred to must live as long.
  UploadReceiver(const Job& job, const Digest& session, const Endpoint& owner,
                 std::span<const unsigned> component_set, UploadPlace place, Isa isa);
  ~UploadReceiver();

  /// Takes the next message, or a few that belong together, and answers. Whether it was the last: the upload
  /// is whole here, and its owner knows that all parties have it.
  /// PeerError, naming the owner, for whatever does not fit the job, the session or the manifest; if the link
  /// broke (PeerError::cut) it can go on after rejoin(). IoError.
  bool step(Channel& channel);
  /// The owner has greeted anew, after a break: tells it what is here already. PeerError if it comes with
  /// another upload.
  void rejoin(Channel& channel);
  /// The upload, once, when it is whole.
  Upload take() { return std::move(upload_); }

 private:
  PeerError bad(const std::string& what) const { return {owner_.name, owner_.name + " " + what}; }
  void begin(Channel& channel);
  void take_rows(Channel& channel, ByteView body);
  void take_ids(ByteView body);
  void finish(Channel& channel, ByteView manifest);
  void check_manifest() const;
  void check_digests();
  std::uint64_t rows() const;

  const Job& job_;
  const Digest session_;
  const Endpoint& owner_;
  const std::vector<unsigned> set_;
  const UploadPlace place_;
  const Isa isa_;

  UploadPoint::Stage stage_ = UploadPoint::kNothing;
  std::uint64_t width_ = 0;
  UploadId id_{};
  std::string stored_;  ///< its id in the store
  std::size_t
      full_at_;  ///< place in the set of the component that comes in full; the set's size if none does
  UploadRecord record_;  ///< seeds and salt; manifest and signature at the end
  std::optional<ComponentWriter> writer_;
  Hasher ids_;
  Upload upload_;
};

}  // namespace tacit
