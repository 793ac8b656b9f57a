#include "tacit/net/transports/link_hello.h"

#include <algorithm>

#include "tacit/crypto/os_entropy.h"

namespace tacit {

namespace {
constexpr std::uint32_t kMark = 0x316b6e6c;  // "lnk1": links, first version
}

LinkHello::Id LinkHello::fresh_id() {
  Id id;
  const SecretBytes random = os_entropy(id.size());
  std::copy(random.bytes().begin(), random.bytes().end(), id.begin());
  return id;
}

// mark (4) | lasting (1) | zero (3) | turn (8) | received (8) | link (16)
void encode(const LinkHello& hello, std::span<std::byte, LinkHello::kWireSize> out) {
  std::fill(out.begin(), out.end(), std::byte{0});
  std::memcpy(out.data(), &kMark, 4);
  out[4] = std::byte{hello.lasting};
  std::memcpy(out.data() + 8, &hello.turn, 8);
  std::memcpy(out.data() + 16, &hello.received, 8);
  std::copy(hello.link.begin(), hello.link.end(), out.begin() + 24);
}

std::optional<LinkHello> decode_hello(std::span<const std::byte, LinkHello::kWireSize> in) {
  if (read_at<std::uint32_t>(in, 0) != kMark || in[4] > std::byte{1}) return std::nullopt;
  if (std::any_of(in.begin() + 5, in.begin() + 8, [](std::byte b) { return b != std::byte{0}; }))
    return std::nullopt;
  LinkHello hello;
  hello.lasting = in[4] == std::byte{1};
  hello.turn = read_at<std::uint64_t>(in, 8);
  hello.received = read_at<std::uint64_t>(in, 16);
  std::copy(in.begin() + 24, in.end(), hello.link.begin());
  if (hello.turn == 0 && hello.received != 0) return std::nullopt;
  if (hello.turn > 0 && !hello.lasting) return std::nullopt;  // nobody mends what does not last
  return hello;
}

}  // namespace tacit
