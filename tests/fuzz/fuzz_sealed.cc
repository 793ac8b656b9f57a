// Sealed models: heads and whole files as they come, heads under the vendor's right signature, which no
// fuzzer would guess, cards and rotations.
#include <algorithm>

#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/sealed/rotation.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::fuzz {

namespace {

using namespace sealed;

const VendorCard& vendor() {
  static const VendorCard card{"ACME", fixed_identity().public_key()};
  return card;
}

struct Device {
  Device() : keys(DeviceKeys::make(folder.path("device"), "a device", testing::kNow)) {
    keys.trust(vendor());
  }
  testing::ScratchFolder folder;
  DeviceKeys keys;
};
const Device& device() {
  static const Device d;
  return d;
}

const Bytes& text() {
  static const Bytes t = testing::some_bytes(1500);
  return t;
}

const std::string& whole_file() {
  static const std::string content = [] {
    SealRequest request{fixed_identity(), vendor().name, "a model", {device().keys.card.key}};
    request.sealed_at = testing::kNow;
    request.chunk = kSmallestChunk;
    MemoryReader from(text());
    seal(from, text().size(), device().folder.path("good.tacit"), request);
    return testing::read_file(device().folder.path("good.tacit"));
  }();
  return content;
}
std::size_t head_size() { return kPreludeSize + records_size(bytes_of(whole_file()).first(kPreludeSize)); }

void read_header(ByteView head) {
  const Header h = parse_header(head);
  const Bytes again = to_bytes(h);
  if (!(parse_header(again) == h)) __builtin_trap();
  // Without what may be passed over a head has one form, but for its revision.
  if (again.size() == head.size() && !std::equal(again.begin() + 16, again.end(), head.begin() + 16))
    __builtin_trap();
}

/// Whatever opens is the text that was sealed.
void read_file(std::string_view content) {
  const auto file = device().folder.write("m.tacit", content);
  OpenedModel model = open_model(file, device().keys, testing::kNow);
  if (OpenForTests::text(model) != text()) __builtin_trap();
}

/// The same of a head that the vendor signed, before the digests and chunks of the true one.
void read_signed(ByteView head) {
  if (head.size() < kPreludeSize) return;
  const Signature signature = fixed_identity().sign(signed_text(head));
  std::string content(text_of(head));
  content += text_of(signature);
  read_file(content + whole_file().substr(head_size() + kSignatureSize));
}

Rotation rotation() {
  Rotation out{"ACME", fixed_identity().public_key(), {}, testing::kNow, {}, {}};
  out.after.raw[0] = std::byte{1};
  return out;
}

}  // namespace

// what | bytes
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned what = cursor.byte() % 7;
  const ByteView rest = cursor.rest();
  switch (what) {
    case 0:
      return read_header(rest);
    case 1:
      return read_file(text_of(rest));
    case 2:
      return read_signed(rest);
    case 3:
      if (to_text(parse_vendor_card(text_of(rest))) != text_of(rest)) __builtin_trap();
      return;
    case 4:
      if (to_text(parse_device_card(text_of(rest))) != text_of(rest)) __builtin_trap();
      return;
    case 5:
      parse_date(text_of(rest));
      return;
    default:
      if (to_text(parse_rotation(text_of(rest))) != text_of(rest)) __builtin_trap();
  }
}

std::vector<std::string> seeds() {
  Header split = parse_header(bytes_of(whole_file()).first(head_size()));
  split.level = Level::Split;
  split.split = testing::some_split_terms();
  const std::string head = whole_file().substr(0, head_size());
  return {'\0' + head,
          '\0' + std::string(text_of(to_bytes(split))),
          '\1' + whole_file(),
          '\2' + head,
          '\3' + to_text(vendor()),
          '\4' + to_text(device().keys.card),
          '\5' + std::string("2027-01-31"),
          '\6' + to_text(rotation())};
}

}  // namespace tacit::fuzz
