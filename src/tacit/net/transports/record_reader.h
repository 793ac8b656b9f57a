// Takes the records of a connection apart as they come in, without ever blocking: bytes of the stream of
// frames go where the caller wants them, records of other kinds are given whole.
#pragma once

#include <array>
#include <optional>

#include "tacit/net/transports/link_record.h"
#include "tacit/net/transports/tls_stream.h"

namespace tacit {

class RecordReader {
 public:
  enum class Got {
    Data,      ///< `got` bytes
    Record,    ///< one of another kind: kind(), body()
    Nothing,   ///< nothing more has come
    Nonsense,  ///< what is no record
    Broken,    ///< TlsStream::broken()
  };
  Got read(TlsStream& stream, ByteSpan to, std::size_t& got);

  RecordHead::Kind kind() const { return head_->kind; }
  ByteView body() const { return ByteView(bytes_).subspan(RecordHead::kWireSize, head_->size); }

 private:
  std::array<std::byte, RecordHead::kWireSize + RecordHead::kMaxGoodbye> bytes_;  ///< no data
  std::size_t filled_ = 0;
  std::optional<RecordHead> head_;  ///< of the record that comes in, or was given last
  std::size_t data_left_ = 0;       ///< of one of data
  bool given_ = false;
};

}  // namespace tacit
