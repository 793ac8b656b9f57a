// How a vendor finds out that a device's key lies in a certain TPM, and was made there as its card says: it
// seals a secret to the TPM's endorsement key and the key's name (credential.h), which the device gives back.
//
//   tacit vendor challenge device.pub   ->  a challenge, for the device
//   tacit device answer challenge       ->  an answer, for the vendor
//   tacit vendor admit answer           ->  the card is one that `seal --require tpm` takes
//
// That the endorsement key is a TPM's, a vendor knows by its manufacturer's certificate, or since it was told
// of it by another way; it never believes a card.
#pragma once

#include "tacit/sealed/key_folder.h"
#include "tacit/tpm/credential.h"
#include "tacit/tpm/tpm.h"

namespace tacit::sealed {

struct Challenge {
  Digest device{};  ///< device_id
  tpm::Credential credential;
};
std::string to_text(const Challenge& challenge);
/// UsageError for anything but what to_text writes.
Challenge parse_challenge(std::string_view text);
Challenge read_challenge(const std::filesystem::path& file);

struct ChallengeAnswer {
  Digest device{}, proof{};
};
std::string to_text(const ChallengeAnswer& answer);
ChallengeAnswer parse_challenge_answer(std::string_view text);
ChallengeAnswer read_challenge_answer(const std::filesystem::path& file);

/// What a device answers with the secret that it got back: a code of its card.
Digest proof_of(ByteView secret, const DeviceCard& card);

/// What a vendor remembers, in devices/ of its folder.
class AdmittedDevices {
 public:
  explicit AdmittedDevices(KeyFolder vendors) : folder_(std::move(vendors)) {}

  /// UsageError if the card is of a software key. What it expects is kept until it is answered.
  Challenge challenge(const DeviceCard& card) const;
  /// The card that is admitted from now on. UsageError if it was not challenged; CheatDetected at a wrong
  /// answer.
  DeviceCard admit(const ChallengeAnswer& answer) const;
  bool is_admitted(const DeviceCard& card) const;
  /// Whether a device of that TPM was admitted.
  bool knows_endorsement(ByteView endorsement) const;

 private:
  KeyFolder folder_;
};

/// UsageError unless a chain leads from the card's certificate, which must be of its endorsement key, to one
/// of the certificates in `roots` (PEM).
void check_certificate(const DeviceCard& card, const std::filesystem::path& roots);

}  // namespace tacit::sealed
