// What data a party holds, and has held: one row for each upload, in a database of its own (sqlite.h). It
// holds what a party knows anyway and may show its operator: who brought how many rows to which job, and
// where its shares lie; no share, no key and no value.
#pragma once

#include <optional>
#include <vector>

#include "tacit/data/sqlite.h"

namespace tacit {

/// How far an upload has come.
enum class Holds : std::uint8_t {
  Receiving,  ///< it comes in
  Whole,      ///< all of it is here, for the session that runs
  Kept,       ///< ... and stays until somebody deletes it
  Deleting,   ///< its key may be gone already; nothing of it can be used
  Deleted,    ///< nothing of it is left
};
std::string_view to_string(Holds holds);

struct CatalogueEntry {
  std::string id;        ///< of this party's own: 32 hexadecimal digits, as its files are called
  std::string owner;     ///< who brought it
  std::string job_name;  ///< to which job,
  std::string job;       ///< ... by its hash,
  std::string session;   ///< ... in which session: 64 hexadecimal digits each
  std::string upload;    ///< the owner's id of it: 32 hexadecimal digits
  std::uint64_t rows = 0, test_rows = 0, width = 0;  ///< numbers in a row; known when it is whole
  std::uint64_t bytes = 0;                           ///< of the file of shares; 0: all of it are seeds
  std::string digest;                                ///< of that file: 64 hexadecimal digits, or none
  Holds holds = Holds::Receiving;
  std::int64_t begun = 0, ended = 0;  ///< milliseconds since 1970; `ended`: since it holds what it says
};

class Catalogue {
 public:
  enum class Use { Write, Read };
  /// UsageError if the file is no catalogue, or for Read if there is none; IoError.
  Catalogue(const std::filesystem::path& file, Use use);

  /// For good when they return; IoError.
  void add(const CatalogueEntry& entry);
  /// Everything of the entry of that id but how it came. UsageError if there is none.
  void change(const CatalogueEntry& entry);
  /// All, in the order in which they came. UsageError for what no tacit wrote.
  std::vector<CatalogueEntry> entries() const;
  std::optional<CatalogueEntry> find(std::string_view id) const;

 private:
  Database database_;
};

}  // namespace tacit
