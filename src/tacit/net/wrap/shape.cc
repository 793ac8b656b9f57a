#include "tacit/net/wrap/shape.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <thread>

#include "tacit/base/error.h"

namespace tacit {

namespace {

using Clock = std::chrono::steady_clock;
using Stamp = Clock::duration::rep;

class ShapedTransport final : public Transport {
 public:
  ShapedTransport(Transport& inner, const LinkShape& shape) : inner_(inner), shape_(shape) {}

  void send(PartyId to, const FrameHead& head, ByteView body) override {
    const auto now = Clock::now();
    const double bytes = static_cast<double>(body.size() + FrameHead::kWireSize);
    const auto on_wire = seconds(shape_.bytes_per_second > 0 ? bytes / shape_.bytes_per_second : 0);
    free_at_ = std::max(free_at_, now) + on_wire;
    const Stamp due = (free_at_ + seconds(shape_.one_way_seconds)).time_since_epoch().count();
    Bytes stamped(sizeof due + body.size());
    std::memcpy(stamped.data(), &due, sizeof due);
    std::copy(body.begin(), body.end(), stamped.begin() + sizeof due);
    FrameHead longer = head;
    longer.size = stamped.size();
    inner_.send(to, longer, stamped);
  }

  FrameHead receive_head(PartyId from) override {
    FrameHead head = inner_.receive_head(from);
    if (head.size < sizeof(Stamp)) throw PeerError("", "a frame without the stamp of a shaped link");
    head.size -= sizeof(Stamp);
    return head;
  }

  void receive_body(PartyId from, ByteSpan body) override {
    Bytes stamped(sizeof(Stamp) + body.size());
    inner_.receive_body(from, stamped);
    std::copy(stamped.begin() + sizeof(Stamp), stamped.end(), body.begin());
    // The delay itself: this is what a longer wire is.
    std::this_thread::sleep_until(Clock::time_point(Clock::duration(read_at<Stamp>(stamped, 0))));
  }

  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  static Clock::duration seconds(double s) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
  }
  Transport& inner_;
  LinkShape shape_;
  Clock::time_point free_at_{};
};

}  // namespace

LinkShape parse_link(std::string_view text) {
  auto number = [&](std::string_view part, std::string_view unit) {
    double value = -1;
    const bool has_unit = part.ends_with(unit);
    const std::string_view digits = part.substr(0, part.size() - (has_unit ? unit.size() : 0));
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool good =
        has_unit && result.ec == std::errc{} && result.ptr == digits.data() + digits.size() && value >= 0;
    require(good, "'{}' is no link: write the round trip and the rate, for example 40ms,100mbit", text);
    return value;
  };
  const std::size_t comma = text.find(',');
  require(comma != std::string_view::npos,
          "'{}' is no link: write the round trip and the rate, for example 40ms,100mbit", text);
  return {number(text.substr(0, comma), "ms") / 2000, number(text.substr(comma + 1), "mbit") * 1e6 / 8};
}

std::unique_ptr<Transport> shaped(Transport& inner, const LinkShape& shape) {
  return std::make_unique<ShapedTransport>(inner, shape);
}

}  // namespace tacit
