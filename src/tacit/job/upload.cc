#include <algorithm>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"
#include "tacit/job/upload_wire.h"
#include "tacit/party/handshake.h"

namespace tacit {

namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxParts = 64;
constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 40;

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

// records: size of the manifest (u64) | manifest | signature | parts (u64) | for each: component (u64) | full
// (u64) | seed or salt
void save(const UploadRecord& r, ByteWriter& to) {
  const auto put = [&](std::uint64_t n) { to.write(std::as_bytes(std::span(&n, 1))); };
  put(r.manifest.size());
  to.write(bytes_of(r.manifest));
  to.write(r.signature);
  put(r.parts.size());
  for (const UploadRecord::Part& p : r.parts) {
    put(p.component);
    put(p.full ? 1 : 0);
    to.write(p.secret.bytes());
  }
}

UploadRecord load_record(ByteReader& from) {
  const auto number = [&] {
    std::uint64_t n = 0;
    from.read(std::as_writable_bytes(std::span(&n, 1)));
    return n;
  };
  UploadRecord r;
  const std::uint64_t size = number();
  require(size <= kMaxManifest, "a manifest of {} bytes is too long", size);
  r.manifest.resize(size);
  from.read(std::as_writable_bytes(std::span(r.manifest)));
  from.read(r.signature);
  const std::uint64_t parts = number();
  require(parts <= kMaxParts, "{} components are more than there can be", parts);
  for (std::uint64_t i = 0; i < parts; ++i) {
    const std::uint64_t component = number(), full = number();
    require(component < kMaxParts && full <= 1, "a component is of no kind that there is");
    UploadRecord::Part part{static_cast<unsigned>(component), full == 1,
                            SecretBytes(full == 1 ? kSaltSize : Prg::kKeySize)};
    from.read(part.secret.bytes());
    r.parts.push_back(std::move(part));
  }
  return r;
}

bool signed_by(const Endpoint& owner, const UploadRecord& record) {
  return verify(owner.key, signed_text(record.manifest), record.signature);
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

Bytes signed_text(std::string_view text) {
  Bytes out;
  append_bytes(out, bytes_of("tacit upload manifest\n"));
  append_bytes(out, bytes_of(text));
  return out;
}

std::uint8_t greet_owner(const Job& job, const Digest& session, Channel& owner, bool resumed) {
  Greeting theirs;
  owner.receive("owner.hello", raw(theirs));
  Greeting greeting{kProtocolVersion, resumed ? kResumed : std::uint8_t{0}, {}, job_hash(job), session};
  owner.send("owner.welcome", raw(greeting));
  check_greeting(theirs, job, owner.peer_name());
  return theirs.errands;
}

}  // namespace tacit
