#include "tacit/he/threshold/key_switch.h"

#include <cmath>

#include "tacit/base/error.h"
#include "tacit/he/bfv/rerandomise.h"
#include "tacit/he/bfv/wire.h"

namespace tacit::he {

namespace {

/// The ciphertext's noise and every share's.
double joined_noise(double noise, const PublicKey& receiver, std::size_t parties, unsigned flood) {
  return log_sum(noise, receiver.flooded_noise(flood) + std::log2(static_cast<double>(parties)));
}

}  // namespace

unsigned switch_flood_bits(const BfvContext& context, double noise, const PublicKey& receiver,
                           std::size_t parties) {
  const unsigned bits = hiding_bits(context, noise);
  require(bits <= kMostFloodBits && joined_noise(noise, receiver, parties, bits) < context.noise_limit(),
          "noise of 2^{:.0f} leaves no room to hide it from a new key: {} parties need 2^{} each, and "
          "2^{:.0f} is "
          "the most that decrypts",
          noise, parties, bits, context.noise_limit());
  return bits;
}

// (c1·s_i, 0) and an encryption of 0 under the receiver's key, flooded.
SwitchShare switch_share(const BfvContext& context, const KeyShare& key, const Ciphertext& c,
                         const PublicKey& receiver, unsigned flood, Randomness& random,
                         Workspace& workspace) {
  receiver.check_made_for(context);
  Ciphertext zero;
  receiver.encrypt_flooded({}, flood, random, workspace, zero);
  key.add_product(c.c1, zero.c0);
  return {std::move(zero.c0), std::move(zero.c1)};
}

Ciphertext join_switch(const BfvContext& context, const Ciphertext& c, std::span<const SwitchShare> shares,
                       const PublicKey& receiver, unsigned flood) {
  require(!shares.empty(), "a switch of keys takes every party's share");
  Ciphertext out;
  out.noise = joined_noise(c.noise, receiver, shares.size(), flood);
  require(out.noise < context.noise_limit(),
          "noise of 2^{:.0f} and shares of {} parties, flooded to 2^{} each, are too much to decrypt: "
          "2^{:.0f} is "
          "the most",
          c.noise, shares.size(), flood, context.noise_limit());
  out.c0 = c.c0;
  out.c1.assign(context.ring().words(), 0);
  for (const SwitchShare& share : shares) {
    require(share.h0.size() == context.ring().words() && share.h1.size() == context.ring().words(),
            "a share of a switch of keys was made with other parameters");
    context.ring().add(out.c0, share.h0);
    context.ring().add(out.c1, share.h1);
  }
  return out;
}

std::size_t switch_share_bytes(const BfvContext& context) {
  return head_bytes(true) + 2 * packed_bytes(context, context.ring().degree());
}
Bytes to_bytes(const BfvContext& context, const SwitchShare& share, std::uint64_t label) {
  WireWriter out(context, Kind::kSwitchShare, label, switch_share_bytes(context));
  out.residues(share.h0, context.ring().degree());
  out.residues(share.h1, context.ring().degree());
  return out.finish();
}
SwitchShare read_switch_share(const BfvContext& context, ByteView bytes, std::uint64_t label) {
  WireReader in(context, bytes, Kind::kSwitchShare, label, switch_share_bytes(context));
  SwitchShare out;
  out.h0 = in.residues(context.ring().degree());
  out.h1 = in.residues(context.ring().degree());
  return out;
}

}  // namespace tacit::he
