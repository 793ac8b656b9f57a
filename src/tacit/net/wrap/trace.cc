#include "tacit/net/wrap/trace.h"

namespace tacit {

namespace {

class TracedTransport final : public Transport {
 public:
  TracedTransport(Transport& inner, Trace& trace) : inner_(inner), trace_(trace) {}
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    trace_.frames.push_back({to, head.tag, head.size, head.depth, {}});
    if (trace_.keep_bodies) trace_.frames.back().body.assign(body.begin(), body.end());
    std::array<std::byte, FrameHead::kWireSize> bytes;
    encode(head, bytes);
    trace_.contents.update(bytes).update(body);
    inner_.send(to, head, body);
  }
  FrameHead receive_head(PartyId from) override { return inner_.receive_head(from); }
  void receive_body(PartyId from, ByteSpan body) override { inner_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  Transport& inner_;
  Trace& trace_;
};

}  // namespace

std::unique_ptr<Transport> traced(Transport& inner, Trace& trace) {
  return std::make_unique<TracedTransport>(inner, trace);
}

}  // namespace tacit
