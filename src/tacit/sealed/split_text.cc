#include "tacit/sealed/split_text.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/sealed/cards.h"
#include "tacit/sealed/keys_of_a_file.h"
#include "tacit/sealed/tiles.h"

namespace tacit::sealed {

namespace {

// prelude: "tacit split " | version (u16) | zeros (u16) | devices (u32) | bytes of before, after, part (u64
// each)
constexpr std::string_view kSplitMagic = "tacit split ";
constexpr std::uint16_t kSplitVersion = 1;
constexpr std::size_t kSplitPrelude = 44, kAccessKey = 32, kSealedAccess = kAccessKey + kHpkeTagSize;

Bytes access_info(const SplitTerms& terms, const Digest& device) {
  Bytes out;
  append_bytes(out, bytes_of("tacit segment 1: access\n"));
  for (const ByteView part : {ByteView(terms.segment), ByteView(terms.server.raw), ByteView(device)})
    append_bytes(out, part);
  return out;
}

Bytes tiles_of_layers(const std::optional<nn::Graph>& graph) {
  return graph ? tiled_text(in_tiles(*graph)) : Bytes();
}

/// The network with its numbers.
nn::Graph whole(ByteView text) {
  require(text.size() >= kTilesPrelude, "it holds no layers of a device's own");
  const std::size_t size = outline_size(text.first(kTilesPrelude));
  require(size <= text.size() - kTilesPrelude, "the outline of its layers claims more bytes than there are");
  Outline outline = parse_outline(text.subspan(kTilesPrelude, size), text.size());
  for (std::size_t id = 0; id < outline.graph.values.size(); ++id) {
    nn::ValueInfo& v = outline.graph.values[id];
    if (!has_numbers(v)) continue;
    const NumbersPlace& place = outline.places[id];
    v.initial = {v.shape, {}};
    v.initial.values.reserve(elements(v.shape));
    for (std::size_t i = 0; i < elements(v.shape); ++i)
      v.initial.values.push_back(
          place.width == sizeof(double)
              ? read_at<double>(text, place.at + i * sizeof(double))
              : static_cast<double>(read_at<float>(text, place.at + i * sizeof(float))));
  }
  return std::move(outline.graph);
}

/// Takes what a prelude promised.
class Pieces {
 public:
  explicit Pieces(ByteView bytes) : left_(bytes) {}
  ByteView take(std::uint64_t size) {
    require(size <= left_.size(), "what is sealed ends too early");
    const ByteView out = left_.first(size);
    left_ = left_.subspan(size);
    return out;
  }
  template <class T>
  T take() {
    return read_at<T>(take(sizeof(T)), 0);
  }
  void finish() const { require(left_.empty(), "what is sealed is too long"); }

 private:
  ByteView left_;
};

SegmentAccess read_access(Pieces& from) {
  SegmentAccess a;
  const ByteView device = from.take(a.device.size());
  std::copy(device.begin(), device.end(), a.device.begin());
  const auto size = from.take<std::uint16_t>();
  require(size == public_key_size(Kem::X25519) || size == public_key_size(Kem::P256),
          "a device's access has a key of {} bytes, which there is not", size);
  for (const auto& [to, bytes] :
       {std::pair(&a.enc, std::size_t{size}), std::pair(&a.sealed, kSealedAccess)}) {
    const ByteView piece = from.take(bytes);
    to->assign(piece.begin(), piece.end());
  }
  return a;
}

}  // namespace

NewAccess make_access(const SplitTerms& terms, const KemPublicKey& to) {
  const SecretBytes key = os_entropy(kAccessKey);
  NewAccess out{{device_id(to), {}, {}}, Identity::from_raw(key.bytes()).public_key()};
  HpkeSender sender(kWrapCipher, to, access_info(terms, out.access.device));
  out.access.enc = sender.enc();
  out.access.sealed = sender.seal({}, key.bytes());
  return out;
}

Identity open_access(const SplitTerms& terms, const SegmentAccess& access, const DeviceKey& key) {
  std::optional<SecretBytes> raw;
  if (is_public_key({key.kem(), access.enc}))
    raw = key.receiver(kWrapCipher, access.enc, access_info(terms, access.device)).open({}, access.sealed);
  if (!raw || raw->size() != kAccessKey)
    throw CheatDetected("the key for the vendor's server that is sealed to this device does not open");
  return Identity::from_raw(raw->bytes());
}

namespace {

/// The three pieces of a text, one after the other, and its devices.
struct RawText {
  std::vector<SegmentAccess> access;
  ByteView pieces[3];
};

RawText raw_text(ByteView text) {
  require(text.size() >= kSplitPrelude, "it holds no model without its segment");
  Pieces pieces(text);
  require(text_of(pieces.take(kSplitMagic.size())) == kSplitMagic, "it holds no model without its segment");
  const auto version = pieces.take<std::uint16_t>();
  require(version == kSplitVersion,
          "what is sealed is of version {}, and version {} is known here: use a newer "
          "tacit",
          version, kSplitVersion);
  require(pieces.take<std::uint16_t>() == 0, "what is sealed has no prelude that there can be");
  const auto devices = pieces.take<std::uint32_t>();
  require(devices >= 1 && devices <= kMaxRecipients, "what is sealed claims {} devices", devices);
  std::uint64_t sizes[3];
  for (std::uint64_t& s : sizes) s = pieces.take<std::uint64_t>();
  RawText out;
  for (std::uint32_t i = 0; i < devices; ++i) {
    out.access.push_back(read_access(pieces));
    require(i == 0 || out.access[i - 1].device < out.access[i].device,
            "the devices of what is sealed are not in order, or one is there twice");
  }
  for (std::size_t i = 0; i < 3; ++i) out.pieces[i] = pieces.take(sizes[i]);
  require(!out.pieces[2].empty(), "what is sealed tells nothing of its segment");
  pieces.finish();
  return out;
}

/// All that comes before the pieces.
Bytes begin_of_text(const std::vector<SegmentAccess>& access, const std::uint64_t (&sizes)[3]) {
  Bytes out;
  append_bytes(out, bytes_of(kSplitMagic));
  append(out, kSplitVersion);
  append(out, std::uint16_t{0});
  append(out, static_cast<std::uint32_t>(access.size()));
  for (const std::uint64_t size : sizes) append(out, size);
  for (const SegmentAccess& a : access) {
    ensure(a.sealed.size() == kSealedAccess, "a sealed key");
    append_bytes(out, a.device);
    append(out, static_cast<std::uint16_t>(a.enc.size()));
    append_bytes(out, a.enc);
    append_bytes(out, a.sealed);
  }
  return out;
}

}  // namespace

Bytes to_text(const SplitText& split) {
  Bytes before, after;
  try {
    before = tiles_of_layers(split.before);
    after = tiles_of_layers(split.after);
  } catch (const UsageError& e) {
    throw UsageError(fmt::format("the layers that stay with the device cannot be sealed: {}", e.what()));
  }
  Bytes out = begin_of_text(split.access, {before.size(), after.size(), split.part.size()});
  append_bytes(out, before);
  append_bytes(out, after);
  append_bytes(out, split.part);
  return out;
}

SecretBytes with_access(ByteView text, const std::vector<SegmentAccess>& access) {
  const RawText raw = raw_text(text);
  const Bytes begin =
      begin_of_text(access, {raw.pieces[0].size(), raw.pieces[1].size(), raw.pieces[2].size()});
  std::size_t size = begin.size();
  for (const ByteView piece : raw.pieces) size += piece.size();
  SecretBytes out(size);
  std::size_t at = 0;
  for (const ByteView piece : {ByteView(begin), raw.pieces[0], raw.pieces[1], raw.pieces[2]}) {
    std::copy(piece.begin(), piece.end(), out.bytes().begin() + static_cast<std::ptrdiff_t>(at));
    at += piece.size();
  }
  return out;
}

SplitText read_split_text(ByteReader& from, std::uint64_t size) {
  require(size >= kSplitPrelude, "it holds no model without its segment");
  // All of it holds the device's layers in the clear.
  SecretBytes text(size);
  from.read(text.bytes());
  RawText raw = raw_text(text.bytes());
  SplitText out;
  out.access = std::move(raw.access);
  for (std::size_t i = 0; i < 2; ++i)
    if (!raw.pieces[i].empty()) (i == 0 ? out.before : out.after) = whole(raw.pieces[i]);
  out.part.assign(raw.pieces[2].begin(), raw.pieces[2].end());
  return out;
}

}  // namespace tacit::sealed
