// The data that a party holds, on its disk: a folder of sealed files, `state`/data, and the catalogue of it,
// `state`/data.sqlite (data/catalogue.h). An upload is
//
//   ID.key      a random key, sealed under the party's own (crypto/sealed_file.h)
//   ID.record   likewise: the manifest as its owner signed it, and of each component its seed or its salt
//   ID.shares   the component that came in full, if this party holds it, sealed in chunks under that key
//
// The catalogue names an upload before any of its files is there, and says that it is deleted after the last
// is gone; so whatever breaks, nothing lies there unknown. To delete is to overwrite and remove key and
// record, which has the seeds; then the rest is noise, and goes, too.
//
// Whoever reads the folder without the party's key learns what stands in the catalogue, and sizes; whoever
// writes here can destroy uploads, not change them.
#pragma once

#include "tacit/base/durable.h"
#include "tacit/data/catalogue.h"
#include "tacit/job/upload.h"

namespace tacit {

class DataStore {
 public:
  /// Opens the store in a party's state folder, or makes it. UsageError if it is not this user's alone, or
  /// another process has it; IoError.
  DataStore(const std::filesystem::path& state, const Identity& identity, DiskStep before = {});

  static std::filesystem::path catalogue_in(const std::filesystem::path& state);
  static std::filesystem::path folder_in(const std::filesystem::path& state);

  /// A new upload, of which nothing has come yet; its id here.
  std::string begin(const Job& job, const Digest& session, const std::string& owner,
                    const std::string& upload);
  /// The file for its component that comes in full: once.
  ShareFile make_shares(const std::string& id);
  /// All of it has come.
  void complete(const std::string& id, const Manifest& manifest, const UploadRecord& record,
                std::uint64_t bytes, const Digest& digest);

  /// The session is over: its uploads are kept, or deleted.
  void end_session(bool keep);
  /// Deletes what is here of sessions that broke off, half-deleted uploads, and files that the catalogue does
  /// not name. How many uploads there were.
  std::size_t delete_left();
  /// For good when it returns. UsageError if there is no such upload; IoError.
  void remove(const std::string& id);
  std::vector<CatalogueEntry> entries() const { return catalogue_.entries(); }

 private:
  std::filesystem::path file(const std::string& id, std::string_view kind) const;
  void destroy(const std::string& id);
  CatalogueEntry entry(const std::string& id) const;
  void set(CatalogueEntry entry, Holds holds);
  void step(std::string_view name) const {
    if (before_) before_(name);
  }

  OwnFolder folder_;
  Identity identity_;
  DiskStep before_;
  Catalogue catalogue_;
  std::vector<std::string> own_;  ///< of this session
};

/// Reads all of an upload's files: whether they are whole and this party's, and the shares those that the
/// owner signed. Whether its signature was checked: `job` may be another than the upload's. UsageError or
/// IoError that says what is wrong.
bool verify_stored(const std::filesystem::path& state, const Identity& identity, const Job& job,
                   const CatalogueEntry& entry);

}  // namespace tacit
