#include "tacit/serve/segment_client.h"

#include "tacit/base/error.h"
#include "tacit/serve/segment_proof.h"

namespace tacit {

namespace {

Deployment devices_deployment(const sealed::SplitTerms& terms, const seco::Part& part,
                              const SegmentAsker& asker) {
  Deployment d = segment_deployment(terms, asker.id, asker.access.public_key());
  d.model = seco::face_of(part.network);
  return d;
}

}  // namespace

std::vector<std::vector<double>> ask_segment_over(Transport& wire, const sealed::SplitTerms& terms,
                                                  const seco::Part& part, const SegmentAsker& asker,
                                                  std::span<const std::vector<Word>> inputs,
                                                  unsigned threads) {
  const Deployment deployment = devices_deployment(terms, part, asker);
  const Admission admission{
      [&](const Digest& session, Channel& server) {
        prove(server, session, terms, asker.key);
        hear_verdict(server, terms, 0);
      },
      [&](std::uint64_t questions, Channel& server) { hear_verdict(server, terms, questions); }};
  std::vector<std::vector<double>> out;
  for (AskedAnswer& a : ask_as_party(deployment, part, party_id(1), wire, inputs, threads, admission))
    out.push_back(std::move(a.values));
  return out;
}

std::vector<std::vector<double>> ask_segment(const sealed::SplitTerms& terms, const seco::Part& part,
                                             const SegmentAsker& asker,
                                             std::span<const std::vector<Word>> inputs,
                                             const SegmentOptions& options) {
  const Deployment deployment = devices_deployment(terms, part, asker);
  TlsSettings settings;
  settings.roster = deployment.roster();
  settings.parties = 1;
  settings.self = party_id(1);
  settings.patience = deployment.patience;
  settings.connect_patience = options.connect_patience;
  settings.progress = options.progress;
  try {
    const auto tls = TlsTransport::connect(std::move(settings), asker.access);
    try {
      auto out = ask_segment_over(*tls, terms, part, asker, inputs, options.threads);
      tls->goodbye("");
      return out;
    } catch (const std::exception& e) {
      tls->goodbye(e.what());
      throw;
    }
  } catch (const PeerError& e) {
    throw PeerError(e.peer,
                    fmt::format("the protected layers are computed with the vendor's server at {}, which "
                                "does not answer, or does not take this device: {}",
                                terms.from, e.what()));
  }
}

}  // namespace tacit
