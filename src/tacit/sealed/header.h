// The head of a sealed model: what anybody may know of it, and what its vendor signs. docs/sealed-format.md
// has every byte. A file is
//
//   prelude (20 bytes) | records | signature (64) | digests of the chunks (32 each) | chunks
//
// Records go from type to type upwards, so that a head has one form. A later version may add records: of the
// types that a reader may pass over, any; of others, none.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tacit/base/shape.h"
#include "tacit/crypto/hash.h"
#include "tacit/crypto/identity.h"
#include "tacit/crypto/kem.h"
#include "tacit/sealed/level.h"
#include "tacit/sealed/time.h"

namespace tacit::sealed {

constexpr std::size_t kPreludeSize = 20, kSignatureSize = 64;
constexpr std::size_t kMaxRecipients = 1024;
/// Bytes of all records: more than any number of recipients needs.
constexpr std::size_t kMaxRecords = std::size_t{1} << 18;
/// Bytes of text in a chunk: a power of two, and within these.
constexpr std::uint32_t kSmallestChunk = 1 << 10, kLargestChunk = 1 << 20, kUsualChunk = 1 << 16;
constexpr std::uint64_t kMaxChunks = std::uint64_t{1} << 22;
constexpr std::size_t kContentKeySize = 32;

/// Random, and another for every file.
using FileId = std::array<std::byte, 32>;

/// The content key for one recipient, by HPKE.
struct Wrap {
  Kem kem = Kem::X25519;
  Digest recipient{};  ///< device_id (cards.h)
  Bytes enc, sealed;
  bool operator==(const Wrap&) const = default;
};

/// A model that runs under leases alone (lease.h).
struct LeaseTerms {
  std::uint32_t seconds = 0;  ///< that a lease runs
  std::string from;           ///< where they are asked for: host:port
  bool operator==(const LeaseTerms&) const = default;
};
constexpr std::uint32_t kShortestLease = 60, kLongestLease = 31 * 86400;

/// What anybody may know of a segment that stays at the vendor, at level 3: layers that the device computes
/// together with the vendor's server.
struct SplitTerms {
  Digest segment{};           ///< which preparation of the vendor's it is: another one fits no other file
  PublicKey server;           ///< that the vendor's server shows
  std::uint32_t queries = 0;  ///< that a device may ask in an hour
  std::uint8_t bits = 0, fraction = 0;  ///< of the numbers that go in and come out, modulo 2^bits
  std::int64_t low = 0, high = 0;       ///< of those that go in, in units of 2^-fraction
  Shape input, output;                  ///< of one example
  std::string from;                     ///< where the server is asked: host:port
  bool operator==(const SplitTerms&) const = default;
};
constexpr std::uint32_t kMostQueriesAnHour = 1'000'000;
constexpr unsigned kFewestSplitBits = 16, kMostSplitBits = 48, kMostSplitFraction = 23;

struct Header {
  FileId id{};
  Level level = Level::Sealed;
  PublicKey vendor;
  std::string vendor_name, model_name;
  Seconds sealed_at = 0;
  Seconds expires = kNever;  ///< from then on it is of no use
  std::string fingerprint;   ///< whose copy it is, at level 4, alone or with level 2; else empty
  std::uint64_t text_size = 0;
  std::uint32_t chunk = kUsualChunk;
  Digest commitment{}, root{};
  std::vector<Wrap> wraps;               ///< by recipients, upwards
  std::optional<LeaseTerms> lease = {};  ///< without one it runs under no lease
  std::optional<SplitTerms> split = {};  ///< at level 3, and only there

  std::uint64_t chunks() const { return (text_size + chunk - 1) / chunk; }
  bool operator==(const Header&) const = default;
};

/// What the sealed key is bound to for each recipient: the records but root and wraps, as they are written.
Bytes facts_of(const Header& header);
/// Prelude and records. UsageError for names, moments or numbers that no header may hold.
Bytes to_bytes(const Header& header);
/// What the vendor signs: a word that says what it is for, and `head`, as it stands in the file.
Bytes signed_text(ByteView head);

/// Bytes of records that follow a prelude. UsageError if it is none, or of a version that is not known here.
std::size_t records_size(ByteView prelude);
/// Of prelude and records. UsageError for everything that is not as it must be.
Header parse_header(ByteView head);

/// Where the parts of a file lie.
struct Layout {
  std::uint64_t digests = 0, chunks = 0, end = 0;
};
Layout layout_of(const Header& header, std::size_t head_size);

}  // namespace tacit::sealed
