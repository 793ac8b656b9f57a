#include "tacit/net/channel.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit {

FrameHead Channel::head(std::string_view tag, std::size_t size) {
  FrameHead head;
  head.depth = meter_->stamp(size, FrameHead::kWireSize);
  head.size = size;
  head.tag = tag;
  return head;
}

void Channel::expect(const FrameHead& head, std::string_view tag) const {
  if (head.tag != tag)
    throw PeerError(name_,
                    fmt::format("{} is out of step: it sent '{}' where '{}' was due", name_, head.tag, tag));
}

void Channel::expect(const FrameHead& head, std::string_view tag, std::size_t size) const {
  expect(head, tag);
  if (head.size != size)
    throw PeerError(
        name_, fmt::format("{} sent {} bytes at step '{}' where {} were due", name_, head.size, tag, size));
}

void Channel::send(std::string_view tag, ByteView body) { wire_->send(peer_, head(tag, body.size()), body); }

void Channel::receive(std::string_view tag, ByteSpan out) {
  const FrameHead head = wire_->receive_head(peer_);
  expect(head, tag, out.size());
  wire_->receive_body(peer_, out);
  meter_->saw(head.depth, head.size);
}

Bytes Channel::receive_up_to(std::string_view tag, std::size_t limit) {
  const FrameHead head = wire_->receive_head(peer_);
  expect(head, tag);
  if (head.size > limit)
    throw PeerError(name_, fmt::format("{} sent {} bytes at step '{}' where at most {} may come", name_,
                                       head.size, tag, limit));
  Bytes out(head.size);
  wire_->receive_body(peer_, out);
  meter_->saw(head.depth, head.size);
  return out;
}

std::pair<std::string, Bytes> Channel::receive_any(std::initializer_list<std::string_view> tags,
                                                   std::size_t limit) {
  const FrameHead head = wire_->receive_head(peer_);
  if (std::find(tags.begin(), tags.end(), head.tag) == tags.end()) expect(head, *tags.begin());
  if (head.size > limit)
    throw PeerError(name_, fmt::format("{} sent {} bytes at step '{}' where at most {} may come", name_,
                                       head.size, head.tag, limit));
  Bytes out(head.size);
  wire_->receive_body(peer_, out);
  meter_->saw(head.depth, head.size);
  return {head.tag, std::move(out)};
}

Outgoing Channel::outgoing(std::string_view tag, ByteView body) {
  return {peer_, head(tag, body.size()), body};
}

Incoming Channel::incoming(std::string_view tag, ByteSpan out) {
  return {peer_, out, [this, tag, size = out.size()](const FrameHead& head) {
            expect(head, tag, size);
            meter_->saw(head.depth, head.size);
          }};
}

}  // namespace tacit
