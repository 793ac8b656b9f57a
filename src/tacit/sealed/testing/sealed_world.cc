#include "tacit/sealed/testing/sealed_world.h"

#include <random>

namespace tacit::testing {

using namespace sealed;

Bytes some_bytes(std::size_t size, unsigned seed) {
  std::mt19937 source(seed);
  Bytes out(size);
  for (std::byte& b : out) b = static_cast<std::byte>(source() & 0xff);
  return out;
}

SplitTerms some_split_terms() {
  SplitTerms t;
  t.segment = sha256(bytes_of("segment"));
  t.server.raw = sha256(bytes_of("server"));
  t.queries = 100;
  t.bits = 40;
  t.fraction = 10;
  t.low = -5 * 1024;
  t.high = 5 * 1024;
  t.input = {2, 3, 4};
  t.output = {5};
  t.from = "vendor.example:7300";
  return t;
}

SealedWorld::SealedWorld() : device(DeviceKeys::make(folder.path("device"), "a device", kNow)) {
  device.trust(card);
}

SealRequest SealedWorld::request() const {
  SealRequest out{vendor, card.name, "a model", {device.card.key}};
  out.sealed_at = kNow;
  out.expires = kNow + kDay;
  out.chunk = kSmallestChunk;
  return out;
}

std::filesystem::path SealedWorld::seal(ByteView text, std::string_view name, const SealRequest& r) const {
  MemoryReader from(text);
  const auto file = folder.path(name);
  sealed::seal(from, text.size(), file, r);
  return file;
}

Bytes SealedWorld::open(const std::filesystem::path& file, Seconds clock) const {
  return open_as(device, file, clock);
}

Bytes SealedWorld::open_as(const DeviceKeys& other, const std::filesystem::path& file, Seconds clock) const {
  OpenedModel model = open_model(file, other, clock);
  return OpenForTests::text(model);
}

std::string SealedWorld::refusal(const std::filesystem::path& file, Seconds clock) const {
  return outcome([&] { open(file, clock); });
}

Header header_of(const std::string& file) {
  const ByteView bytes = bytes_of(file);
  return parse_header(bytes.first(kPreludeSize + records_size(bytes.first(kPreludeSize))));
}

std::string SealedWorld::with_header(const std::string& file, const Header& header,
                                     const Identity& by) const {
  const std::size_t old = kPreludeSize + records_size(bytes_of(file).first(kPreludeSize));
  const Bytes head = to_bytes(header);
  const Signature signature = by.sign(signed_text(head));
  return std::string(text_of(head)) + std::string(text_of(signature)) + file.substr(old + kSignatureSize);
}

}  // namespace tacit::testing
