#include "tacit/sealed/lease.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::sealed {

namespace {

// "tacit lease request 1\n" | vendor | device | file | nonce (32 bytes each)
// "tacit lease 1\n" | the same four | answer (u8) | time (i64) | seconds (u32) | revocations (u64) |
// signature
constexpr std::string_view kRequestHead = "tacit lease request 1\n", kLeaseHead = "tacit lease 1\n";
constexpr std::string_view kSigned = "tacit lease 1: signature\n";
static_assert(kLeaseRequestSize == kRequestHead.size() + 4 * 32);
static_assert(kLeaseSize == kLeaseHead.size() + 4 * 32 + 1 + 8 + 4 + 8 + kSignatureSize);

void append_request(Bytes& out, const LeaseRequest& r) {
  for (const ByteView part :
       {ByteView(r.vendor.raw), ByteView(r.device), ByteView(r.file), ByteView(r.nonce)})
    append_bytes(out, part);
}

LeaseRequest request_at(ByteView bytes, std::size_t at) {
  using Part = std::array<std::byte, 32>;
  return {{read_at<Part>(bytes, at)},
          read_at<Part>(bytes, at + 32),
          read_at<Part>(bytes, at + 64),
          read_at<Part>(bytes, at + 96)};
}

Bytes body(const Lease& l) {
  Bytes out;
  append_bytes(out, bytes_of(kLeaseHead));
  append_request(out, l.request);
  append(out, static_cast<std::uint8_t>(l.answer));
  append(out, l.time);
  append(out, l.seconds);
  append(out, l.revocations);
  return out;
}

Bytes signed_text(const Lease& l) {
  Bytes out;
  append_bytes(out, bytes_of(kSigned));
  append_bytes(out, body(l));
  return out;
}

}  // namespace

Bytes to_bytes(const LeaseRequest& request) {
  Bytes out;
  append_bytes(out, bytes_of(kRequestHead));
  append_request(out, request);
  return out;
}

LeaseRequest parse_lease_request(ByteView bytes) {
  require(bytes.size() == kLeaseRequestSize && text_of(bytes.first(kRequestHead.size())) == kRequestHead,
          "these {} bytes ask for no lease", bytes.size());
  return request_at(bytes, kRequestHead.size());
}

Lease signed_by(const Identity& vendor, Lease lease) {
  ensure(vendor.public_key() == lease.request.vendor, "a vendor signs its own leases");
  lease.signature = vendor.sign(signed_text(lease));
  return lease;
}

Bytes to_bytes(const Lease& lease) {
  Bytes out = body(lease);
  append_bytes(out, lease.signature);
  return out;
}

Lease parse_lease(ByteView bytes) {
  require(bytes.size() == kLeaseSize && text_of(bytes.first(kLeaseHead.size())) == kLeaseHead,
          "these {} bytes are no lease", bytes.size());
  std::size_t at = kLeaseHead.size();
  Lease out{request_at(bytes, at)};
  at += 4 * 32;
  const auto answer = read_at<std::uint8_t>(bytes, at);
  require(answer == 1 || answer == 2, "a lease answers {}, which is not known here: use a newer tacit",
          answer);
  out.answer = LeaseAnswer{answer};
  out.time = read_at<Seconds>(bytes, at + 1);
  out.seconds = read_at<std::uint32_t>(bytes, at + 9);
  out.revocations = read_at<std::uint64_t>(bytes, at + 13);
  out.signature = read_at<Signature>(bytes, at + 21);
  require(out.time >= 0 && out.time <= kLastMoment, "a lease is of no time that there is");
  require(out.answer == LeaseAnswer::Granted ? out.seconds >= kShortestLease && out.seconds <= kLongestLease
                                             : out.seconds == 0,
          "a lease runs for {} seconds, which none may", out.seconds);
  return out;
}

bool is_signed(const Lease& lease) {
  return verify(lease.request.vendor, signed_text(lease), lease.signature);
}

}  // namespace tacit::sealed
