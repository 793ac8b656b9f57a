// What a TPM 2.0 says of its keys in public, as the bytes of which it makes their names: TPMT_PUBLIC of Part
// 2 of the TCG's library specification, for the three kinds of keys that tacit uses, all of them on P-256.
// They are computed here, without a TPM, so that a vendor who has none knows what a device's key must be
// called.
//
// Points are uncompressed, 65 bytes.
#pragma once

#include <vector>

#include "tacit/crypto/hash.h"

namespace tacit::tpm {

/// Numbers of platform configuration registers, upwards, each once, 0 to 23; none: bound to no state.
using Pcrs = std::vector<unsigned>;
constexpr unsigned kPcrCount = 24;
constexpr std::size_t kPointSize = 65, kNameSize = 34;

/// UsageError unless they are as above.
void check_pcrs(const Pcrs& pcrs);
/// "7", "0+7", "none"
std::string pcrs_text(const Pcrs& pcrs);
/// The reverse; UsageError for anything else.
Pcrs parse_pcrs(std::string_view text);

/// The endorsement key, by the TCG's template L-2 for P-256 (EK credential profile); without a point the
/// template.
Bytes endorsement_area(ByteView point = {});
/// The template of a key under which others are stored, as the TCG's guidance for provisioning has it.
Bytes storage_area();
/// What PolicyPCR makes of registers of SHA-256 whose values, one after the other, have the digest `state`.
Digest pcr_policy(const Pcrs& pcrs, const Digest& state);
/// A device's key: made in the TPM, never to leave it, of use for exchanges alone, and only in that state.
/// Without a point the template.
Bytes device_key_area(const Pcrs& pcrs, const Digest& state, ByteView point = {});
/// Of an object with this public area.
Bytes object_name(ByteView area);

/// Bytes as the TPM writes them: the highest byte of a number first, and sized ones behind 16 bits.
void append_big(Bytes& out, std::uint64_t value, std::size_t bytes);
void append_sized(Bytes& out, ByteView bytes);
/// The selection of some registers of SHA-256: TPML_PCR_SELECTION.
Bytes selection_of(const Pcrs& pcrs);

}  // namespace tacit::tpm
