// Base oblivious transfer: Masny and Rindal, "Endemic oblivious transfer" (2019), the one from
// Diffie-Hellman, over ristretto255. The sender publishes A = aG. For choice c the receiver draws x and a
// point R_{1-c} and publishes R_0, R_1 with R_c = xG - H_c(R_{1-c}), which are uniform whatever c is. Key b
// is a hash of a(R_b + H_b(R_{1-b})), of which the receiver knows the one with b = c, as xA.
//
// Chosen over "simplest OT" (Chou and Orlandi, 2015), whose proof of UC security fell: there the receiver
// need not know its choice when it answers, and the repair costs a round of proofs. Here security against
// both sides is malicious and UC, in the random oracle model under the computational Diffie-Hellman
// assumption, with no proof to check. A malicious side may influence the keys that it learns ("endemic"),
// which hurts nobody who uses them as seeds. Every hash binds the session, the transfer's index and both
// sides' points.
//
// One round; 32 bytes from the sender, 64 a transfer from the receiver.
#pragma once

#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/block.h"
#include "tacit/net/channel.h"

namespace tacit::ot {

constexpr std::size_t kBaseOtSenderBytes = 32;
constexpr std::size_t base_ot_receiver_bytes(std::size_t count) { return 64 * count; }
constexpr std::size_t base_ot_bytes(std::size_t count) {
  return kBaseOtSenderBytes + base_ot_receiver_bytes(count);
}

/// `count` transfers: both keys of each, key b of transfer i being block 2i + b. `session` is known to both
/// ends and to no other session, nor to another use in this one. PeerError for what is no point.
SecretBytes base_ot_send(Channel& peer, ByteView session, std::size_t count);
/// Choice i is bit i % 8 of byte i / 8. Block i is the key that was chosen.
SecretBytes base_ot_receive(Channel& peer, ByteView session, ByteView choices, std::size_t count);

}  // namespace tacit::ot
