#include "tacit/serve/segment_proof.h"

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/crypto/hpke.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit {

namespace {

constexpr std::size_t kProofSize = 32;
constexpr HpkeCipher kProofCipher = HpkeCipher::Aes256Gcm;
constexpr std::string_view kChallengeTag = "segment.challenge", kProofTag = "segment.proof",
                           kVerdictTag = "segment.verdict";

Bytes proof_info(const Digest& session, const sealed::SplitTerms& terms) {
  Bytes out;
  append_bytes(out, bytes_of("tacit segment 1: challenge\n"));
  for (const ByteView part : {ByteView(session), ByteView(terms.segment), ByteView(terms.server.raw)})
    append_bytes(out, part);
  return out;
}

std::string in_words(SegmentVerdict verdict, std::uint64_t seconds, std::uint64_t left,
                     std::uint32_t an_hour) {
  switch (verdict) {
    case SegmentVerdict::Revoked:
      return "the vendor has revoked this device: its server does not answer it any more";
    case SegmentVerdict::NotNow:
      return fmt::format(
          "the vendor allows this device {} questions an hour, and {} are left now: ask again in {} s, or "
          "fewer "
          "at once",
          an_hour, left, seconds);
    case SegmentVerdict::TooMany:
      return fmt::format("the vendor allows this device {} questions an hour, and no more at once: ask fewer",
                         an_hour);
    default:
      return "welcome";
  }
}

}  // namespace

void ask_for_proof(Channel& device, const Digest& session, const sealed::SplitTerms& terms,
                   const KemPublicKey& key) {
  const SecretBytes number = os_entropy(kProofSize);
  HpkeSender sender(kProofCipher, key, proof_info(session, terms));
  Bytes challenge = sender.enc();
  append_bytes(challenge, sender.seal({}, number.bytes()));
  device.send(kChallengeTag, challenge);
  SecretBytes proof(kProofSize);
  device.receive(kProofTag, proof.bytes());
  if (!equal_in_constant_time(proof.bytes(), number.bytes()))
    throw PeerError(
        device.peer_name(),
        fmt::format("{} does not hold the key of the device that it says it is", device.peer_name()));
}

void prove(Channel& server, const Digest& session, const sealed::SplitTerms& terms,
           const sealed::DeviceKey& key) {
  const std::size_t enc = public_key_size(key.kem());
  Bytes challenge(enc + kProofSize + kHpkeTagSize);
  server.receive(kChallengeTag, ByteSpan(challenge));
  const ByteView sent(challenge);
  std::optional<SecretBytes> number;
  if (is_public_key({key.kem(), Bytes(sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(enc))}))
    number =
        key.receiver(kProofCipher, sent.first(enc), proof_info(session, terms)).open({}, sent.subspan(enc));
  if (!number || number->size() != kProofSize)
    throw PeerError(server.peer_name(),
                    "the vendor's server asks this device for a proof that is not for its key");
  server.send(kProofTag, number->bytes());
}

void tell_verdict(Channel& device, SegmentVerdict verdict, std::uint64_t seconds, std::uint64_t left) {
  const Word words[] = {static_cast<Word>(verdict), seconds, left};
  device.send(kVerdictTag, std::span<const Word>(words));
  if (verdict == SegmentVerdict::Welcome) return;
  throw PeerError(device.peer_name(),
                  verdict == SegmentVerdict::Revoked
                      ? fmt::format("{} was revoked", device.peer_name())
                      : fmt::format("{} has asked as often as it may, for now", device.peer_name()));
}

void hear_verdict(Channel& server, const sealed::SplitTerms& terms, std::uint64_t questions) {
  Word words[3];
  server.receive(kVerdictTag, std::span<Word>(words));
  if (words[0] > static_cast<Word>(SegmentVerdict::TooMany) || words[1] > 3600 ||
      words[2] > sealed::kMostQueriesAnHour)
    throw PeerError(server.peer_name(), "the vendor's server answers in no way that there is");
  const auto verdict = static_cast<SegmentVerdict>(words[0]);
  if (verdict == SegmentVerdict::Welcome) return;
  std::string said = in_words(verdict, words[1], words[2], terms.queries);
  if (questions > 0) said += fmt::format(" ({} wanted)", questions);
  throw UsageError(said);
}

}  // namespace tacit
