#include "tacit/net/transports/link_record.h"

#include "tacit/base/error.h"
#include "tacit/net/transports/link_hello.h"

namespace tacit {

namespace {
constexpr unsigned kSizeBits = 24;

bool possible(RecordHead head) {
  switch (head.kind) {
    case RecordHead::Kind::Data:
      return head.size > 0 && head.size <= RecordHead::kMaxData;
    case RecordHead::Kind::Beat:
      return head.size == sizeof(std::uint64_t);
    case RecordHead::Kind::Hello:
      return head.size == LinkHello::kWireSize;
    case RecordHead::Kind::Goodbye:
      return head.size <= RecordHead::kMaxGoodbye;
  }
  return false;
}
}  // namespace

// size (3) | kind (1)
void append_record(Bytes& out, RecordHead head) {
  ensure(possible(head), "a record");
  append(out, std::uint32_t{head.size | std::uint32_t{static_cast<std::uint8_t>(head.kind)} << kSizeBits});
}

void append_record(Bytes& out, RecordHead::Kind kind, ByteView body) {
  append_record(out, {kind, static_cast<std::uint32_t>(body.size())});
  append_bytes(out, body);
}

std::optional<RecordHead> decode_record(std::span<const std::byte, RecordHead::kWireSize> in) {
  const auto word = read_at<std::uint32_t>(in, 0);
  const RecordHead head{static_cast<RecordHead::Kind>(word >> kSizeBits), word & ((1u << kSizeBits) - 1)};
  if (!possible(head)) return std::nullopt;
  return head;
}

}  // namespace tacit
