#include "tacit/net/frame.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit {

// size (8) | depth (4) | tag length (1) | zero (3) | tag (32)
void encode(const FrameHead& head, std::span<std::byte, FrameHead::kWireSize> out) {
  ensure(head.tag.size() <= FrameHead::kMaxTag && head.size <= FrameHead::kMaxBody, "a frame's head");
  std::fill(out.begin(), out.end(), std::byte{0});
  std::memcpy(out.data(), &head.size, 8);
  std::memcpy(out.data() + 8, &head.depth, 4);
  out[12] = static_cast<std::byte>(head.tag.size());
  std::memcpy(out.data() + 16, head.tag.data(), head.tag.size());
}

bool decode(std::span<const std::byte, FrameHead::kWireSize> in, FrameHead& head) {
  const auto length = std::to_integer<unsigned>(in[12]);
  head.size = read_at<std::uint64_t>(in, 0);
  head.depth = read_at<std::uint32_t>(in, 8);
  if (length > FrameHead::kMaxTag || head.size > FrameHead::kMaxBody) return false;
  if (in[13] != std::byte{0} || in[14] != std::byte{0} || in[15] != std::byte{0}) return false;
  head.tag.assign(text_of(in.subspan(16, length)));
  return std::all_of(in.begin() + 16 + length, in.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace tacit
