// How data come in. An owner cuts its encoded examples into components, sends each party those that it holds,
// and ends with a signed manifest: job, session, owner, rows, and the digest of every component. Parties
// check what they got against it, and compare the manifests among themselves, before anything is used.
#pragma once

#include <functional>

#include "tacit/job/job.h"
#include "tacit/job/shares.h"
#include "tacit/net/channel.h"

namespace tacit {

/// What an owner comes for.
enum class Errand : std::uint8_t {
  Bring = 1,    ///< examples to train and to measure on
  Collect = 2,  ///< what the policy gives it
  Ask = 4,      ///< predictions for its own examples
  Again = 8,    ///< ... and its links broke in the middle of it
};
constexpr std::uint8_t operator|(std::uint8_t a, Errand b) {
  return static_cast<std::uint8_t>(a | static_cast<std::uint8_t>(b));
}
constexpr std::uint8_t operator|(Errand a, Errand b) { return static_cast<std::uint8_t>(a) | b; }

struct Manifest {
  std::string owner;
  Digest job{};
  Digest session{};    ///< the one that the parties welcomed the owner to: no upload counts in another
  std::string upload;  ///< random, of this upload: 32 hexadecimal digits
  std::uint64_t rows = 0, test_rows = 0;
  std::vector<std::size_t> feature_columns;  ///< places among all encoded features
  std::size_t target_width = 0;
  std::vector<Digest> components;
  Digest ids{};  ///< of the components of the ids' hash together; zero when there are none

  std::size_t width() const { return feature_columns.size() + target_width; }
};
/// What in it does not fit the job, for rows of `width` numbers; empty if all does.
std::string misfit(const Job& job, const Manifest& manifest, std::uint64_t width);
std::string to_text(const Manifest&);
/// PeerError, in the owner's name, for anything malformed.
Manifest parse_manifest(std::string_view text, const std::string& owner);

/// What an upload is beside its shares: the manifest as it was signed, and what a party got of each component
/// that it holds.
struct UploadRecord {
  std::string manifest;
  Signature signature{};
  struct Part {
    unsigned component;
    bool full;           ///< it came in full, and
    SecretBytes secret;  ///< ... this is the salt of its digest; otherwise its seed
  };
  std::vector<Part> parts;  ///< in the order of the party's component set
};
void save(const UploadRecord& record, ByteWriter& to);
/// UsageError for what is no record.
UploadRecord load_record(ByteReader& from);
/// Whether the manifest bears the owner's signature.
bool signed_by(const Endpoint& owner, const UploadRecord& record);

/// What a party holds of one owner's examples.
struct Upload {
  Manifest manifest;
  std::string text;                                    ///< the manifest as it was signed
  std::vector<std::unique_ptr<Component>> components;  ///< in the order of its component set
  /// With different columns: components of the hash of the owner's ids, as kIdNumbers numbers of 16 bits.
  std::vector<RingTensor> ids;
};
constexpr std::size_t kIdNumbers = 16;

/// Of an owner's components, the one that is sent in full: the others come from seeds. It follows from the
/// owner's place in the job, to even out storage.
unsigned full_component(const Job& job, std::string_view owner, unsigned components);

/// What a party keeps of all owners' examples beside checkpoints, and the way back. UsageError for what does
/// not fit the job; IoError.
void save_uploads(std::span<const Upload> uploads, ByteWriter& to);
std::vector<Upload> load_uploads(const Job& job, std::span<const unsigned> component_set,
                                 const std::filesystem::path& state, Isa isa, ByteReader& from);

/// How an owner comes back after its links broke. Without the first, a break is the end.
struct OwnerReturn {
  std::function<void()> connect;  ///< connects to all parties anew, and gives each a limited time to answer
  std::function<void()> settled;  ///< all have answered
};

/// The owner's side: greets every party, and sends. `parties` are its channels in order.
class OwnerLink {
 public:
  OwnerLink(const Job& job, PartyId self, std::vector<Channel>& parties, std::uint8_t errands,
            OwnerReturn back = {});
  ~OwnerLink();
  /// Whether the parties go on with a training, and have the owners' data from its beginning.
  bool resumed() const { return resumed_; }
  /// Sends all rows of the reader; `progress` is told rows sent. Memory is bounded, however many there are.
  Manifest send(ExampleReader& reader, const Identity& identity, double test_fraction,
                const std::vector<std::vector<unsigned>>& component_sets,
                const std::function<void(std::uint64_t)>& progress);

 private:
  struct Upload;
  void greet(std::uint8_t errands);
  void feed(std::size_t party);
  void acknowledged(std::size_t party, std::uint64_t rows);
  void forget_blocks();
  void finish(std::size_t party);
  template <class Step>
  void over_breaks(Step step);
  void come_back(const PeerError& broke);
  Digest share_ids(const Digest& hash, unsigned components);

  const Job& job_;
  std::string name_;
  std::vector<Channel>& parties_;
  std::uint8_t errands_;
  OwnerReturn back_;
  Digest session_{};
  bool resumed_ = false;
  std::unique_ptr<Upload> upload_;
};

/// The party's side: answers the greeting, tells whether a training is resumed, and says what the owner came
/// for. PeerError for another job or version.
std::uint8_t greet_owner(const Job& job, const Digest& session, Channel& owner, bool resumed = false);
/// Receives one upload (upload_receiver.h), which goes with this process. PeerError, naming the owner, for
/// whatever does not fit the job, the session or the manifest.
Upload receive_upload(const Job& job, const Digest& session, const Endpoint& owner, Channel& channel,
                      std::span<const unsigned> component_set, const std::filesystem::path& state, Isa isa);

}  // namespace tacit
