#include "tacit/he/bfv/serialise.h"

#include <algorithm>

#include "tacit/he/bfv/wire.h"

namespace tacit::he {

namespace {
std::size_t degree(const BfvContext& context) { return context.ring().degree(); }
std::size_t packed(const BfvContext& context) { return packed_bytes(context, degree(context)); }
}  // namespace

std::size_t ciphertext_bytes(const BfvContext& context) { return head_bytes(false) + 2 * packed(context); }
std::size_t seeded_bytes(const BfvContext& context) {
  return head_bytes(false) + Prg::kKeySize + packed(context);
}
std::size_t poly_bytes(const BfvContext& context) { return head_bytes(false) + packed(context); }
std::size_t reply_bytes(const BfvContext& context, std::size_t wanted) {
  return head_bytes(true) + packed_bytes(context, wanted) + packed(context);
}

Bytes to_bytes(const BfvContext& context, const Ciphertext& c) {
  WireWriter out(context, Kind::kCiphertext, {}, ciphertext_bytes(context));
  out.residues(c.c0, degree(context));
  out.residues(c.c1, degree(context));
  return out.finish();
}
Bytes to_bytes(const BfvContext& context, const SecretKey::Seeded& c) {
  WireWriter out(context, Kind::kSeeded, {}, seeded_bytes(context));
  out.bytes(c.seed);
  out.residues(c.c0, degree(context));
  return out.finish();
}
Bytes to_bytes(const BfvContext& context, const Poly& p) {
  WireWriter out(context, Kind::kPoly, {}, poly_bytes(context));
  out.residues(p, degree(context));
  return out.finish();
}
Bytes to_bytes(const BfvContext& context, const Reply& r, std::uint64_t label) {
  const std::size_t wanted = r.c0.size() / context.ring().limbs();
  WireWriter out(context, Kind::kReply, label, reply_bytes(context, wanted));
  out.residues(r.c0, wanted);
  out.residues(r.c1, degree(context));
  return out.finish();
}

Ciphertext read_ciphertext(const BfvContext& context, ByteView bytes, double noise) {
  WireReader in(context, bytes, Kind::kCiphertext, {}, ciphertext_bytes(context));
  Ciphertext out;
  out.c0 = in.residues(degree(context));
  out.c1 = in.residues(degree(context));
  out.noise = noise;
  return out;
}
SecretKey::Seeded read_seeded(const BfvContext& context, ByteView bytes) {
  WireReader in(context, bytes, Kind::kSeeded, {}, seeded_bytes(context));
  SecretKey::Seeded out;
  std::copy_n(in.bytes(Prg::kKeySize).begin(), Prg::kKeySize, out.seed.begin());
  out.c0 = in.residues(degree(context));
  out.noise = SecretKey::fresh_noise();
  return out;
}
Poly read_poly(const BfvContext& context, ByteView bytes) {
  return WireReader(context, bytes, Kind::kPoly, {}, poly_bytes(context)).residues(degree(context));
}
Reply read_reply(const BfvContext& context, ByteView bytes, std::uint64_t label, std::size_t wanted,
                 double noise) {
  WireReader in(context, bytes, Kind::kReply, label, reply_bytes(context, wanted));
  Reply out;
  out.c0 = in.residues(wanted);
  out.c1 = in.residues(degree(context));
  out.noise = noise;
  return out;
}

}  // namespace tacit::he
