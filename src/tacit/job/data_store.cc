#include "tacit/job/data_store.h"

#include <algorithm>
#include <chrono>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/crypto/sealed_file.h"

namespace tacit {

namespace {

constexpr std::string_view kKey = ".key", kRecord = ".record", kShares = ".shares", kPart = ".part";
constexpr std::string_view kKeyHead = "tacit data key 1\n", kRecordHead = "tacit data record 1\n",
                           kSharesHead = "tacit data shares 1\n";
constexpr std::string_view kKeyUse = "data key", kRecordUse = "data record";
constexpr std::size_t kIdBytes = 16;
/// What verifying keeps of shares in memory.
constexpr std::size_t kCache = kFileChunk;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A file's head binds it to its kind and its upload.
Bytes head(std::string_view kind, const std::string& id) {
  Bytes out;
  append_bytes(out, bytes_of(kind));
  append_bytes(out, bytes_of(id));
  return out;
}

std::filesystem::path file_in(const std::filesystem::path& state, const std::string& id,
                              std::string_view kind) {
  return DataStore::folder_in(state) / (id + std::string(kind));
}

}  // namespace

std::filesystem::path DataStore::catalogue_in(const std::filesystem::path& state) {
  return state / "data.sqlite";
}
std::filesystem::path DataStore::folder_in(const std::filesystem::path& state) { return state / "data"; }

DataStore::DataStore(const std::filesystem::path& state, const Identity& identity, DiskStep before)
    : folder_(folder_in(state)),
      identity_(identity),
      before_(std::move(before)),
      catalogue_(catalogue_in(state), Catalogue::Use::Write) {}

std::filesystem::path DataStore::file(const std::string& id, std::string_view kind) const {
  return folder_.path() / (id + std::string(kind));
}

CatalogueEntry DataStore::entry(const std::string& id) const {
  auto found = catalogue_.find(id);
  require(found.has_value(), "there is no upload '{}' here: 'tacit data list' shows those that are", id);
  return *std::move(found);
}

void DataStore::set(CatalogueEntry e, Holds holds) {
  e.holds = holds;
  e.ended = now();
  step("write the catalogue");
  catalogue_.change(e);
}

std::string DataStore::begin(const Job& job, const Digest& session, const std::string& owner,
                             const std::string& upload) {
  CatalogueEntry e;
  // Of this party's own choosing: an owner may call its uploads as it likes.
  e.id = to_hex(os_entropy(kIdBytes).bytes());
  e.owner = owner;
  e.job_name = job.name;
  e.job = to_hex(job_hash(job));
  e.session = to_hex(session);
  e.upload = upload;
  e.begun = e.ended = now();
  step("write the catalogue");
  catalogue_.add(e);
  own_.push_back(e.id);
  return e.id;
}

ShareFile DataStore::make_shares(const std::string& id) {
  SecretBytes key = os_entropy(kSealKeySize);
  write_sealed(
      file(id, kKey), identity_, kKeyUse, head(kKeyHead, id), [&](ByteWriter& to) { to.write(key.bytes()); },
      before_);
  step("make the shares");
  OpenFile shares = make_file(file(id, kShares));
  step("sync the folder");
  sync_folder(folder_.path());
  return {std::move(shares), std::move(key), head(kSharesHead, id)};
}

void DataStore::complete(const std::string& id, const Manifest& manifest, const UploadRecord& record,
                         std::uint64_t bytes, const Digest& digest) {
  write_sealed(
      file(id, kRecord), identity_, kRecordUse, head(kRecordHead, id),
      [&](ByteWriter& to) { save(record, to); }, before_);
  CatalogueEntry e = entry(id);
  e.rows = manifest.rows;
  e.test_rows = manifest.test_rows;
  e.width = manifest.width();
  e.bytes = bytes;
  if (bytes > 0) e.digest = to_hex(digest);
  set(std::move(e), Holds::Whole);
}

void DataStore::end_session(bool keep) {
  for (const std::string& id : own_) {
    const CatalogueEntry e = entry(id);
    if (keep && e.holds == Holds::Whole)
      set(e, Holds::Kept);
    else if (e.holds != Holds::Kept && e.holds != Holds::Deleted)
      remove(id);
  }
  own_.clear();
}

void DataStore::destroy(const std::string& id) {
  // Key material first, also of a file that was not finished. The seeds are in the record.
  for (const std::string_view kind : {kKey, kRecord})
    for (const std::string_view end : {std::string_view(), kPart}) {
      const auto path = file(id, std::string(kind) + std::string(end));
      step("overwrite the key");
      zero_file(path);
      step("remove the key");
      remove_file(path);
    }
  step("sync the folder");
  sync_folder(folder_.path());
  step("remove the shares");
  remove_file(file(id, kShares));
  step("sync the folder");
  sync_folder(folder_.path());
}

void DataStore::remove(const std::string& id) {
  const CatalogueEntry e = entry(id);
  if (e.holds == Holds::Deleted) return;
  set(e, Holds::Deleting);
  destroy(id);
  set(e, Holds::Deleted);
}

std::size_t DataStore::delete_left() {
  std::size_t left = 0;
  std::vector<std::string> known;
  for (const CatalogueEntry& e : catalogue_.entries()) {
    const bool own = std::find(own_.begin(), own_.end(), e.id) != own_.end();
    if (own || e.holds == Holds::Kept) {
      known.push_back(e.id);
    } else if (e.holds != Holds::Deleted) {
      remove(e.id);
      ++left;
    }
  }
  std::vector<std::string> unknown;
  for (const auto& path : std::filesystem::directory_iterator(folder_.path())) {
    const std::string id = path.path().filename().string().substr(0, 2 * kIdBytes);
    if (from_hex(id).size() == kIdBytes && std::find(known.begin(), known.end(), id) == known.end())
      unknown.push_back(id);
  }
  for (const std::string& id : unknown) destroy(id);
  return left;
}

bool verify_stored(const std::filesystem::path& state, const Identity& identity, const Job& job,
                   const CatalogueEntry& e) {
  require(e.holds == Holds::Whole || e.holds == Holds::Kept, "it is not whole: it is {}", to_string(e.holds));
  UploadRecord record;
  read_sealed(file_in(state, e.id, kRecord), identity, kRecordUse, head(kRecordHead, e.id),
              [&](ByteReader& from) { record = load_record(from); });
  Manifest manifest;
  try {
    manifest = parse_manifest(record.manifest, e.owner);
  } catch (const PeerError& error) { throw UsageError(error.what()); }
  require(e.width > 0, "its manifest names no columns");
  const bool same_job = e.job == to_hex(job_hash(job));
  require(manifest.owner == e.owner && to_hex(manifest.job) == e.job &&
              to_hex(manifest.session) == e.session && manifest.upload == e.upload &&
              manifest.rows == e.rows && manifest.test_rows == e.test_rows && manifest.width() == e.width,
          "the catalogue and the manifest that its owner signed differ");
  require(!same_job || signed_by(job.roster()[index(job.endpoint(e.owner))], record),
          "its owner did not sign its manifest");
  const auto signed_digest = [&](unsigned component) {
    require(component < manifest.components.size(), "its manifest lacks a component");
    return manifest.components[component];
  };
  bool has_shares = false;
  for (const UploadRecord::Part& part : record.parts) {
    if (!part.full) {
      require(seed_digest(part.secret.bytes()) == signed_digest(part.component),
              "a seed does not have the digest that its owner signed");
      continue;
    }
    has_shares = true;
    SecretBytes key(kSealKeySize);
    read_sealed(file_in(state, e.id, kKey), identity, kKeyUse, head(kKeyHead, e.id),
                [&](ByteReader& from) { from.read(key.bytes()); });
    const ChunkReader shares(open_file(file_in(state, e.id, kShares)), key.bytes(), head(kSharesHead, e.id),
                             kCache);
    Hasher hasher;
    hasher.update(part.secret.bytes());
    const Digest file = shares.check([&](ByteView text) { hasher.update(text); });
    require(to_hex(file) == e.digest,
            "its file of shares is not the one of which the catalogue has the digest");
    require(
        shares.size() / sizeof(Word) / e.width == e.rows && shares.size() == e.rows * e.width * sizeof(Word),
        "its file of shares has another number of rows");
    require(hasher.finish() == signed_digest(part.component),
            "its shares do not have the digest that its owner signed");
  }
  require(has_shares == (e.bytes > 0), "the catalogue and its record differ in whether there are shares");
  return same_job;
}

}  // namespace tacit
