// How a device and the server of a vendor's segment begin: beside the key that it shows over TLS, which came
// sealed to it, the device proves in each session that it holds its own key now, in its TPM where one keeps
// it. The server seals a number to that key, under the session's id, to which both contributed: an answer of
// one session is of no use in another. Then it says whether it answers, and once more how many questions.
#pragma once

#include "tacit/net/channel.h"
#include "tacit/sealed/device_key.h"
#include "tacit/sealed/header.h"

namespace tacit {

enum class SegmentVerdict : std::uint64_t { Welcome, Revoked, NotNow, TooMany };

/// The server's end; `revoked` is told only to the device itself, after its proof. PeerError at a wrong
/// proof.
void ask_for_proof(Channel& device, const Digest& session, const sealed::SplitTerms& terms,
                   const KemPublicKey& key);
/// The device's end. PeerError if what is asked is not for its key.
void prove(Channel& server, const Digest& session, const sealed::SplitTerms& terms,
           const sealed::DeviceKey& key);

/// The server's word: `seconds` to wait, and `left` that it would answer now. Throws a PeerError of the
/// device, in the same sentence, if it is a refusal.
void tell_verdict(Channel& device, SegmentVerdict verdict, std::uint64_t seconds = 0, std::uint64_t left = 0);
/// UsageError, in words, if it is a refusal; PeerError for a word that there is not.
void hear_verdict(Channel& server, const sealed::SplitTerms& terms, std::uint64_t questions);

}  // namespace tacit
