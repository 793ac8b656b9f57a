#include "tacit/serve/wire.h"

#include <cstring>

#include "tacit/base/error.h"

namespace tacit {

void send_masks(Channel& to, const MasksMessage& masks) {
  SecretBytes message(kMasksBytes);
  std::byte* at = message.bytes().data();
  std::memcpy(at, &masks.number, sizeof(masks.number));
  std::memcpy(at + sizeof(masks.number), masks.input_seed.bytes().data(), Prg::kKeySize);
  std::memcpy(at + sizeof(masks.number) + Prg::kKeySize, masks.answer_seed.bytes().data(), Prg::kKeySize);
  to.send("query.masks", message.bytes());
}

MasksMessage receive_masks(Channel& from) {
  SecretBytes message(kMasksBytes);
  from.receive("query.masks", message.bytes());
  const ByteView seeds = ByteView(message.bytes()).subspan(sizeof(std::uint64_t));
  return {read_at<std::uint64_t>(message.bytes(), 0), SecretBytes(seeds.first(Prg::kKeySize)),
          SecretBytes(seeds.subspan(Prg::kKeySize))};
}

void send_numbers(Channel& to, std::string_view tag, const seco::Numbers& numbers, std::span<const Word> x) {
  to.send(tag, seco::packed(numbers, x));
}

std::vector<Word> receive_numbers(Channel& from, std::string_view tag, const seco::Numbers& numbers,
                                  std::size_t count) {
  Bytes bytes(count * numbers.bytes());
  from.receive(tag, bytes);
  std::vector<Word> out = seco::unpacked(numbers, bytes);
  for (const Word w : out)
    if (w > numbers.mask())
      throw PeerError(from.peer_name(), fmt::format("{} sent a number out of range", from.peer_name()));
  return out;
}

}  // namespace tacit
