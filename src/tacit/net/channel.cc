#include "tacit/net/channel.h"

#include "tacit/base/error.h"

namespace tacit {

void Channel::send(std::string_view tag, ByteView body) {
  FrameHead head;
  head.depth = meter_->stamp(body.size(), FrameHead::kWireSize);
  head.size = body.size();
  head.tag = tag;
  wire_->send(peer_, head, body);
}

FrameHead Channel::expect(std::string_view tag) {
  FrameHead head = wire_->receive_head(peer_);
  if (head.tag != tag)
    throw PeerError(name_, fmt::format("{} is out of step: it sent '{}' where '{}' was due", name_, head.tag, tag));
  return head;
}

void Channel::receive(std::string_view tag, ByteSpan out) {
  const FrameHead head = expect(tag);
  if (head.size != out.size())
    throw PeerError(name_, fmt::format("{} sent {} bytes at step '{}' where {} were due", name_, head.size, tag,
                                       out.size()));
  wire_->receive_body(peer_, out);
  meter_->saw(head.depth);
}

Bytes Channel::receive_up_to(std::string_view tag, std::size_t limit) {
  const FrameHead head = expect(tag);
  if (head.size > limit)
    throw PeerError(name_, fmt::format("{} sent {} bytes at step '{}' where at most {} may come", name_, head.size,
                                       tag, limit));
  Bytes out(head.size);
  wire_->receive_body(peer_, out);
  meter_->saw(head.depth);
  return out;
}

}  // namespace tacit
