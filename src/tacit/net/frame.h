// What travels on a link: frames, each a small head and a body. The tag names the step of the protocol that
// sends it and must be the one that the receiver expects; the depth is the sender's logical clock (meter.h).
#pragma once

#include <string>

#include "tacit/base/bytes.h"

namespace tacit {

/// An endpoint of a session: the compute parties first, in the job's order, then the data owners.
enum class PartyId : std::uint8_t {};
constexpr std::size_t kMostParties = 256;  ///< and owners
constexpr std::size_t index(PartyId id) { return static_cast<std::size_t>(id); }
constexpr PartyId party_id(std::size_t i) { return static_cast<PartyId>(i); }

struct FrameHead {
  static constexpr std::size_t kWireSize = 48;
  static constexpr std::size_t kMaxTag = 32;
  static constexpr std::uint64_t kMaxBody = std::uint64_t{1} << 40;

  std::uint32_t depth = 0;
  std::uint64_t size = 0;
  std::string tag;
};

void encode(const FrameHead& head, std::span<std::byte, FrameHead::kWireSize> out);
/// False for anything that encode() does not produce.
bool decode(std::span<const std::byte, FrameHead::kWireSize> in, FrameHead& head);

}  // namespace tacit
