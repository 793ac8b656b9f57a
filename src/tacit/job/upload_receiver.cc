#include "tacit/job/upload_receiver.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/job/data_store.h"

namespace tacit {

UploadReceiver::UploadReceiver(const Job& job, const Digest& session, const Endpoint& owner,
                               std::span<const unsigned> set, UploadPlace place, Isa isa)
    : job_(job),
      session_(session),
      owner_(owner),
      set_(set.begin(), set.end()),
      place_(std::move(place)),
      isa_(isa),
      full_at_(set.size()) {}
UploadReceiver::~UploadReceiver() = default;

std::uint64_t UploadReceiver::rows() const { return writer_ ? writer_->words() / width_ : 0; }

bool UploadReceiver::step(Channel& channel) {
  if (stage_ == UploadPoint::kNothing) {
    begin(channel);
    return false;
  }
  if (stage_ == UploadPoint::kStored) {
    std::byte done;
    channel.receive("owner.done", std::span(&done, 1));
    return true;
  }
  const auto [tag, body] =
      channel.receive_any({"owner.rows", "owner.ids", "owner.manifest"},
                          std::max<std::size_t>({kMaxManifest, kBlockBytes, 8 * width_}));
  if (tag == "owner.rows")
    take_rows(channel, body);
  else if (tag == "owner.ids")
    take_ids(body);
  else
    finish(channel, body);
  return false;
}

void UploadReceiver::rejoin(Channel& channel) {
  UploadId id;
  channel.receive("owner.again", ByteSpan(id));
  if (stage_ != UploadPoint::kNothing && id != id_)
    throw bad("comes back with another upload than the one that broke off");
  // These come once more, whole.
  upload_.ids.clear();
  ids_ = Hasher();
  const UploadPoint point{stage_, rows()};
  channel.send("owner.at", std::as_bytes(std::span(&point, 1)));
}

/// The shape and the seeds. Nothing is taken over before all of it is here.
void UploadReceiver::begin(Channel& channel) {
  UploadShape shape;
  channel.receive("owner.shape", raw(shape));
  const std::size_t most = feature_width(job_.data.schema) + target_width(job_.data.schema);
  if (shape.width == 0 || shape.width > most)
    throw bad(fmt::format("sends rows of {} numbers, and the schema has {}", shape.width, most));
  UploadRecord record;
  for (const unsigned c : set_) {
    const bool full = c == shape.full;
    record.parts.push_back({c, full, SecretBytes(full ? kSaltSize : Prg::kKeySize)});
    channel.receive(full ? "owner.salt" : "owner.seed", record.parts.back().secret.bytes());
  }

  width_ = shape.width;
  id_ = shape.id;
  record_ = std::move(record);
  upload_.components.resize(set_.size());
  for (std::size_t i = 0; i < set_.size(); ++i)
    if (record_.parts[i].full)
      full_at_ = i;
    else
      upload_.components[i] = seed_component(record_.parts[i].secret.bytes(), width_, isa_);
  if (place_.store != nullptr) stored_ = place_.store->begin(job_, session_, owner_.name, to_hex(id_));
  if (full_at_ < set_.size()) {
    const ByteView salt = record_.parts[full_at_].secret.bytes();
    if (place_.store != nullptr)
      writer_.emplace(place_.store->make_shares(stored_), width_, salt);
    else
      writer_.emplace(place_.state, width_, salt);
  }
  stage_ = UploadPoint::kRows;
}

void UploadReceiver::take_rows(Channel& channel, ByteView body) {
  if (!writer_ || body.empty() || body.size() % (8 * width_) != 0) throw bad("sent rows that do not fit");
  std::vector<Word> words(body.size() / 8);
  std::memcpy(words.data(), body.data(), body.size());
  writer_->append(words);
  const std::uint64_t got[] = {rows()};
  channel.send("owner.got", std::span<const Word>(got));
}

void UploadReceiver::take_ids(ByteView body) {
  // Of components that this party does not hold, the digest alone.
  if (body.size() == sizeof(Digest)) {
    ids_.update(body);
    return;
  }
  if (body.size() != kSaltSize + 8 * kIdNumbers || upload_.ids.size() == set_.size())
    throw bad("sent ids that do not fit");
  RingTensor t(Shape{kIdNumbers});
  std::memcpy(t.data(), body.data() + kSaltSize, 8 * kIdNumbers);
  ids_.update(sha256(body));
  upload_.ids.push_back(std::move(t));
}

void UploadReceiver::finish(Channel& channel, ByteView manifest) {
  if (manifest.size() > kMaxManifest) throw bad("sent a manifest that is too long");
  record_.manifest = std::string(text_of(manifest));
  channel.receive("owner.signature", ByteSpan(record_.signature));
  if (!signed_by(owner_, record_)) throw bad("did not sign its manifest with its key");
  upload_.text = record_.manifest;
  upload_.manifest = parse_manifest(upload_.text, owner_.name);
  check_manifest();
  check_digests();
  if (place_.store != nullptr)
    place_.store->complete(stored_, upload_.manifest, record_, writer_ ? writer_->file_size() : 0,
                           writer_ ? writer_->file_digest() : Digest{});
  stage_ = UploadPoint::kStored;
  const std::byte stored{1};
  channel.send("owner.stored", std::span(&stored, 1));
}

void UploadReceiver::check_manifest() const {
  const Manifest& m = upload_.manifest;
  if (m.owner != owner_.name || m.job != job_hash(job_))
    throw bad("signed a manifest of another job or owner");
  if (m.session != session_) throw bad("signed a manifest of another session");
  if (m.upload != to_hex(id_)) throw bad("signed a manifest without the upload's id");
  if (const std::string what = misfit(job_, m, width_); !what.empty()) throw bad(what);
  if (writer_ && writer_->words() != m.rows * width_)
    throw bad(fmt::format("announced {} rows and sent others", m.rows));
}

void UploadReceiver::check_digests() {
  const Manifest& m = upload_.manifest;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    Digest digest;
    if (i == full_at_) {
      digest = writer_->digest();
      upload_.components[i] = writer_->finish();
    } else {
      digest = seed_digest(record_.parts[i].secret.bytes());
    }
    if (set_[i] >= m.components.size() || m.components[set_[i]] != digest)
      throw bad("sent shares that do not have the digest it signed");
  }
  if (job_.data.holding != Holding::SomeColumns) return;
  if (upload_.ids.size() != set_.size() || ids_.finish() != m.ids)
    throw bad("sent ids that do not have the digest it signed");
  // Components arrive by number; a party keeps them in the order of its set.
  std::vector<RingTensor> ordered;
  for (const unsigned c : set_)
    ordered.push_back(upload_.ids[static_cast<std::size_t>(
        std::count_if(set_.begin(), set_.end(), [c](unsigned d) { return d < c; }))]);
  upload_.ids = std::move(ordered);
}

Upload receive_upload(const Job& job, const Digest& session, const Endpoint& owner, Channel& channel,
                      std::span<const unsigned> set, const std::filesystem::path& state, Isa isa) {
  UploadReceiver receiver(job, session, owner, set, {state}, isa);
  while (!receiver.step(channel)) {}
  return receiver.take();
}

}  // namespace tacit
