// The messages of an upload, as owner_link.cc sends and upload_receiver.cc takes them:
//
//   owner.hello, owner.welcome       a Greeting from each
//   owner.shape                      UploadShape
//   owner.salt, owner.seed           of each component that the party holds, in the order of its set
//   owner.rows                       blocks of rows of the component in full; each is answered by
//   owner.got                        ... rows that the party has (u64)
//   owner.ids                        of different columns: one for each component
//   owner.manifest, owner.signature  answered, when all is found right, by
//   owner.stored                     one byte
//   owner.done                       one byte, when all parties have answered so
//
// An owner whose links broke connects anew, and says so in its greeting. Then come
//
//   owner.again                      the upload's id
//   owner.at                         UploadPoint: what the party has; the owner goes on from there
#pragma once

#include <algorithm>

#include "tacit/job/upload.h"

namespace tacit {

/// In a party's greeting, in the place of errands: it has the data already.
constexpr std::uint8_t kResumed = 1;

struct Greeting {
  std::uint32_t version;
  std::uint8_t errands;
  std::byte reserved[3];
  Digest job;
  Digest session;  // from the parties; zero from an owner, who learns it here
};
static_assert(sizeof(Greeting) == 72);

constexpr std::size_t kUploadId = 16;
using UploadId = std::array<std::byte, kUploadId>;

struct UploadShape {
  std::uint64_t width;  ///< numbers in a row
  std::uint64_t full;   ///< the component that is sent in full
  UploadId id;
};
static_assert(sizeof(UploadShape) == 32);

struct UploadPoint {
  enum Stage : std::uint64_t { kNothing = 0, kRows = 1, kStored = 2 };
  std::uint64_t stage;
  std::uint64_t rows;  ///< that the party has, of a component in full
};
static_assert(sizeof(UploadPoint) == 16);

/// A block of rows has so many bytes at the most, but for one of a single row; and so many rows.
constexpr std::size_t kBlockBytes = std::size_t{2} << 20, kBlockRows = 1024;
inline std::size_t block_rows(std::size_t width) {
  return std::clamp<std::size_t>(kBlockBytes / (8 * width), 1, kBlockRows);
}
/// Rows that may be under way to a party: what an owner keeps of them is bounded by it.
inline std::uint64_t window_rows(std::size_t width) {
  return std::max<std::uint64_t>(1, (std::uint64_t{8} << 20) / (8 * width));
}
/// Of "owner.stored".
constexpr std::size_t kStoredBytes = 1;
constexpr std::size_t kMaxManifest = std::size_t{16} << 20;

template <class T>
ByteSpan raw(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

/// PeerError for another job or version.
void check_greeting(const Greeting& theirs, const Job& job, const std::string& name);
/// What is signed: the manifest, marked as such.
Bytes signed_text(std::string_view manifest);

}  // namespace tacit
