// The party to which a fault happens, in the tests of cells.cc: a wire that does it, at the frame aimed at.
#pragma once

#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>

#include "disk.h"
#include "phase.h"
#include "virtual_net.h"

namespace tacit::testing {

enum class Trouble {
  Kill,
  Stop,
  Cut,
  Delay,
  Duplicate,
  Corrupt,
  Truncate,
  Version,
  FullDisk,
  ReadOnlyDisk,
  Tag,
  Size,
  Order
};
constexpr std::array<std::string_view, 13> kTroubles = {
    "kill",      "stop",       "cut",           "delay",     "duplicate",
    "corrupt",   "truncate",   "wrong version", "full disk", "read-only disk",
    "wrong tag", "wrong size", "out of order"};

/// A process that was killed does nothing more.
struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

/// What befalls one party, and when.
struct Aim {
  Phase phase;
  Trouble trouble;
  std::size_t at;  ///< which of its frames of the phase; of a disk: not used
};

/// The culprit's wire: at the frame aimed at, it happens.
class Culprit final : public Transport {
 public:
  Culprit(Transport& inner, VirtualNet& net, PartyId self, std::filesystem::path state,
          const PhaseWatch& watch, Aim aim)
      : inner_(inner), net_(net), self_(self), state_(std::move(state)), watch_(watch), aim_(aim) {}

  void send(PartyId to, const FrameHead& head, ByteView body) override {
    Frame frame{head, Bytes(body.begin(), body.end())};
    if (greeting_of_another_version()) {  // all of them, as a party is of one version
      if (head.tag == greeting()) {
        net_.note_fault();
        struck_ = to;
        change_version(frame.body, 1);
      }
    } else if (watch_.of(head.tag) == aim_.phase && count_++ == aim_.at) {
      struck_ = to;
      strike(to, frame);
    }
    last_[to] = {head, Bytes(body.begin(), body.end())};
    inner_.send(to, frame.head, frame.body);
  }
  FrameHead receive_head(PartyId from) override {
    FrameHead head = inner_.receive_head(from);
    received_ = head.tag;
    return head;
  }
  void receive_body(PartyId from, ByteSpan body) override {
    inner_.receive_body(from, body);
    // It finds the others' version as wrong as they find its own.
    if (greeting_of_another_version() && received_ == "hello" && greeting() == "hello")
      change_version(body, -1);
  }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

  /// To whom the frame was, once it has happened.
  std::optional<PartyId> struck() const { return struck_; }

 private:
  struct Frame {
    FrameHead head;
    Bytes body;
  };
  bool greeting_of_another_version() const {
    return aim_.trouble == Trouble::Version &&
           (aim_.phase == Phase::Handshake || aim_.phase == Phase::Sharing);
  }
  std::string_view greeting() const { return aim_.phase == Phase::Handshake ? "hello" : "owner.welcome"; }
  /// In greetings it is the first word.
  static void change_version(ByteSpan body, int by) {
    const auto version = static_cast<std::uint32_t>(static_cast<int>(read_at<std::uint32_t>(body, 0)) + by);
    std::memcpy(body.data(), &version, sizeof version);
  }
  void strike(PartyId to, Frame& frame) {
    switch (aim_.trouble) {
      case Trouble::Kill:
        break_disk(state_, DiskFault::ReadOnly);  // what it has on the disk stays as it is
        net_.kill(self_);
        throw Killed();
      case Trouble::Stop:
        return net_.stop(self_);
      case Trouble::Cut:
        return net_.harm(self_, to, WireFault::Cut);
      case Trouble::Delay:
        return net_.harm(self_, to, WireFault::Delay);
      case Trouble::Duplicate:
        return net_.harm(self_, to, WireFault::Duplicate);
      case Trouble::Corrupt:
        return net_.harm(self_, to, WireFault::Corrupt);
      case Trouble::Truncate:
        return net_.harm(self_, to, WireFault::Truncate);
      case Trouble::Version:
        return net_.harm(self_, to, WireFault::Version);
      case Trouble::Tag:
        net_.note_fault();
        frame.head.tag = "nonsense";
        return;
      case Trouble::Size:
        net_.note_fault();
        frame.body.push_back(std::byte{0x7f});  // no text ends in it
        frame.head.size = frame.body.size();
        return;
      case Trouble::Order: {  // one that was due before comes once more
        net_.note_fault();
        const auto before = last_.find(to);
        const Frame& again = before == last_.end() ? frame : before->second;
        return inner_.send(to, again.head, again.body);
      }
      case Trouble::FullDisk:
      case Trouble::ReadOnlyDisk:
        return;
    }
  }

  Transport& inner_;
  VirtualNet& net_;
  PartyId self_;
  std::filesystem::path state_;
  const PhaseWatch& watch_;
  Aim aim_;
  std::size_t count_ = 0;
  std::string received_;
  std::map<PartyId, Frame> last_;
  std::optional<PartyId> struck_;
};

/// Counts a party's frames of each phase.
class Counter final : public Transport {
 public:
  Counter(Transport& inner, const PhaseWatch& watch, std::array<std::size_t, kPhases.size()>& counts)
      : inner_(inner), watch_(watch), counts_(counts) {}
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    ++counts_[static_cast<std::size_t>(watch_.of(head.tag))];
    inner_.send(to, head, body);
  }
  FrameHead receive_head(PartyId from) override { return inner_.receive_head(from); }
  void receive_body(PartyId from, ByteSpan body) override { inner_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  Transport& inner_;
  const PhaseWatch& watch_;
  std::array<std::size_t, kPhases.size()>& counts_;
};

}  // namespace tacit::testing
