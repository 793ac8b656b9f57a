// One party's end of its link to one peer: the only caller of Transport, and so the only counter. Everything
// received is checked for tag and size before it is used.
#pragma once

#include "tacit/net/meter.h"
#include "tacit/net/transport.h"

namespace tacit {

class Channel {
 public:
  Channel(Transport& wire, Meter& meter, PartyId peer, std::string peer_name)
      : wire_(&wire), meter_(&meter), peer_(peer), name_(std::move(peer_name)) {}

  PartyId peer() const { return peer_; }
  const std::string& peer_name() const { return name_; }

  /// Tags have at most 32 characters and name the step: "trunc.open".
  void send(std::string_view tag, ByteView body);
  /// Receives exactly out.size() bytes; PeerError for another tag or size.
  void receive(std::string_view tag, ByteSpan out);
  /// Receives a body whose size the peer chooses, up to `limit`.
  Bytes receive_up_to(std::string_view tag, std::size_t limit);

  /// Receives a message with one of several tags, and says which it was.
  std::pair<std::string, Bytes> receive_any(std::initializer_list<std::string_view> tags, std::size_t limit);
  /// The same two, to be moved by Transport::transfer together with other channels' messages.
  Outgoing outgoing(std::string_view tag, ByteView body);
  Incoming incoming(std::string_view tag, ByteSpan out);

  void send(std::string_view tag, std::span<const Word> words) { send(tag, std::as_bytes(words)); }
  void receive(std::string_view tag, std::span<Word> out) { receive(tag, std::as_writable_bytes(out)); }

 private:
  FrameHead head(std::string_view tag, std::size_t size);
  void expect(const FrameHead& head, std::string_view tag) const;
  void expect(const FrameHead& head, std::string_view tag, std::size_t size) const;

  Transport* wire_;
  Meter* meter_;
  PartyId peer_;
  std::string name_;
};

}  // namespace tacit
