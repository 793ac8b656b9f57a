// A wire on which the peers' side is a script: what fuzzers of whole conversations talk to.
#pragma once

#include <deque>
#include <map>

#include "fuzz.h"
#include "tacit/net/transport.h"

namespace tacit::fuzz {

struct ScriptedFrame {
  PartyId from;
  std::string tag;
  Bytes body;
};

/// A script's form as an input: for each frame, peer (1) | tag's number in `tags` (1) | size (2) | body.
std::string to_input(const std::vector<ScriptedFrame>& frames, std::span<const std::string_view> tags);
std::vector<ScriptedFrame> from_input(Cursor cursor, std::span<const std::string_view> tags);

/// Hands out the frames of a script, peer by peer, and swallows what is sent. A peer whose frames are all
/// taken has left; and its link breaks at a frame with the tag "cut", to be made anew.
class ScriptTransport final : public Transport {
 public:
  ScriptTransport(std::vector<ScriptedFrame> frames, std::vector<std::string> names);
  void send(PartyId, const FrameHead&, ByteView) override {}
  FrameHead receive_head(PartyId from) override;
  void receive_body(PartyId from, ByteSpan body) override;
  void goodbye(std::string_view) noexcept override {}

 private:
  std::vector<std::deque<ScriptedFrame>> queues_;
  std::vector<std::string> names_;
};

/// Notes what is received through it.
class RecordingTransport final : public Transport {
 public:
  explicit RecordingTransport(Transport& inner) : inner_(inner) {}
  void send(PartyId to, const FrameHead& head, ByteView body) override { inner_.send(to, head, body); }
  FrameHead receive_head(PartyId from) override;
  void receive_body(PartyId from, ByteSpan body) override;
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }
  const std::vector<ScriptedFrame>& frames() const { return frames_; }

 private:
  Transport& inner_;
  std::string tag_;
  std::vector<ScriptedFrame> frames_;
};

}  // namespace tacit::fuzz
