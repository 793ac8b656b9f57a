#include "tacit/sealed/challenge.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/sealed/lines.h"

namespace tacit::sealed {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kChallengeHead = "tacit challenge 1", kAnswerHead = "tacit answer 1";
constexpr std::string_view kAskedHead = "tacit device asked 1", kFolder = "devices";
constexpr std::size_t kMostDevices = 1'000'000;
constexpr std::uint64_t kLongestChallenge = 16384;

Digest digest_in(std::string_view hex, std::string_view what) {
  const Bytes bytes = from_hex(hex);
  Digest out{};
  require(bytes.size() == out.size(), "its {} has not 64 digits", what);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Bytes bytes_in(std::string_view hex, std::size_t most, std::string_view what) {
  Bytes out = from_hex(hex);
  require(!out.empty() && out.size() <= most, "its {} has not the digits of one", what);
  return out;
}

std::string name_of_device(const Digest& device, std::string_view ending) {
  return (fs::path(kFolder) / (to_hex(device) + std::string(ending))).string();
}

}  // namespace

std::string to_text(const Challenge& c) {
  return fmt::format("{}\ndevice = {}\ncredential = {}\nsecret = {}\n", kChallengeHead, to_hex(c.device),
                     to_hex(c.credential.blob), to_hex(c.credential.secret));
}

Challenge parse_challenge(std::string_view text) {
  const auto [device, credential, secret] =
      values_of<3>(text, kChallengeHead, {"device", "credential", "secret"});
  return {digest_in(device, "device"),
          {bytes_in(credential, 128, "credential"), bytes_in(secret, 128, "secret")}};
}

Challenge read_challenge(const fs::path& file) {
  return read_lines(file, kLongestChallenge, "challenge", parse_challenge);
}

std::string to_text(const ChallengeAnswer& a) {
  return fmt::format("{}\ndevice = {}\nproof = {}\n", kAnswerHead, to_hex(a.device), to_hex(a.proof));
}

ChallengeAnswer parse_challenge_answer(std::string_view text) {
  const auto [device, proof] = values_of<2>(text, kAnswerHead, {"device", "proof"});
  return {digest_in(device, "device"), digest_in(proof, "proof")};
}

ChallengeAnswer read_challenge_answer(const fs::path& file) {
  return read_lines(file, kLongestChallenge, "answer to a challenge", parse_challenge_answer);
}

Digest proof_of(ByteView secret, const DeviceCard& card) {
  Bytes text;
  append_bytes(text, bytes_of(kAnswerHead));
  append_bytes(text, bytes_of("\n"));
  append_bytes(text, bytes_of(to_text(card)));
  const SecretBytes code = hkdf_extract(secret, text);  // HMAC-SHA256
  return read_at<Digest>(code.bytes(), 0);
}

Challenge AdmittedDevices::challenge(const DeviceCard& card) const {
  require(card.tpm.has_value(), "the device '{}' keeps its key in a file: there is no TPM to challenge",
          card.name);
  require(is_public_key({Kem::P256, card.tpm->endorsement}),
          "the device '{}' names an endorsement key that is none", card.name);
  const SecretBytes secret = os_entropy(tpm::kLongestCredential);
  Challenge out{device_id(card.key),
                tpm::make_credential(card.tpm->endorsement, name_in_tpm(card), secret.bytes())};
  make_folder(folder_.file(kFolder), 0700);
  folder_.replace(
      name_of_device(out.device, ".asked"),
      fmt::format("{}\nproof = {}\n{}", kAskedHead, to_hex(proof_of(secret.bytes(), card)), to_text(card)));
  return out;
}

DeviceCard AdmittedDevices::admit(const ChallengeAnswer& answer) const {
  const fs::path asked = folder_.file(name_of_device(answer.device, ".asked"));
  std::error_code ignored;
  require(fs::exists(asked, ignored),
          "the device {} was not challenged, or has answered already: 'tacit vendor challenge' makes a "
          "challenge from its device.pub",
          in_groups(answer.device));
  const std::string text = read_text(asked, kLongestChallenge, "challenge that is kept");
  // head | proof | the card, each with its line feeds
  const std::size_t card_at = kAskedHead.size() + 1 + std::string_view("proof = ").size() + 64 + 1;
  require(text.size() > card_at, "'{}' is no challenge that this program kept", asked.string());
  const auto [proof] = values_of<1>(std::string_view(text).substr(0, card_at), kAskedHead, {"proof"});
  DeviceCard card = parse_device_card(std::string_view(text).substr(card_at));
  if (!equal_in_constant_time(digest_in(proof, "proof"), answer.proof))
    throw CheatDetected(fmt::format(
        "the answer is wrong: the key of '{}' does not lie in the TPM that its card names", card.name));
  folder_.replace(name_of_device(answer.device, ".admitted"), to_text(card));
  remove_file(asked);
  return card;
}

bool AdmittedDevices::is_admitted(const DeviceCard& card) const {
  const fs::path file = folder_.file(name_of_device(device_id(card.key), ".admitted"));
  std::error_code ignored;
  return card.tpm.has_value() && fs::exists(file, ignored) && read_device_card(file) == card;
}

bool AdmittedDevices::knows_endorsement(ByteView endorsement) const {
  std::error_code error;
  std::size_t seen = 0;
  for (fs::directory_iterator at(folder_.file(kFolder), error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() != ".admitted") continue;
    require(++seen <= kMostDevices, "'{}' holds more devices than there can be",
            folder_.file(kFolder).string());
    const DeviceCard card = read_device_card(at->path());
    if (card.tpm && std::equal(endorsement.begin(), endorsement.end(), card.tpm->endorsement.begin(),
                               card.tpm->endorsement.end()))
      return true;
  }
  return false;
}

}  // namespace tacit::sealed
