// All that a new wire has to be: frames in order between this endpoint and each other one.
#pragma once

#include <functional>

#include "tacit/base/error.h"
#include "tacit/net/frame.h"

namespace tacit {

/// A message to send, and one to receive, in one step of a protocol.
struct Outgoing {
  PartyId to;
  FrameHead head;
  ByteView body;
};
struct Incoming {
  PartyId from;
  ByteSpan body;
  /// Called with the frame's head before its body is taken; throws PeerError unless it is the one expected.
  std::function<void(const FrameHead&)> accept;
};

/// The error of a peer that said goodbye with a reason. Where the reason is itself about somebody else of
/// `names`, it is told as it is, with who saw it: the first cause and the link on which it was seen, not the
/// chain of those who passed it on.
PeerError gave_up(std::span<const std::string> names, const std::string& peer, const std::string& reason);

/// One thread at a time may use a transport. Every call throws PeerError, naming the peer, when the link is
/// closed, reset or silent for longer than the session's patience.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Never waits for the peer's receive; it may wait for room when a bounded queue is full.
  virtual void send(PartyId to, const FrameHead& head, ByteView body) = 0;
  /// Waits for the next frame's head. Its body must then be taken by receive_body before anything else.
  virtual FrameHead receive_head(PartyId from) = 0;
  /// Fills `body`, whose size is the head's.
  virtual void receive_body(PartyId from, ByteSpan body) = 0;
  /// Tells every peer, as far as links still stand, why this endpoint leaves. An empty reason is a good end.
  virtual void goodbye(std::string_view reason) noexcept = 0;
  /// All messages of one step, at most one a peer and direction. A transport that can moves them all at once;
  /// otherwise they are sent and then received one after the other.
  virtual void transfer(std::span<const Outgoing> out, std::span<const Incoming> in);
};

}  // namespace tacit
