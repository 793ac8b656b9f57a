#include "tacit/sealed/header.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/crypto/aead.h"
#include "tacit/crypto/hpke.h"
#include "tacit/sealed/name.h"

namespace tacit::sealed {

namespace {

// prelude: "tacit sealed" | version (u16) | its revision (u16) | bytes of records (u32)
// record: type (u16) | bytes (u32) | body
constexpr std::string_view kMagic = "tacit sealed";
constexpr std::uint16_t kVersion = 1, kRevision = 0;
constexpr std::size_t kRecordHead = 6;

enum Type : std::uint16_t {
  kId = 1,
  kLevel = 2,
  kVendorKey = 3,
  kVendorName = 4,
  kModelName = 5,
  kMoments = 6,
  kFingerprint = 7,
  kContent = 8,
  kCommitment = 9,
  kRoot = 10,
  kWrap = 11,
  kLease = 12,
  kSplit = 13,
  kOptional = 0x8000,  ///< from here on a reader may pass over what it does not know
};
constexpr std::uint8_t kOnnx = 1, kTiles = 2, kWithoutSegment = 3;
constexpr std::size_t kMostExampleAxes = 8, kMostExampleNumbers = std::size_t{1} << 24;
constexpr std::size_t kLongestAddress = 255;
constexpr std::size_t kSealedKeySize = kContentKeySize + kHpkeTagSize;

/// What is sealed at a level: what a broker opens lies in tiles (tiles.h), and what a vendor keeps a segment
/// of is what is left (split_text.h).
std::uint8_t content_of(Level level) {
  return level == Level::Guarded ? kTiles : level == Level::Split ? kWithoutSegment : kOnnx;
}

template <class T>
ByteView view(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

class Writer {
 public:
  /// A record of these parts.
  void put(Type type, std::initializer_list<ByteView> parts) {
    std::uint32_t size = 0;
    for (const ByteView p : parts) size += static_cast<std::uint32_t>(p.size());
    append(out, static_cast<std::uint16_t>(type));
    append(out, size);
    for (const ByteView p : parts) append_bytes(out, p);
  }
  Bytes out;
};

/// Takes values off the front of a record's body, which must be used up.
class Body {
 public:
  Body(std::uint16_t type, ByteView bytes) : type_(type), left_(bytes) {}
  template <class T>
  T take() {
    const ByteView bytes = take(sizeof(T));
    return read_at<T>(bytes, 0);
  }
  ByteView take(std::size_t size) {
    require(left_.size() >= size, "its record {} is too short", type_);
    const ByteView out = left_.first(size);
    left_ = left_.subspan(size);
    return out;
  }
  template <std::size_t n>
  void take(std::array<std::byte, n>& out) {
    const ByteView bytes = take(n);
    std::copy(bytes.begin(), bytes.end(), out.begin());
  }
  std::string rest() {
    std::string out(text_of(left_));
    left_ = {};
    return out;
  }
  void finish() const { require(left_.empty(), "its record {} is too long", type_); }

 private:
  std::uint16_t type_;
  ByteView left_;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `what` begins a sentence.
void check_address(std::string_view from, std::string_view what) {
  const std::size_t colon = from.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : from.substr(colon + 1);
  require(colon != std::string_view::npos && colon > 0 && from.size() <= kLongestAddress && !port.empty() &&
              port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit) &&
              std::all_of(from.begin(), from.end(), [](char c) { return c > ' ' && c < 0x7f; }),
          "{} '{}', which is no host:port", what, one_line(from));
}

void check_lease(const LeaseTerms& lease) {
  require(lease.seconds >= kShortestLease && lease.seconds <= kLongestLease,
          "its leases run for {} seconds, and may for {} to {}", lease.seconds, kShortestLease,
          kLongestLease);
  check_address(lease.from, "its leases come from");
}

void check_example(const Shape& shape, std::size_t fewest_axes) {
  bool good = shape.size() >= fewest_axes && shape.size() <= kMostExampleAxes;
  std::size_t numbers = 1;
  for (const std::size_t extent : shape) {
    good = good && extent >= 1 && extent <= kMostExampleNumbers / numbers;
    if (good) numbers *= extent;
  }
  require(good, "its segment takes or gives examples of a shape that there cannot be");
}

void check_split(const SplitTerms& split) {
  require(split.queries >= 1 && split.queries <= kMostQueriesAnHour,
          "it allows a device {} queries an hour, and may allow 1 to {}", split.queries, kMostQueriesAnHour);
  require(split.bits >= kFewestSplitBits && split.bits <= kMostSplitBits && split.fraction >= 4 &&
              split.fraction <= kMostSplitFraction && 2 * split.fraction < split.bits,
          "numbers of {} bits with {} behind the point go into no segment", split.bits, split.fraction);
  const std::int64_t end = std::int64_t{1} << (split.bits - 1);
  require(split.low < split.high && split.low >= -end && split.high < end,
          "its segment takes numbers in a range that there cannot be");
  check_example(split.input, 1);
  check_example(split.output, 0);  // one number alone, as a place
  check_address(split.from, "its segment is asked at");
}

void check(const Header& h) {
  words_of(static_cast<unsigned>(h.level));
  check_name(h.vendor_name, "name for a vendor");
  check_name(h.model_name, "name for a model");
  if (!h.fingerprint.empty()) check_name(h.fingerprint, "fingerprint");
  const bool marked = !h.fingerprint.empty();
  require(marked ? h.level == Level::Traceable || h.level == Level::Guarded : h.level != Level::Traceable,
          "a fingerprint belongs to level 4, alone or together with level 2");
  require(h.sealed_at >= 0 && h.sealed_at <= kLastMoment, "it was sealed at no time that there is");
  require(h.expires == kNever || (h.expires > h.sealed_at && h.expires <= kLastMoment),
          "it ends before it was sealed, or at no time that there is");
  require(h.chunk >= kSmallestChunk && h.chunk <= kLargestChunk && (h.chunk & (h.chunk - 1)) == 0,
          "its chunks have {} bytes, which no chunk may have", h.chunk);
  require(h.text_size > 0, "there is no model in it");
  require(h.text_size <= kMaxChunks * h.chunk && h.chunks() <= kMaxChunks,
          "it claims a model of {} bytes, more than there can be", h.text_size);
  require(!h.wraps.empty(), "it has no recipient");
  require(h.wraps.size() <= kMaxRecipients, "it has {} recipients, and may have {}", h.wraps.size(),
          kMaxRecipients);
  if (h.lease) check_lease(*h.lease);
  require((h.level == Level::Split) == h.split.has_value(),
          "a segment that stays at the vendor belongs to level 3, and to no other");
  if (h.split) check_split(*h.split);
  for (std::size_t i = 0; i < h.wraps.size(); ++i) {
    const Wrap& w = h.wraps[i];
    require(w.enc.size() == public_key_size(w.kem) && w.sealed.size() == kSealedKeySize,
            "the key for its recipient {} has another size", i + 1);
    require(i == 0 || h.wraps[i - 1].recipient < w.recipient,
            "its recipients are not in order, or one is there twice");
  }
}

void put_facts(Writer& to, const Header& h) {
  to.put(kId, {h.id});
  to.put(kLevel, {view(h.level)});
  to.put(kVendorKey, {h.vendor.raw});
  to.put(kVendorName, {bytes_of(h.vendor_name)});
  to.put(kModelName, {bytes_of(h.model_name)});
  to.put(kMoments, {view(h.sealed_at), view(h.expires)});
  to.put(kFingerprint, {bytes_of(h.fingerprint)});
  const std::uint8_t content = content_of(h.level);
  to.put(kContent, {view(content), view(h.chunk), view(h.text_size)});
  to.put(kCommitment, {h.commitment});
}

LeaseTerms read_lease(Body& body) {
  const auto seconds = body.take<std::uint32_t>();
  return {seconds, body.rest()};
}

void put_split(Writer& to, const SplitTerms& s) {
  Bytes shapes;
  for (const Shape* shape : {&s.input, &s.output}) {
    append(shapes, static_cast<std::uint8_t>(shape->size()));
    for (const std::size_t extent : *shape) append(shapes, static_cast<std::uint32_t>(extent));
  }
  to.put(kSplit, {s.segment, s.server.raw, view(s.queries), view(s.bits), view(s.fraction), view(s.low),
                  view(s.high), shapes, bytes_of(s.from)});
}

SplitTerms read_split(Body& body) {
  SplitTerms s;
  body.take(s.segment);
  body.take(s.server.raw);
  s.queries = body.take<std::uint32_t>();
  s.bits = body.take<std::uint8_t>();
  s.fraction = body.take<std::uint8_t>();
  s.low = body.take<std::int64_t>();
  s.high = body.take<std::int64_t>();
  for (Shape* shape : {&s.input, &s.output})
    for (unsigned axes = body.take<std::uint8_t>(); axes > 0; --axes)
      shape->push_back(body.take<std::uint32_t>());
  s.from = body.rest();
  return s;
}

Wrap read_wrap(Body& body) {
  Wrap w;
  const auto kem = body.take<std::uint16_t>();
  require(kem == static_cast<std::uint16_t>(Kem::X25519) || kem == static_cast<std::uint16_t>(Kem::P256),
          "a recipient has a key of the kind {}, which is not known here: use a newer tacit", kem);
  w.kem = Kem{kem};
  body.take(w.recipient);
  const ByteView enc = body.take(public_key_size(w.kem)), sealed = body.take(kSealedKeySize);
  w.enc.assign(enc.begin(), enc.end());
  w.sealed.assign(sealed.begin(), sealed.end());
  return w;
}

void read_record(Header& h, std::uint16_t type, Body& body) {
  switch (type) {
    case kId:
      return body.take(h.id);
    case kLevel:
      h.level = words_of(body.take<std::uint8_t>()).level;
      return;
    case kVendorKey:
      return body.take(h.vendor.raw);
    case kVendorName:
      h.vendor_name = body.rest();
      return;
    case kModelName:
      h.model_name = body.rest();
      return;
    case kMoments:
      h.sealed_at = body.take<Seconds>();
      h.expires = body.take<Seconds>();
      return;
    case kFingerprint:
      h.fingerprint = body.rest();
      return;
    case kContent: {
      const auto kind = body.take<std::uint8_t>();
      require(kind == content_of(h.level),
              "it holds something of the kind {}, which is not known here at level {}: use a newer tacit",
              kind, static_cast<unsigned>(h.level));
      h.chunk = body.take<std::uint32_t>();
      h.text_size = body.take<std::uint64_t>();
      return;
    }
    case kCommitment:
      return body.take(h.commitment);
    case kRoot:
      return body.take(h.root);
    case kWrap:
      require(h.wraps.size() < kMaxRecipients, "it has more than {} recipients", kMaxRecipients);
      h.wraps.push_back(read_wrap(body));
      return;
    case kLease:
      h.lease = read_lease(body);
      return;
    case kSplit:
      h.split = read_split(body);
      return;
    default:
      ensure(false, "check_place refuses other records");
  }
}

/// Each record that there must be follows the one before it; then come wraps, terms of leases and of a
/// segment if there are any, and then what may be passed over.
void check_place(unsigned type, unsigned before) {
  const bool follows = (type == kWrap && before == kWrap) || (type == kLease && before == kWrap) ||
                       (type == kSplit && (before == kWrap || before == kLease)) ||
                       (type >= kOptional && type > before);
  if (before < kWrap ? type == before + 1 : follows) return;
  require(type <= kSplit || type >= kOptional,
          "its record {} is not known here, and may not be passed over: use a newer tacit", type);
  throw UsageError(fmt::format("its record {} stands where it may not", type));
}

}  // namespace

Bytes facts_of(const Header& header) {
  Writer to;
  put_facts(to, header);
  return std::move(to.out);
}

Bytes to_bytes(const Header& header) {
  check(header);
  Writer records;
  put_facts(records, header);
  records.put(kRoot, {header.root});
  for (const Wrap& w : header.wraps) {
    const auto kem = static_cast<std::uint16_t>(w.kem);
    records.put(kWrap, {view(kem), w.recipient, w.enc, w.sealed});
  }
  if (header.lease) records.put(kLease, {view(header.lease->seconds), bytes_of(header.lease->from)});
  if (header.split) put_split(records, *header.split);
  ensure(records.out.size() <= kMaxRecords, "records of a sealed model fit");
  Bytes out;
  append_bytes(out, bytes_of(kMagic));
  append(out, kVersion);
  append(out, kRevision);
  append(out, static_cast<std::uint32_t>(records.out.size()));
  append_bytes(out, records.out);
  return out;
}

Bytes signed_text(ByteView head) {
  Bytes out;
  append_bytes(out, bytes_of("tacit sealed model 1: signature\n"));
  append_bytes(out, head);
  return out;
}

std::size_t records_size(ByteView prelude) {
  require(prelude.size() == kPreludeSize && text_of(prelude.first(kMagic.size())) == kMagic,
          "it is no sealed model");
  const auto version = read_at<std::uint16_t>(prelude, kMagic.size());
  require(version == kVersion, "it is of version {}, and version {} is known here: use {} tacit", version,
          kVersion, version > kVersion ? "a newer" : "another");
  const auto size = read_at<std::uint32_t>(prelude, kMagic.size() + 4);
  require(size <= kMaxRecords, "its head claims {} bytes, more than there can be", size);
  return size;
}

Header parse_header(ByteView head) {
  require(head.size() >= kPreludeSize, "it ends too early");
  const std::size_t size = records_size(head.first(kPreludeSize));
  ByteView left = head.subspan(kPreludeSize);
  require(left.size() == size, "its head has {} bytes where it claims {}", left.size(), size);
  Header h;
  unsigned before = 0;
  while (!left.empty()) {
    require(left.size() >= kRecordHead, "its head ends within a record");
    const auto type = read_at<std::uint16_t>(left, 0);
    const auto length = read_at<std::uint32_t>(left, 2);
    left = left.subspan(kRecordHead);
    require(length <= left.size(), "its record {} claims {} bytes, and {} are left", type, length,
            left.size());
    check_place(type, before);
    if (type < kOptional) {
      Body body(type, left.first(length));
      read_record(h, type, body);
      body.finish();
    }
    before = type;
    left = left.subspan(length);
  }
  require(before >= kWrap, "its head ends before its record {}", before + 1);
  check(h);
  return h;
}

Layout layout_of(const Header& header, std::size_t head_size) {
  // Far from the end of 64 bits: check() bounds all of them.
  Layout out;
  out.digests = head_size + kSignatureSize;
  out.chunks = out.digests + header.chunks() * sizeof(Digest);
  out.end = out.chunks + header.text_size + header.chunks() * kSealTagSize;
  return out;
}

}  // namespace tacit::sealed
