// A deployment of the gateway alone, which holds all layers: the user is the other party of the inference,
// ahead of the question, too, as in DELPHI (Mishra et al., 2020). Nobody else need be trusted not to collude
// with the gateway; in exchange the user works as much as a server does, and knows the network's structure.
// Passive security for either against the other.
#pragma once

#include "tacit/serve/ask.h"
#include "tacit/serve/service.h"

namespace tacit {

/// What a gateway asks of a user before it works for it, and what the user answers: both ends have one, or
/// neither. What they throw ends the session.
struct Admission {
  /// Once both are in a session; `session` is its id, to which both contributed.
  std::function<void(const Digest& session, Channel& other)> begin;
  /// Once it is known how many questions there are.
  std::function<void(std::uint64_t questions, Channel& other)> questions;
};

/// The gateway's end, for as long as it is wanted: so many users at a time as the options say, each on a
/// thread of its own, and the next as soon as a place is free (places.h). Users fail by themselves. With
/// `admit`, which is called on that user's thread and is asked for each user's admission, a session is one
/// between the gateway and that user alone: it need not know who else may ask, and users may come that
/// `deployment` does not name (TlsSettings::newcomer).
ServiceReport run_two_party_service(const Deployment& deployment, const seco::Part& part, TlsTransport& users,
                                    const ServiceOptions& options,
                                    const std::function<Admission(const std::string& user)>& admit = {});

/// The user's end. `part`: the user's, which has no weights. `inputs`: from encoded_input. Of each answer,
/// ahead_seconds are what came before the question could be asked; the first one's begin with the session.
/// `admission`: where the gateway has one for this user, which then is the only one of `deployment`.
/// PeerError when the gateway fails.
std::vector<AskedAnswer> ask_as_party(const Deployment& deployment, const seco::Part& part, PartyId self,
                                      Transport& wire, std::span<const std::vector<Word>> inputs,
                                      unsigned threads, const Admission& admission = {});

}  // namespace tacit
