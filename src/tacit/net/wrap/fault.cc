#include "tacit/net/wrap/fault.h"

#include <optional>
#include <stdexcept>
#include <utility>

namespace tacit {

namespace {

constexpr std::byte kOdd{0x7f};  // no text ends in it
// More than any farewell that follows, so that it is swallowed, too.
constexpr std::uint64_t kMissing = std::uint64_t{1} << 20;

class FaultyTransport final : public Transport {
 public:
  FaultyTransport(Transport& inner, PartyId to, std::size_t at, Fault fault)
      : inner_(inner), to_(to), at_(at), fault_(fault) {}

  void send(PartyId to, const FrameHead& head, ByteView body) override {
    if (held_ && to == to_) {  // Swap: the held frame follows this one
      inner_.send(to, head, body);
      const auto [held_head, held_body] = *std::exchange(held_, std::nullopt);
      return inner_.send(to, held_head, held_body);
    }
    if (to != to_ || sent_++ != at_) return inner_.send(to, head, body);
    FrameHead changed = head;
    Bytes copy(body.begin(), body.end());
    switch (fault_) {
      case Fault::None:
        break;
      case Fault::WrongTag:
        changed.tag = "nonsense";
        break;
      case Fault::WrongSize:
        copy.push_back(kOdd);
        changed.size = copy.size();
        break;
      case Fault::Short:
        if (copy.empty())
          copy.push_back(kOdd);
        else
          copy.pop_back();
        changed.size = copy.size();
        break;
      case Fault::Repeat:
        inner_.send(to, changed, copy);
        break;
      case Fault::Swap:
        held_ = {changed, copy};
        return;
      case Fault::Drop:
        return;
      case Fault::Cut:
        changed.size += kMissing;
        inner_.send(to, changed, copy);
        [[fallthrough]];
      case Fault::Die:
        throw std::runtime_error("the test ends this party here");
      case Fault::Garbage:
        copy.resize(copy.size() + 2 * FrameHead::kWireSize, std::byte{0xff});
        break;
    }
    inner_.send(to, changed, copy);
  }
  FrameHead receive_head(PartyId from) override { return inner_.receive_head(from); }
  void receive_body(PartyId from, ByteSpan body) override { inner_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  Transport& inner_;
  PartyId to_;
  std::size_t at_, sent_ = 0;
  Fault fault_;
  std::optional<std::pair<FrameHead, Bytes>> held_;
};

}  // namespace

std::unique_ptr<Transport> faulty(Transport& inner, PartyId to, std::size_t at, Fault fault) {
  return std::make_unique<FaultyTransport>(inner, to, at, fault);
}

}  // namespace tacit
