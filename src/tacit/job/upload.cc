#include "tacit/job/upload.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/party/handshake.h"

namespace tacit {

namespace {

using nlohmann::json;

constexpr std::size_t kBlockRows = 1024;
constexpr std::size_t kUploadId = 16;
constexpr std::size_t kMaxManifest = std::size_t{16} << 20;
constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 40;

/// In a party's greeting, in the place of errands: it has the data already.
constexpr std::uint8_t kResumed = 1;

struct Greeting {
  std::uint32_t version;
  std::uint8_t errands;
  std::byte reserved[3];
  Digest job;
  Digest session;  // from the parties; zero from an owner, who learns it here
};
static_assert(sizeof(Greeting) == kGreetingBytes);

template <class T>
ByteSpan raw(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

void check_greeting(const Greeting& theirs, const Job& job, const std::string& name) {
  if (theirs.version != kProtocolVersion)
    throw PeerError(
        name, fmt::format("{} speaks version {} of the protocol and we speak {}: install the same tacit on "
                          "both",
                          name, theirs.version, kProtocolVersion));
  if (theirs.job != job_hash(job))
    throw PeerError(
        name, fmt::format("{} has another job file (its hash begins {}, ours {}): use the same one", name,
                          to_hex(theirs.job).substr(0, 12), to_hex(job_hash(job)).substr(0, 12)));
}

/// What is signed: the manifest, marked as such.
Bytes signed_text(std::string_view text) {
  Bytes out;
  append_bytes(out, bytes_of("tacit upload manifest\n"));
  append_bytes(out, bytes_of(text));
  return out;
}

Digest digest_of(const std::string& hex) {
  const Bytes bytes = from_hex(hex);
  Digest out{};
  if (bytes.size() == out.size()) std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

}  // namespace

std::string to_text(const Manifest& m) {
  json j{{"owner", m.owner},
         {"job", to_hex(m.job)},
         {"session", to_hex(m.session)},
         {"upload", m.upload},
         {"rows", m.rows},
         {"test_rows", m.test_rows},
         {"feature_columns", m.feature_columns},
         {"target_width", m.target_width},
         {"components", json::array()},
         {"ids", to_hex(m.ids)}};
  for (const Digest& d : m.components) j["components"].push_back(to_hex(d));
  return j.dump();
}

Manifest parse_manifest(std::string_view text, const std::string& owner) {
  try {
    const json j = json::parse(text);
    Manifest m;
    m.owner = j.at("owner").get<std::string>();
    m.job = digest_of(j.at("job").get<std::string>());
    m.session = digest_of(j.at("session").get<std::string>());
    m.upload = j.at("upload").get<std::string>();
    m.rows = whole_number<std::uint64_t>(j.at("rows"));
    m.test_rows = whole_number<std::uint64_t>(j.at("test_rows"));
    m.feature_columns = whole_numbers<std::vector<std::size_t>>(j.at("feature_columns"));
    m.target_width = whole_number<std::size_t>(j.at("target_width"));
    m.ids = digest_of(j.at("ids").get<std::string>());
    for (const auto& c : j.at("components")) m.components.push_back(digest_of(c.get<std::string>()));
    return m;
  } catch (const json::exception&) {
    throw PeerError(owner, fmt::format("{} sent a manifest that cannot be read", owner));
  }
}

std::string misfit(const Job& job, const Manifest& m, std::uint64_t width) {
  // Each by itself: a sum of numbers that the owner chose could wrap around to the right width.
  const std::size_t targets = target_width(job.data.schema);
  if ((m.target_width != 0 && m.target_width != targets) || m.width() != width || m.rows == 0 ||
      m.test_rows >= m.rows)
    return "signed a manifest that does not fit its rows";
  if (m.rows > kMaxRows) return "signed a manifest of more rows than can be";
  std::vector<bool> named(feature_width(job.data.schema), false);
  for (std::size_t column : m.feature_columns) {
    if (column >= named.size()) return "names a column that the schema does not have";
    if (named[column]) return "names a column twice";
    named[column] = true;
  }
  return "";
}

unsigned full_component(const Job& job, std::string_view owner, unsigned components) {
  return static_cast<unsigned>(index(job.endpoint(owner)) - job.parties.size()) % components;
}

OwnerLink::OwnerLink(const Job& job, PartyId self, std::vector<Channel>& parties, std::uint8_t errands)
    : job_(job), name_(job.names()[index(self)]), parties_(parties) {
  Greeting greeting{kProtocolVersion, errands, {}, job_hash(job), {}};
  for (Channel& party : parties_) party.send("owner.hello", raw(greeting));
  for (Channel& party : parties_) {
    Greeting theirs;
    party.receive("owner.welcome", raw(theirs));
    check_greeting(theirs, job, party.peer_name());
    const bool resumed = (theirs.errands & kResumed) != 0;
    if (&party == &parties_.front()) {
      session_ = theirs.session;
      resumed_ = resumed;
    }
    if (theirs.session != session_ || resumed != resumed_)
      throw PeerError(party.peer_name(), fmt::format("{} and {} are in different sessions",
                                                     parties_.front().peer_name(), party.peer_name()));
  }
}

Manifest OwnerLink::send(ExampleReader& reader, const Identity& identity, double test_fraction,
                         const std::vector<std::vector<unsigned>>& sets,
                         const std::function<void(std::uint64_t)>& progress) {
  unsigned count = 0;
  for (const auto& set : sets)
    for (unsigned c : set) count = std::max(count, c + 1);
  const unsigned full = full_component(job_, name_, count);
  const std::size_t features = reader.layout().feature_width(), targets = reader.layout().target_width;
  const std::size_t width = features + targets;
  const SecretBytes salt = os_entropy(kSaltSize);
  std::vector<SecretBytes> seeds(count);
  std::vector<std::unique_ptr<Component>> from_seed(count);
  for (unsigned c = 0; c < count; ++c)
    if (c != full) {
      seeds[c] = os_entropy(Prg::kKeySize);
      from_seed[c] = seed_component(seeds[c].bytes(), width, detect_isa());
    }
  for (std::size_t p = 0; p < parties_.size(); ++p) {
    const std::uint64_t shape[] = {width, full};
    parties_[p].send("owner.shape", std::span<const Word>(shape));
    for (unsigned c : sets[p])
      parties_[p].send(c == full ? "owner.salt" : "owner.seed", c == full ? salt.bytes() : seeds[c].bytes());
  }

  Hasher digest, ids;
  digest.update(salt.bytes());
  Manifest m;
  for (;;) {
    const ExampleBlock block = reader.next(kBlockRows);
    if (block.rows == 0) break;
    const FixedBlock fixed = to_fixed(block, reader.layout(), job_.fraction_bits);
    Words rest(block.rows * width);
    Word* to = rest.data();
    std::vector<Word> masks(width);
    for (std::size_t r = 0; r < block.rows; ++r, to += width) {
      std::copy_n(fixed.features.data() + r * features, features, to);
      if (targets > 0) std::copy_n(fixed.targets.data() + r * targets, targets, to + features);
      for (unsigned c = 0; c < count; ++c) {
        if (c == full) continue;
        from_seed[c]->read(m.rows + r, 0, masks);
        for (std::size_t i = 0; i < width; ++i) to[i] -= masks[i];
      }
    }
    digest.update(std::as_bytes(std::span<const Word>(rest)));
    for (std::size_t p = 0; p < parties_.size(); ++p)
      if (std::find(sets[p].begin(), sets[p].end(), full) != sets[p].end())
        parties_[p].send("owner.rows", rest);
    m.rows += block.rows;
    for (const std::string& id : block.ids) {
      const std::uint64_t length = id.size();
      ids.update(std::as_bytes(std::span(&length, 1))).update(bytes_of(id));
    }
    if (progress) progress(m.rows);
  }
  if (job_.data.holding == Holding::SomeColumns) m.ids = send_ids(ids.finish(), count, sets);
  m.owner = name_;
  m.job = job_hash(job_);
  m.session = session_;
  m.upload = to_hex(os_entropy(kUploadId).bytes());
  m.test_rows = static_cast<std::uint64_t>(std::floor(test_fraction * static_cast<double>(m.rows)));
  require(m.rows > m.test_rows, "after {} rows for the test set, no row is left to train on", m.test_rows);
  m.feature_columns = reader.layout().feature_columns;
  m.target_width = targets;
  for (unsigned c = 0; c < count; ++c)
    m.components.push_back(c == full ? digest.finish() : seed_digest(seeds[c].bytes()));
  const std::string text = to_text(m);
  const Signature signature = identity.sign(signed_text(text));
  for (Channel& party : parties_) {
    party.send("owner.manifest", bytes_of(text));
    party.send("owner.signature", ByteView(signature));
  }
  for (Channel& party : parties_) {
    std::byte stored;
    party.receive("owner.stored", std::span(&stored, 1));
  }
  return m;
}

Digest OwnerLink::send_ids(const Digest& hash, unsigned count,
                           const std::vector<std::vector<unsigned>>& sets) {
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
  std::vector<Bytes> salted(count);
  for (unsigned c = 0; c < count; ++c) {
    append_bytes(salted[c], os_entropy(kSaltSize).bytes());
    append_bytes(salted[c], std::as_bytes(std::span<const Word>(components[c])));
    all.update(sha256(salted[c]));
  }
  for (std::size_t p = 0; p < parties_.size(); ++p)
    for (unsigned c = 0; c < count; ++c) {
      const bool held = std::find(sets[p].begin(), sets[p].end(), c) != sets[p].end();
      // Of the others, the digest alone, so that each party can check the whole.
      if (held)
        parties_[p].send("owner.ids", ByteView(salted[c]));
      else
        parties_[p].send("owner.ids", ByteView(sha256(salted[c])));
    }
  return all.finish();
}

std::uint8_t greet_owner(const Job& job, const Digest& session, Channel& owner, bool resumed) {
  Greeting theirs;
  owner.receive("owner.hello", raw(theirs));
  Greeting greeting{kProtocolVersion, resumed ? kResumed : std::uint8_t{0}, {}, job_hash(job), session};
  owner.send("owner.welcome", raw(greeting));
  check_greeting(theirs, job, owner.peer_name());
  return theirs.errands;
}

Upload receive_upload(const Job& job, const Digest& session, const Endpoint& owner, Channel& channel,
                      std::span<const unsigned> set, const std::filesystem::path& state, Isa isa) {
  auto bad = [&](const std::string& what) { return PeerError(owner.name, owner.name + " " + what); };
  std::uint64_t shape[2];
  channel.receive("owner.shape", std::span<Word>(shape));
  const std::uint64_t width = shape[0], full = shape[1];
  const std::size_t most = feature_width(job.data.schema) + target_width(job.data.schema);
  if (width == 0 || width > most)
    throw bad(fmt::format("sends rows of {} numbers, and the schema has {}", width, most));

  Upload upload;
  std::vector<Digest> digests(set.size());
  upload.components.resize(set.size());
  std::size_t full_at = set.size();
  Bytes salt(kSaltSize);
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set[i] == full) {
      full_at = i;
      channel.receive("owner.salt", ByteSpan(salt));
      continue;
    }
    SecretBytes seed(Prg::kKeySize);
    channel.receive("owner.seed", seed.bytes());
    digests[i] = seed_digest(seed.bytes());
    upload.components[i] = seed_component(seed.bytes(), width, isa);
  }

  ComponentWriter writer(state, width, salt);
  Hasher ids;
  for (;;) {
    const auto [tag, body] = channel.receive_any({"owner.rows", "owner.ids", "owner.manifest"},
                                                 std::max(kMaxManifest, 8 * width * kBlockRows));
    if (tag == "owner.ids") {
      if (body.size() == sizeof(Digest)) {
        ids.update(body);
        continue;
      }
      if (body.size() != kSaltSize + 8 * kIdNumbers || upload.ids.size() == set.size())
        throw bad("sent ids that do not fit");
      RingTensor t(Shape{kIdNumbers});
      std::memcpy(t.data(), body.data() + kSaltSize, 8 * kIdNumbers);
      ids.update(sha256(body));
      upload.ids.push_back(std::move(t));
      continue;
    }
    if (tag == "owner.manifest") {
      if (body.size() > kMaxManifest) throw bad("sent a manifest that is too long");
      upload.text = std::string(text_of(body));
      break;
    }
    if (full_at == set.size() || body.empty() || body.size() % (8 * width) != 0)
      throw bad("sent rows that do not fit");
    std::vector<Word> words(body.size() / 8);
    std::memcpy(words.data(), body.data(), body.size());
    writer.append(words);
  }
  Signature signature;
  channel.receive("owner.signature", ByteSpan(signature));
  if (!verify(owner.key, signed_text(upload.text), signature))
    throw bad("did not sign its manifest with its key");

  Manifest& m = upload.manifest = parse_manifest(upload.text, owner.name);
  if (m.owner != owner.name || m.job != job_hash(job)) throw bad("signed a manifest of another job or owner");
  if (m.session != session) throw bad("signed a manifest of another session");
  if (from_hex(m.upload).size() != kUploadId) throw bad("signed a manifest without the upload's id");
  if (const std::string what = misfit(job, m, width); !what.empty()) throw bad(what);
  if (full_at < set.size()) {
    if (writer.words() != m.rows * width) throw bad(fmt::format("announced {} rows and sent others", m.rows));
    digests[full_at] = writer.digest();
    upload.components[full_at] = writer.finish();
  }
  for (std::size_t i = 0; i < set.size(); ++i)
    if (set[i] >= m.components.size() || m.components[set[i]] != digests[i])
      throw bad("sent shares that do not have the digest it signed");
  if (job.data.holding == Holding::SomeColumns) {
    if (upload.ids.size() != set.size() || ids.finish() != m.ids)
      throw bad("sent ids that do not have the digest it signed");
    // Components arrive by number; a party keeps them in the order of its set.
    std::vector<RingTensor> ordered;
    for (unsigned c : set)
      ordered.push_back(upload.ids[static_cast<std::size_t>(
          std::count_if(set.begin(), set.end(), [c](unsigned d) { return d < c; }))]);
    upload.ids = std::move(ordered);
  }
  const std::byte stored{1};
  static_assert(sizeof stored == kStoredBytes);
  channel.send("owner.stored", std::span(&stored, 1));
  return upload;
}

}  // namespace tacit
