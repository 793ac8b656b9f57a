#include "tacit/serve/sealed_items.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>

#include "tacit/base/error.h"
#include "tacit/crypto/aead.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit {

namespace {

constexpr std::string_view kMagic = "tacit item 1\n";
constexpr std::string_view kItem = ".item", kPart = ".item.part", kKey = ".key";
constexpr std::size_t kHead = kMagic.size() + 2 * sizeof(Digest) + 16;

/// magic | owner | session | number (u64) | made (i64); it is the sealed bytes' associated data, too.
Bytes head_of(const Digest& owner, const SealedItem& item) {
  Bytes out;
  append_bytes(out, bytes_of(kMagic));
  append_bytes(out, owner);
  append_bytes(out, item.session);
  append(out, item.number);
  append(out, item.made);
  return out;
}

/// The number in a file's name, and what follows it; 0 for other files.
std::pair<std::uint64_t, std::string> parsed(const std::string& name) {
  std::uint64_t number = 0;
  const char* end = name.data() + name.size();
  const auto [rest, wrong] = std::from_chars(name.data(), end, number);
  const std::string kind(rest, end);
  const bool ours = wrong == std::errc() && number > 0 && name == std::to_string(number) + kind &&
                    (kind == kItem || kind == kPart || kind == kKey);
  return {ours ? number : 0, kind};
}

}  // namespace

SealedItems::SealedItems(std::filesystem::path folder, Digest owner, DiskStep before)
    : folder_(std::move(folder)), owner_(owner), before_(std::move(before)) {
  std::set<std::uint64_t> numbers;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    if (const auto [number, kind] = parsed(entry.path().filename()); number > 0 && kind == kItem)
      numbers.insert(number);
  for (const std::uint64_t number : numbers)
    if (const auto item = look_at(number)) items_.push_back(*item);
}

std::filesystem::path SealedItems::file(std::uint64_t number, std::string_view kind) const {
  return folder_.path() / (std::to_string(number) + std::string(kind));
}

std::optional<SealedItem> SealedItems::look_at(std::uint64_t number) const {
  try {
    if (OwnFile(file(number, kKey)).size() != kSealKeySize) return std::nullopt;
    OwnFile in(file(number, kItem));
    Bytes head(kHead);
    in.read(head);
    SealedItem item{.number = number, .bytes = in.size()};
    const std::size_t at = kMagic.size() + sizeof(Digest);
    item.session = read_at<Digest>(head, at);
    item.made = read_at<std::int64_t>(head, at + sizeof(Digest) + 8);
    return head == head_of(owner_, item) ? std::optional(item) : std::nullopt;
  } catch (const UsageError&) {
  } catch (const IoError&) {}
  return std::nullopt;
}

void SealedItems::put(std::uint64_t number, const Digest& session, std::int64_t made,
                      const std::function<void(ByteWriter&)>& write) {
  ensure(number > 0 && (items_.empty() || number > items_.back().number), "items are put in order");
  SealedItem item{number, session, made, 0};
  try {
    // Whatever has this number is none of the listed.
    destroy_files(number);
    const SecretBytes key = os_entropy(kSealKeySize);
    {
      step("make the key");
      NewFile out(file(number, kKey));
      step("write the key");
      out.write(key.bytes());
      step("sync the key");
      out.sync();
    }
    {
      step("make the item");
      NewFile out(file(number, kPart));
      const Bytes head = head_of(owner_, item);
      step("write the item's head");
      out.write(head);
      Sealer sealer(key.bytes(), head, out);
      step("write the item");
      write(sealer);
      sealer.finish();
      step("sync the item");
      out.sync();
    }
    step("rename the item");
    std::error_code error;
    std::filesystem::rename(file(number, kPart), file(number, kItem), error);
    if (error)
      throw IoError(
          fmt::format("the file '{}' cannot be written: {}", file(number, kItem).string(), error.message()));
    step("sync the folder");
    sync_folder(folder_.path());
  } catch (const IoError&) {
    destroy_files(number);
    throw;
  }
  item.bytes = std::filesystem::file_size(file(number, kItem));
  items_.push_back(item);
}

void SealedItems::open(std::uint64_t number, const std::function<void(ByteReader&)>& read) const {
  const auto item =
      std::find_if(items_.begin(), items_.end(), [&](const auto& i) { return i.number == number; });
  ensure(item != items_.end(), "the item is there");
  const auto path = file(number, kItem);
  try {
    OwnFile key_file(file(number, kKey)), in(path);
    require(key_file.size() == kSealKeySize, "its key has {} bytes", key_file.size());
    SecretBytes key(kSealKeySize);
    key_file.read(key.bytes());
    Bytes head(kHead);
    in.read(head);
    // By what was agreed on, not by what stands there now.
    require(head == head_of(owner_, *item), "it is another item");
    Opener opener(key.bytes(), head, in, in.size() - kHead);
    read(opener);
    opener.finish();
  } catch (const UsageError& e) {
    throw UsageError(fmt::format("the prepared query '{}' cannot be used: {}", path.string(), e.what()));
  }
}

void SealedItems::destroy_files(std::uint64_t number) {
  const auto key = file(number, kKey);
  step("overwrite the key");
  zero_file(key);
  step("remove the key");
  remove_file(key);
  for (const std::string_view kind : {kPart, kItem}) {
    step("remove the item");
    remove_file(file(number, kind));
  }
  step("sync the folder");
  sync_folder(folder_.path());
}

void SealedItems::destroy(std::uint64_t number) {
  destroy_files(number);
  std::erase_if(items_, [&](const SealedItem& i) { return i.number == number; });
}

std::size_t SealedItems::destroy_rest() {
  std::set<std::uint64_t> numbers;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    if (const auto [number, kind] = parsed(entry.path().filename()); number > 0) numbers.insert(number);
  for (const SealedItem& i : items_) numbers.erase(i.number);
  for (const std::uint64_t number : numbers) destroy_files(number);
  return numbers.size();
}

}  // namespace tacit
