// Seeds of which one party knows all and the other all but one: punctured GGM trees (Boyle et al. 2019) from
// base transfers, one tree a group of Δ's bits, and against a malicious planter their consistency check, both
// as in Roy, "SoftSpokenOT" (2022: puncturable pseudorandom functions). Bit l of a leaf's number chooses the
// branch at level l. With one bit a group the base transfers' keys are the leaves, and nothing is sent.
//
// One message: 32 bytes a bit of a group beyond its first; checked, 32 more a group and 32. A planter that
// cheats learns at best whether some guess of Δ's bits held, and is caught where it did not.
#pragma once

#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/block.h"
#include "tacit/crypto/tweaked_hash.h"
#include "tacit/net/channel.h"
#include "tacit/ot/cot.h"
#include "tacit/ot/extension/groups.h"
#include "tacit/ot/kernels/ot_kernels.h"

namespace tacit::ot {

std::size_t seed_tree_bytes(Groups groups, Threat threat);

/// Group after group, leaf after leaf, 16 bytes each. `base` holds both keys of 128 base transfers.
SecretBytes plant_seeds(Channel& peer, Groups groups, Threat threat, const SecretBytes& base, Isa isa);

/// The same leaves, but each group's in another order: leaf y is the planter's y ^ Δ_group, and leaf 0,
/// unknown, is nonsense. `base` holds what 128 base transfers gave for the choices ~Δ.
SecretBytes learn_seeds(Channel& peer, Groups groups, Threat threat, const SecretBytes& base, Block delta,
                        Isa isa);

}  // namespace tacit::ot
