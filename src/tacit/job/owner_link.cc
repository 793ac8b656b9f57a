// An owner's side of an upload. What was sent and not yet acknowledged is kept, as it was sent, so that after
// a break the very same bytes are sent once more: no mask ever meets two numbers, and nothing is read twice.
#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <utility>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/job/upload_wire.h"
#include "tacit/party/handshake.h"

namespace tacit {

namespace {

/// Breaks of one upload after which it is given up.
constexpr unsigned kMostBreaks = 100;

}  // namespace

OwnerLink::OwnerLink(const Job& job, PartyId self, std::vector<Channel>& parties, std::uint8_t errands,
                     OwnerReturn back)
    : job_(job),
      name_(job.names()[index(self)]),
      parties_(parties),
      errands_(errands),
      back_(std::move(back)) {
  greet(errands_);
}

void OwnerLink::greet(std::uint8_t errands) {
  const bool first = session_ == Digest{};
  Greeting greeting{kProtocolVersion, errands, {}, job_hash(job_), {}};
  for (Channel& party : parties_) party.send("owner.hello", raw(greeting));
  for (Channel& party : parties_) {
    Greeting theirs;
    party.receive("owner.welcome", raw(theirs));
    check_greeting(theirs, job_, party.peer_name());
    const bool resumed = (theirs.errands & kResumed) != 0;
    if (first && &party == &parties_.front()) {
      session_ = theirs.session;
      resumed_ = resumed;
    }
    if (theirs.session != session_ || resumed != resumed_)
      throw PeerError(party.peer_name(), fmt::format("{} and {} are in different sessions",
                                                     parties_.front().peer_name(), party.peer_name()));
  }
}

// ---- what is sent

struct OwnerLink::Upload {
  std::vector<std::vector<unsigned>> sets;
  UploadShape shape{};
  SecretBytes salt;
  std::vector<SecretBytes> seeds;  ///< by component; none of the one in full

  struct Block {
    std::uint64_t end;  ///< the row behind its last
    Words words;
  };
  std::deque<Block> blocks;  ///< that not all of their holders have acknowledged
  std::uint64_t rows = 0;    ///< behind the last block

  std::vector<std::vector<Bytes>> ids;  ///< a party: its messages
  std::string manifest;                 ///< empty before the end
  Signature signature{};

  struct Feed {  ///< how far a party is
    bool holds_full = false, begun = false, closed = false, stored = false;
    std::uint64_t sent = 0, got = 0;
  };
  std::vector<Feed> feeds;
};

OwnerLink::~OwnerLink() = default;

/// Brings a party as far as we are; what is under way to it stays within the window.
void OwnerLink::feed(std::size_t p) {
  Upload& u = *upload_;
  Upload::Feed& f = u.feeds[p];
  if (f.stored) return;
  if (!f.begun) {
    parties_[p].send("owner.shape", raw(u.shape));
    for (const unsigned c : u.sets[p]) {
      const bool full = c == u.shape.full;
      parties_[p].send(full ? "owner.salt" : "owner.seed", full ? u.salt.bytes() : u.seeds[c].bytes());
    }
    f.begun = true;
  }
  for (std::size_t b = 0; f.holds_full && b < u.blocks.size(); ++b) {
    if (u.blocks[b].end <= f.sent) continue;
    parties_[p].send("owner.rows", u.blocks[b].words);
    f.sent = u.blocks[b].end;
  }
  while (f.holds_full && f.sent - f.got > window_rows(u.shape.width)) {
    std::uint64_t rows[1];
    parties_[p].receive("owner.got", std::span<Word>(rows));
    acknowledged(p, rows[0]);
  }
  if (u.manifest.empty() || f.closed) return;
  for (const Bytes& ids : u.ids[p]) parties_[p].send("owner.ids", ByteView(ids));
  parties_[p].send("owner.manifest", bytes_of(u.manifest));
  parties_[p].send("owner.signature", ByteView(u.signature));
  f.closed = true;
}

void OwnerLink::acknowledged(std::size_t p, std::uint64_t rows) {
  Upload& u = *upload_;
  Upload::Feed& f = u.feeds[p];
  const std::string& name = parties_[p].peer_name();
  if (rows <= f.got || rows > f.sent)
    throw PeerError(name, fmt::format("{} acknowledged rows that were not sent", name));
  f.got = rows;
  forget_blocks();
}

void OwnerLink::forget_blocks() {
  Upload& u = *upload_;
  std::uint64_t all = u.rows;
  for (const Upload::Feed& f : u.feeds)
    if (f.holds_full) all = std::min(all, f.got);
  while (!u.blocks.empty() && u.blocks.front().end <= all) u.blocks.pop_front();
}

/// Until a party says that it has everything, and found it right.
void OwnerLink::finish(std::size_t p) {
  Upload::Feed& f = upload_->feeds[p];
  while (!f.stored) {
    const auto [tag, body] = parties_[p].receive_any({"owner.stored", "owner.got"}, sizeof(std::uint64_t));
    const std::string& name = parties_[p].peer_name();
    if (body.size() != (tag == "owner.stored" ? 1 : sizeof(std::uint64_t)))
      throw PeerError(name, fmt::format("{} answered an upload in a way that cannot be read", name));
    if (tag == "owner.stored")
      f.stored = true;
    else
      acknowledged(p, read_at<std::uint64_t>(body, 0));
  }
}

// ---- after a break

/// Does `step` over all parties; if links break, connects anew and does it again from where each party is.
template <class Step>
void OwnerLink::over_breaks(Step step) {
  std::optional<PeerError> broke;
  for (unsigned breaks = 0;;) {
    try {
      if (broke) come_back(*std::exchange(broke, std::nullopt));
      for (std::size_t p = 0; p < parties_.size(); ++p) step(p);
      return;
    } catch (const PeerError& e) {
      if (!e.cut || !back_.connect || ++breaks > kMostBreaks) throw;
      broke = e;
    }
  }
}

void OwnerLink::come_back(const PeerError& broke) {
  try {
    back_.connect();
  } catch (const PeerError&) {
    throw PeerError(broke.peer, broke.what());  // why is the better thing to tell; and it is for good
  }
  greet(errands_ | Errand::Again);
  for (Channel& party : parties_) party.send("owner.again", ByteView(upload_->shape.id));
  for (std::size_t p = 0; p < parties_.size(); ++p) {
    Upload::Feed& f = upload_->feeds[p];
    const std::string& name = parties_[p].peer_name();
    UploadPoint at;
    parties_[p].receive("owner.at", raw(at));
    // Rows that it had once it still has, and we have those that it lacks.
    if (at.stage > UploadPoint::kStored || at.rows < f.got || at.rows > f.sent ||
        (at.stage == UploadPoint::kNothing && at.rows > 0) ||
        (f.stored && at.stage != UploadPoint::kStored) ||
        (at.stage == UploadPoint::kStored && upload_->manifest.empty()))
      throw PeerError(name, fmt::format("{} has lost a part of the upload", name));
    f.begun = at.stage != UploadPoint::kNothing;
    f.stored = at.stage == UploadPoint::kStored;
    f.closed = f.stored;
    f.sent = f.got = at.rows;
  }
  forget_blocks();
  if (back_.settled) back_.settled();
}

// ---- the upload

Manifest OwnerLink::send(ExampleReader& reader, const Identity& identity, double test_fraction,
                         const std::vector<std::vector<unsigned>>& sets,
                         const std::function<void(std::uint64_t)>& progress) {
  unsigned count = 0;
  for (const auto& set : sets)
    for (unsigned c : set) count = std::max(count, c + 1);
  const unsigned full = full_component(job_, name_, count);
  const std::size_t features = reader.layout().feature_width(), targets = reader.layout().target_width;
  const std::size_t width = features + targets;
  upload_ = std::make_unique<Upload>();
  Upload& u = *upload_;
  u.sets = sets;
  u.shape.width = width;
  u.shape.full = full;
  const SecretBytes id = os_entropy(kUploadId);
  std::copy(id.bytes().begin(), id.bytes().end(), u.shape.id.begin());
  u.salt = os_entropy(kSaltSize);
  u.seeds.resize(count);
  std::vector<std::unique_ptr<Component>> from_seed(count);
  for (unsigned c = 0; c < count; ++c)
    if (c != full) {
      u.seeds[c] = os_entropy(Prg::kKeySize);
      from_seed[c] = seed_component(u.seeds[c].bytes(), width, detect_isa());
    }
  u.feeds.resize(parties_.size());
  for (std::size_t p = 0; p < parties_.size(); ++p)
    u.feeds[p].holds_full = std::find(sets[p].begin(), sets[p].end(), full) != sets[p].end();
  const auto feed_all = [&] { over_breaks([&](std::size_t p) { feed(p); }); };
  feed_all();

  Hasher digest, ids;
  digest.update(u.salt.bytes());
  std::vector<Word> masks(width);
  for (;;) {
    const ExampleBlock block = reader.next(block_rows(width));
    if (block.rows == 0) break;
    const FixedBlock fixed = to_fixed(block, reader.layout(), job_.fraction_bits);
    Words rest(block.rows * width);
    Word* to = rest.data();
    for (std::size_t r = 0; r < block.rows; ++r, to += width) {
      std::copy_n(fixed.features.data() + r * features, features, to);
      if (targets > 0) std::copy_n(fixed.targets.data() + r * targets, targets, to + features);
      for (unsigned c = 0; c < count; ++c) {
        if (c == full) continue;
        from_seed[c]->read(u.rows + r, 0, masks);
        for (std::size_t i = 0; i < width; ++i) to[i] -= masks[i];
      }
    }
    digest.update(std::as_bytes(std::span<const Word>(rest)));
    u.rows += block.rows;
    u.blocks.push_back({u.rows, std::move(rest)});
    feed_all();
    for (const std::string& row_id : block.ids) {
      const std::uint64_t length = row_id.size();
      ids.update(std::as_bytes(std::span(&length, 1))).update(bytes_of(row_id));
    }
    if (progress) progress(u.rows);
  }
  Manifest m;
  m.rows = u.rows;
  u.ids.resize(parties_.size());
  if (job_.data.holding == Holding::SomeColumns) m.ids = share_ids(ids.finish(), count);
  m.owner = name_;
  m.job = job_hash(job_);
  m.session = session_;
  m.upload = to_hex(u.shape.id);
  m.test_rows = static_cast<std::uint64_t>(std::floor(test_fraction * static_cast<double>(m.rows)));
  require(m.rows > m.test_rows, "after {} rows for the test set, no row is left to train on", m.test_rows);
  m.feature_columns = reader.layout().feature_columns;
  m.target_width = targets;
  for (unsigned c = 0; c < count; ++c)
    m.components.push_back(c == full ? digest.finish() : seed_digest(u.seeds[c].bytes()));
  u.signature = identity.sign(signed_text(to_text(m)));
  u.manifest = to_text(m);
  feed_all();
  over_breaks([&](std::size_t p) {
    feed(p);
    finish(p);
  });
  const std::byte done{1};
  for (Channel& party : parties_) party.send("owner.done", std::span(&done, 1));
  upload_.reset();
  return m;
}

/// The messages to each party, and what the manifest says of them.
Digest OwnerLink::share_ids(const Digest& hash, unsigned count) {
  std::vector<Words> components(count, Words(kIdNumbers));
  for (unsigned c = 0; c + 1 < count; ++c) {
    const SecretBytes random = os_entropy(8 * kIdNumbers);
    std::memcpy(components[c].data(), random.bytes().data(), 8 * kIdNumbers);
  }
  for (std::size_t i = 0; i < kIdNumbers; ++i) {
    Word rest = Word{read_at<std::uint16_t>(hash, 2 * i)} << job_.fraction_bits;
    for (unsigned c = 0; c + 1 < count; ++c) rest -= components[c][i];
    components[count - 1][i] = rest;
  }
  Hasher all;
  for (unsigned c = 0; c < count; ++c) {
    Bytes salted;
    append_bytes(salted, os_entropy(kSaltSize).bytes());
    append_bytes(salted, std::as_bytes(std::span<const Word>(components[c])));
    const Digest digest = sha256(salted);
    all.update(digest);
    for (std::size_t p = 0; p < parties_.size(); ++p) {
      const auto& set = upload_->sets[p];
      const bool held = std::find(set.begin(), set.end(), c) != set.end();
      // Of the others, the digest alone, so that each party can check the whole.
      upload_->ids[p].push_back(held ? salted : Bytes(digest.begin(), digest.end()));
    }
  }
  return all.finish();
}

}  // namespace tacit
