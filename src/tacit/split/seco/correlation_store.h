// A correlation as bytes: what goes to a server's disk, sealed, and comes back once. The structure is not
// stored: whoever reads it knows the network, and everything is checked against that.
#pragma once

#include "tacit/base/byte_stream.h"
#include "tacit/split/seco/correlation.h"

namespace tacit::seco {

/// Bytes that `save` writes of a correlation at server `self`.
std::uint64_t saved_size(const Network& network, const Activations& activations, PartyId self);
/// Writes it piece by piece and takes it: from here on it is only where `to` puts it. The bytes are secret.
void save(Correlation correlation, ByteWriter& to);

/// The reverse, for the same network, server and number of servers. UsageError for bytes that are no
/// correlation of it; nothing of a size that the bytes name is made before that was compared with what is
/// due.
Correlation load_correlation(const Network& network, const Circuits& circuits, PartyId self,
                             ByteReader& from);

}  // namespace tacit::seco
