// What travels under TLS: records, each a head of four bytes and what it announces. The frames of a link are
// one stream of bytes, cut into data records as it suits; the other kinds come between them and are not part
// of it.
#pragma once

#include <optional>

#include "tacit/base/bytes.h"

namespace tacit {

struct RecordHead {
  enum class Kind : std::uint8_t {
    Data = 1,     ///< more of the stream of frames
    Beat = 2,     ///< how many bytes of the stream the sender has received (8 bytes); and that it is alive
    Hello = 3,    ///< the first record of a connection, in both directions (link_hello.h)
    Goodbye = 4,  ///< the last one: why the sender leaves; empty if in good order
  };
  static constexpr std::size_t kWireSize = 4;
  static constexpr std::size_t kMaxData = std::size_t{1} << 20;
  static constexpr std::size_t kMaxGoodbye = 2048;

  Kind kind = Kind::Data;
  std::uint32_t size = 0;
};

/// Appends a head, or a whole record.
void append_record(Bytes& out, RecordHead head);
void append_record(Bytes& out, RecordHead::Kind kind, ByteView body);
/// Nothing for a kind or a size that no record has: the size of most kinds is fixed, of the others bounded.
std::optional<RecordHead> decode_record(std::span<const std::byte, RecordHead::kWireSize> in);

}  // namespace tacit
