// Uploads as a party keeps them from session to session: manifests, and its components.
#include "tacit/base/error.h"
#include "tacit/job/upload.h"

namespace tacit {

// uploads (u64) | for each: size of the manifest (u64), manifest, components in the order of the set, tensors
// of ids (u64), their words.
namespace {

constexpr std::uint64_t kMaxManifest = std::uint64_t{16} << 20;

void put(ByteWriter& to, std::uint64_t number) { to.write(std::as_bytes(std::span(&number, 1))); }
std::uint64_t number(ByteReader& from) {
  std::uint64_t out = 0;
  from.read(std::as_writable_bytes(std::span(&out, 1)));
  return out;
}

Manifest manifest_of(const Job& job, const std::string& owner, const std::string& text) {
  try {
    Manifest m = parse_manifest(text, owner);
    require(m.owner == owner && m.job == job_hash(job), "it holds the data of another job or owner");
    // The sum cannot wrap: both are held to the schema, first.
    require(m.width() > 0 && m.feature_columns.size() <= feature_width(job.data.schema) &&
                m.target_width <= target_width(job.data.schema),
            "its data do not have the schema's columns");
    const std::string what = misfit(job, m, m.width());
    require(what.empty(), "{} {}", owner, what);
    return m;
  } catch (const PeerError& e) { throw UsageError(e.what()); }
}

}  // namespace

void save_uploads(std::span<const Upload> uploads, ByteWriter& to) {
  put(to, uploads.size());
  for (const Upload& u : uploads) {
    put(to, u.text.size());
    to.write(bytes_of(u.text));
    for (const auto& c : u.components) c->save(u.manifest.rows * u.manifest.width(), to);
    put(to, u.ids.size());
    for (const RingTensor& t : u.ids) to.write(std::as_bytes(std::span(t.data(), t.size())));
  }
}

std::vector<Upload> load_uploads(const Job& job, std::span<const unsigned> set,
                                 const std::filesystem::path& state, Isa isa, ByteReader& from) {
  std::vector<Upload> out;
  require(number(from) == job.data.owners.size(), "it holds the data of other owners");
  for (const std::string& owner : job.data.owners) {
    Upload u;
    const std::uint64_t size = number(from);
    require(size <= kMaxManifest, "a manifest of {} bytes is too long", size);
    u.text.resize(size);
    from.read(std::as_writable_bytes(std::span(u.text)));
    u.manifest = manifest_of(job, owner, u.text);
    const std::uint64_t width = u.manifest.width();
    for (std::size_t c = 0; c < set.size(); ++c)
      u.components.push_back(load_component(from, u.manifest.rows * width, width, state, isa));
    const std::uint64_t ids = number(from);
    require(ids == (job.data.holding == Holding::SomeColumns ? set.size() : 0), "its ids do not fit the job");
    for (std::uint64_t i = 0; i < ids; ++i) {
      RingTensor t(Shape{kIdNumbers});
      from.read(std::as_writable_bytes(std::span(t.data(), t.size())));
      u.ids.push_back(std::move(t));
    }
    out.push_back(std::move(u));
  }
  return out;
}

}  // namespace tacit
