// Leases and what belongs to devices' keys: requests, leases, entries and whole logs, challenges, answers,
// and the files of keys in a TPM.
#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/sealed/challenge.h"
#include "tacit/sealed/lease_log.h"
#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/sealed/tpm_device.h"

namespace tacit::fuzz {

namespace {

using namespace sealed;

struct Vendor {
  testing::ScratchFolder folder;
  KeyFolder keys_folder = KeyFolder::make(folder.path("vendor"));
  VendorKeys keys{{"ACME", fixed_identity().public_key()}, fixed_identity()};
};
const Vendor& vendor() {
  static const Vendor v;
  return v;
}

std::string good_log() {
  LeaseLog log(vendor().keys_folder, vendor().keys);
  log.sealed(FileId{}, {Digest{}}, 60, testing::kNow);
  log.answer({vendor().keys.card.key, {}, {}, {}}, testing::kNow);
  return testing::read_file(vendor().folder.path("vendor") / "leases.log");
}

void read_log(std::string_view content) {
  vendor().folder.write("vendor/leases.log", content);
  const LeaseLog log(vendor().keys_folder, vendor().keys);
  log.entries();
}

Lease some_lease() {
  Lease out;
  out.request.vendor = fixed_identity().public_key();
  out.answer = LeaseAnswer::Granted;
  out.time = testing::kNow;
  out.seconds = 60;
  return signed_by(fixed_identity(), out);
}

TpmDeviceFile some_file() {
  TpmDeviceFile out;
  out.at = "/dev/tpmrm0";
  out.endorsement = out.key.point = Bytes(tpm::kPointSize, std::byte{4});
  out.key.pcrs = {0, 7};
  out.key.sealed = Bytes(100, std::byte{1});
  return out;
}

DeviceCard some_card() {
  return {"a laptop",
          {Kem::P256, Bytes(tpm::kPointSize, std::byte{4})},
          TpmEvidence{{7}, {}, Bytes(tpm::kPointSize, std::byte{4}), Bytes(20, std::byte{1})}};
}

template <class Parsed>
void same(const Parsed& parsed, ByteView input) {
  if (to_bytes(parsed) != Bytes(input.begin(), input.end())) __builtin_trap();
}
template <class Parsed>
void same_text(const Parsed& parsed, ByteView input) {
  if (to_text(parsed) != text_of(input)) __builtin_trap();
}

}  // namespace

// what | bytes
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned what = cursor.byte() % 8;
  const ByteView rest = cursor.rest();
  switch (what) {
    case 0:
      return same(parse_lease_request(rest), rest);
    case 1: {
      const Lease lease = parse_lease(rest);
      same(lease, rest);
      is_signed(lease);
      return;
    }
    case 2:
      return same(parse_log_entry(rest), rest);
    case 3:
      return read_log(text_of(rest));
    case 4:
      return same_text(parse_challenge(text_of(rest)), rest);
    case 5:
      return same_text(parse_challenge_answer(text_of(rest)), rest);
    case 6:
      return same_text(parse_tpm_device(text_of(rest)), rest);
    default: {
      const DeviceCard card = parse_device_card(text_of(rest));
      same_text(card, rest);
      if (card.tpm) name_in_tpm(card);
    }
  }
}

std::vector<std::string> seeds() {
  const std::string log = good_log();
  return {'\0' + std::string(text_of(to_bytes(some_lease().request))),
          '\1' + std::string(text_of(to_bytes(some_lease()))),
          '\2' + log.substr(log.size() - kLogEntrySize),
          '\3' + log,
          '\4' + to_text(Challenge{{}, {Bytes(68, std::byte{1}), Bytes(68, std::byte{2})}}),
          '\5' + to_text(ChallengeAnswer{}),
          '\6' + to_text(some_file()),
          '\7' + to_text(some_card())};
}

}  // namespace tacit::fuzz
