// A vendor finds out whether a TPM keeps a device's key.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/report.h"
#include "tacit/sealed/challenge.h"

namespace tacit::app {

namespace {

using nlohmann::json;

sealed::AdmittedDevices admitted_by(const fs::path& keys) {
  return sealed::AdmittedDevices(sealed::KeyFolder::open(keys, "tacit vendor init"));
}

/// By what the vendor knows that the card's endorsement key is a TPM's.
std::string vouched(const ChallengeOptions& o, const sealed::DeviceCard& card,
                    const sealed::AdmittedDevices& devices) {
  const Digest found = sealed::endorsement_id(card.tpm->endorsement);
  if (!o.endorsement.empty()) {
    require(sealed::parse_groups(o.endorsement) == found,
            "the TPM of '{}' has another endorsement key ({}) than the one that you were told of", card.name,
            sealed::in_groups(found));
    return "by the fingerprint that you were told";
  }
  if (!o.roots.empty()) {
    sealed::check_certificate(card, o.roots);
    return "by its manufacturer's certificate";
  }
  require(
      devices.knows_endorsement(card.tpm->endorsement),
      "nothing says that the endorsement key of '{}' ({}) is a TPM's: name what you know of it by another "
      "way with --endorsement, or its manufacturer's certificates with --roots",
      card.name, sealed::in_groups(found));
  return "by a device of the same TPM that was admitted before";
}

}  // namespace

json vendor_challenge(const ChallengeOptions& o, const Style& style) {
  const sealed::AdmittedDevices devices = admitted_by(o.keys);
  const sealed::DeviceCard card = sealed::read_device_card(o.file);
  require(card.tpm.has_value(), "the device '{}' keeps its key in a file: there is no TPM to challenge",
          card.name);
  const std::string by = vouched(o, card, devices);
  write_file(o.out, to_text(devices.challenge(card)));
  if (!style.json)
    std::printf(
        "%s   for '%s', whose TPM is known %s:  tacit device answer\n"
        "Then, with what it answers:  tacit vendor admit answer.txt\n",
        o.out.c_str(), card.name.c_str(), by.c_str());
  return {{"challenge", o.out.string()}, {"name", card.name}, {"known", by}};
}

json vendor_admit(const ChallengeOptions& o, const Style& style) {
  const sealed::DeviceCard card = admitted_by(o.keys).admit(sealed::read_challenge_answer(o.file));
  const std::string id = sealed::in_groups(sealed::device_id(card.key));
  const std::string pcrs = tpm::pcrs_text(card.tpm->pcrs);
  if (!style.json)
    std::printf(
        "'%s' is admitted: its key was made in its TPM, which never gives it away (registers: %s).\nid  %s\n",
        card.name.c_str(), pcrs.c_str(), id.c_str());
  return {{"name", card.name}, {"id", id}, {"pcrs", pcrs}};
}

json device_answer(const ChallengeOptions& o, const Style& style) {
  const auto device = sealed::DeviceKeys::open(o.keys);
  const sealed::Challenge challenge = sealed::read_challenge(o.file);
  require(challenge.device == sealed::device_id(device.card.key),
          "'{}' is for the device {}, and this is '{}'", o.file.string(), sealed::in_groups(challenge.device),
          device.card.name);
  const SecretBytes secret = device.key.activate(challenge.credential);
  write_file(o.out, to_text(sealed::ChallengeAnswer{challenge.device,
                                                    sealed::proof_of(secret.bytes(), device.card)}));
  if (!style.json)
    std::printf("%s   for the vendor:  tacit vendor admit %s\n", o.out.c_str(), o.out.filename().c_str());
  return {{"answer", o.out.string()}, {"name", device.card.name}};
}

}  // namespace tacit::app
