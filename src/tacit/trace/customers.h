// Whom a vendor gave which copy: a database (data/sqlite.h) with a row for each customer, model and copy, and
// beside it, in FILE.originals/, the models themselves, sealed under the vendor's key, since a leaked model
// is laid over the one that it was made from. Who has the database alone learns names, ids, digests and
// dates; words follow from ids only with the vendor's key, and no weight is in the clear.
#pragma once

#include <optional>

#include "tacit/crypto/hash.h"
#include "tacit/crypto/identity.h"
#include "tacit/data/sqlite.h"
#include "tacit/sealed/time.h"
#include "tacit/trace/code.h"
#include "tacit/trace/original.h"

namespace tacit::trace {

/// A model of which copies were made.
struct TracedModel {
  Digest digest{};  ///< of the original's file
  std::string name;
  unsigned colluders = 0;   ///< of its code
  std::uint64_t bytes = 0;  ///< of the original's file
  sealed::Seconds added = 0;
};
/// A customer that got a copy of some model.
struct CopyHolder {
  std::string name;
  Bytes id;                  ///< 16 bytes: what its words follow from
  sealed::Seconds made = 0;  ///< when its first copy of the model was
};

class Customers {
 public:
  enum class Use { Write, Read };
  /// UsageError if the file is no such database, or for Read if there is none; IoError.
  Customers(std::filesystem::path file, Use use);

  /// Notes a copy for good, and keeps the original, before it is made: so that none is out that cannot be
  /// traced. A customer has one word for a model, however often it is sealed. UsageError for a name that is
  /// none, and when there are as many customers as codes are made for; IoError.
  CopyHolder note(const OriginalModel& original, ByteView text, unsigned colluders,
                  const std::string& customer, const Identity& vendor, sealed::Seconds now);

  /// All, in the order in which they came. UsageError for what no tacit wrote.
  std::vector<TracedModel> models() const;
  /// Who got a copy of that model.
  std::vector<CopyHolder> holders(const Digest& model) const;
  /// Copies of all models.
  std::size_t copies() const;

  /// The original as it was kept. UsageError if it is damaged, another's or another vendor's; IoError.
  OriginalModel original(const TracedModel& model, const Identity& vendor) const;

 private:
  std::filesystem::path original_file(const Digest& model) const;
  std::int64_t number_of_customer(const std::string& name, sealed::Seconds now) const;

  std::filesystem::path file_;
  Database database_;
};

/// The code of a model: it follows from the vendor's private key and the model.
Code code_for(const Identity& vendor, const Digest& model, unsigned colluders);

}  // namespace tacit::trace
