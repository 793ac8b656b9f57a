#include "tacit/data/catalogue.h"

#include <algorithm>
#include <array>

#include "tacit/base/bytes.h"
#include "tacit/base/error.h"

namespace tacit {

namespace {

constexpr int kApplication = 0x74616364;  // "tacd"
constexpr int kVersion = 1;
constexpr std::array<std::string_view, 5> kHolds = {"receiving", "whole", "kept", "deleting", "deleted"};

constexpr std::string_view kSchema = R"(
CREATE TABLE upload (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  job_name TEXT NOT NULL,
  job TEXT NOT NULL,
  session TEXT NOT NULL,
  upload TEXT NOT NULL,
  rows INTEGER NOT NULL,
  test_rows INTEGER NOT NULL,
  width INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  digest TEXT NOT NULL,
  holds TEXT NOT NULL,
  begun INTEGER NOT NULL,
  ended INTEGER NOT NULL
) STRICT)";

constexpr std::string_view kSelect =
    "SELECT id, owner, job_name, job, session, upload, rows, test_rows, width, bytes, digest, holds, begun, "
    "ended FROM upload";

std::int64_t number_of(std::uint64_t n) {
  ensure(n <= INT64_MAX, "a count in the catalogue");
  return static_cast<std::int64_t>(n);
}

/// Whoever can write into the file chooses what stands in it, and ids become names of files.
CatalogueEntry entry_of(const Statement& s) {
  const auto hex = [&](int column, std::size_t bytes, bool may_be_none = false) {
    std::string text = s.text(column);
    require(from_hex(text).size() == bytes || (may_be_none && text.empty()),
            "the catalogue of data cannot be used: it has something else where an id or digest is due");
    return text;
  };
  const auto count = [&](int column) {
    const std::int64_t n = s.number(column);
    require(n >= 0, "the catalogue of data cannot be used: it has a number below 0");
    return static_cast<std::uint64_t>(n);
  };
  CatalogueEntry e;
  e.id = hex(0, 16);
  e.owner = s.text(1);
  e.job_name = s.text(2);
  e.job = hex(3, 32);
  e.session = hex(4, 32);
  e.upload = hex(5, 16);
  e.rows = count(6);
  e.test_rows = count(7);
  e.width = count(8);
  e.bytes = count(9);
  e.digest = hex(10, 32, true);
  const auto holds = std::find(kHolds.begin(), kHolds.end(), s.text(11));
  require(holds != kHolds.end(),
          "the catalogue of data cannot be used: an upload is in no state that there is");
  e.holds = static_cast<Holds>(holds - kHolds.begin());
  e.begun = s.number(12);
  e.ended = s.number(13);
  return e;
}

}  // namespace

std::string_view to_string(Holds holds) { return kHolds.at(static_cast<std::size_t>(holds)); }

Catalogue::Catalogue(const std::filesystem::path& file, Use use)
    : database_(file, kApplication, kVersion, use == Use::Write ? kSchema : std::string_view()) {}

void Catalogue::add(const CatalogueEntry& e) {
  database_
      .prepare(
          "INSERT INTO upload (id, owner, job_name, job, session, upload, rows, test_rows, width, bytes, "
          "digest, holds, begun, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(0, e.id)
      .bind(1, e.owner)
      .bind(2, e.job_name)
      .bind(3, e.job)
      .bind(4, e.session)
      .bind(5, e.upload)
      .bind(6, number_of(e.rows))
      .bind(7, number_of(e.test_rows))
      .bind(8, number_of(e.width))
      .bind(9, number_of(e.bytes))
      .bind(10, e.digest)
      .bind(11, to_string(e.holds))
      .bind(12, e.begun)
      .bind(13, e.ended)
      .run();
}

void Catalogue::change(const CatalogueEntry& e) {
  database_
      .prepare(
          "UPDATE upload SET rows = ?, test_rows = ?, width = ?, bytes = ?, digest = ?, holds = ?, "
          "ended = ? WHERE id = ?")
      .bind(0, number_of(e.rows))
      .bind(1, number_of(e.test_rows))
      .bind(2, number_of(e.width))
      .bind(3, number_of(e.bytes))
      .bind(4, e.digest)
      .bind(5, to_string(e.holds))
      .bind(6, e.ended)
      .bind(7, e.id)
      .run();
  require(database_.changed(1), "there is no upload '{}' in the catalogue of data", e.id);
}

std::vector<CatalogueEntry> Catalogue::entries() const {
  std::vector<CatalogueEntry> out;
  Statement s = database_.prepare(std::string(kSelect) + " ORDER BY number");
  while (s.step()) out.push_back(entry_of(s));
  return out;
}

std::optional<CatalogueEntry> Catalogue::find(std::string_view id) const {
  Statement s = database_.prepare(std::string(kSelect) + " WHERE id = ?");
  s.bind(0, id);
  if (!s.step()) return std::nullopt;
  return entry_of(s);
}

}  // namespace tacit
