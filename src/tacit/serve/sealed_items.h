// A folder of sealed items, for what is prepared ahead and used once. An item is two files: NUMBER.item,
// which is encrypted, and NUMBER.key, 32 bytes in a file of their own, so that to destroy the item is to
// overwrite and remove these. An item bears the number under which it will be used and the session in which
// it was made, and is bound by its encryption to both, and to its owner.
//
// Whoever reads the disk of one server gets the items that are not used yet (docs/threat-model.md), of used
// ones what the disk keeps of overwritten blocks. Anyone who can write here can destroy items, not change
// them.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tacit/base/durable.h"
#include "tacit/crypto/hash.h"

namespace tacit {

struct SealedItem {
  std::uint64_t number = 0;
  Digest session{};         ///< in which it was made, with the others' items of that number
  std::int64_t made = 0;    ///< seconds since 1970
  std::uint64_t bytes = 0;  ///< on the disk
};

class SealedItems {
 public:
  /// `owner`: to whom the items belong; others' are not listed. UsageError if the folder belongs to somebody
  /// else, others may use it, or another process does; IoError.
  SealedItems(std::filesystem::path folder, Digest owner, DiskStep before = {});

  /// Whole as far as can be seen without their keys, by number.
  const std::vector<SealedItem>& items() const { return items_; }

  /// Seals what `write` gives, under a fresh key; on the disk when this returns. The number must be above
  /// those of all items. IoError, when nothing of it is left.
  void put(std::uint64_t number, const Digest& session, std::int64_t made,
           const std::function<void(ByteWriter&)>& write);
  /// Unseals an item for `read`, which must take all of it. UsageError for one that is damaged, or not its
  /// owner's, or that `read` refuses; IoError for one that cannot be read. What `read` has got before either
  /// is the true item's beginning, and no more.
  void open(std::uint64_t number, const std::function<void(ByteReader&)>& read) const;
  /// Overwrites and removes the key, then the item; for good when this returns. IoError.
  void destroy(std::uint64_t number);
  /// Destroys what lies in the folder and is not listed: half-made and half-destroyed items, and others'. How
  /// many there were.
  std::size_t destroy_rest();

 private:
  std::filesystem::path file(std::uint64_t number, std::string_view kind) const;
  std::optional<SealedItem> look_at(std::uint64_t number) const;
  void destroy_files(std::uint64_t number);
  void step(std::string_view name) const {
    if (before_) before_(name);
  }

  OwnFolder folder_;
  Digest owner_;
  DiskStep before_;
  std::vector<SealedItem> items_;
};

}  // namespace tacit
