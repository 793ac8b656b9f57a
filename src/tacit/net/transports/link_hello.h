// The first record of every connection, in both directions: which link it belongs to, and how far its sender
// has come. Whoever dials speaks first. On a link's first connection it makes the link's id, random and so of
// this session alone; on a later one, which mends the link, both say how much they have received, and the
// rest is sent again. It goes under TLS between the keys that the job names, so that nobody else can have
// said it.
#pragma once

#include <array>
#include <optional>

#include "tacit/base/bytes.h"

namespace tacit {

struct LinkHello {
  static constexpr std::size_t kWireSize = 40;
  using Id = std::array<std::byte, 16>;

  Id link{};
  std::uint64_t turn = 0;      ///< of the link's connections, from 0; the answer repeats it
  std::uint64_t received = 0;  ///< bytes of the other end's frames; 0 at the first turn
  bool lasting = false;        ///< the sender is a party, and would mend the link if it broke

  static Id fresh_id();
  bool operator==(const LinkHello&) const = default;
};

void encode(const LinkHello& hello, std::span<std::byte, LinkHello::kWireSize> out);
/// Nothing for what encode() does not produce: another version, for one.
std::optional<LinkHello> decode_hello(std::span<const std::byte, LinkHello::kWireSize> in);

}  // namespace tacit
