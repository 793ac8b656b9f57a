#include "tacit/net/transports/record_reader.h"

#include <algorithm>

namespace tacit {

RecordReader::Got RecordReader::read(TlsStream& stream, ByteSpan to, std::size_t& got) {
  got = 0;
  if (given_) {
    given_ = false;
    filled_ = 0;
    head_.reset();
  }
  const auto come = [&](ByteSpan into, std::size_t& some) -> std::optional<Got> {
    switch (stream.read(into, some)) {
      case TlsStream::Outcome::Done:
        return std::nullopt;
      case TlsStream::Outcome::Later:
        return Got::Nothing;
      case TlsStream::Outcome::Broken:
        break;
    }
    return Got::Broken;
  };
  while (data_left_ == 0) {
    const std::size_t whole = RecordHead::kWireSize + (head_ ? head_->size : 0);
    if (filled_ < whole) {
      std::size_t some = 0;
      if (const auto other = come(ByteSpan(bytes_).subspan(filled_, whole - filled_), some)) return *other;
      filled_ += some;
      if (filled_ < whole) continue;
    }
    if (head_) {
      given_ = true;
      return Got::Record;
    }
    head_ = decode_record(
        std::span<const std::byte, RecordHead::kWireSize>(bytes_.data(), RecordHead::kWireSize));
    if (!head_) return Got::Nonsense;
    if (head_->kind != RecordHead::Kind::Data) continue;
    data_left_ = head_->size;
    filled_ = 0;
    head_.reset();
  }
  if (const auto other = come(to.first(std::min(to.size(), data_left_)), got)) return *other;
  data_left_ -= got;
  return Got::Data;
}

}  // namespace tacit
