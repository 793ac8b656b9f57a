// One client's part of a broker: from its greeting until it leaves.
#pragma once

#include <functional>
#include <map>

#include "tacit/broker/link.h"
#include "tacit/broker/turns.h"
#include "tacit/sealed/guarded_runtime.h"

namespace tacit::broker {

/// What all clients of a broker share; used by one at a time, in turn.
struct Shared {
  const sealed::DeviceKeys& keys;
  std::function<sealed::Now()> clock;
  sealed::TileSpace space;
  Workers workers;
  Turns turns;
};

struct SessionLimits {
  std::size_t models = 4;                      ///< that a client has open at a time
  std::size_t body = kMostBody;                ///< bytes of a message
  std::chrono::milliseconds greeting{10'000};  ///< until a client has said what it is
  std::chrono::milliseconds patience{30'000};  ///< for one message, from its first byte to its last
};

class Session {
 public:
  Session(FileDescriptor socket, Shared& shared, const SessionLimits& limits);
  /// Until the client leaves or says what no client says. Throws nothing.
  void run() noexcept;
  /// From another thread: makes run() return once it has done with what it computes.
  void stop() const { link_.shut_down(); }

 private:
  void greet();
  /// Answers one message.
  void answer(Frame frame);
  Opened open(Frame frame);
  Answer run(const Run& question);
  sealed::GuardedRuntime& model(std::uint32_t number);
  void refuse(unsigned code, const std::string& words);

  Shared& shared_;
  SessionLimits limits_;
  Link link_;
  std::map<std::uint32_t, std::unique_ptr<sealed::GuardedRuntime>> models_;
  std::uint32_t next_ = 1;
};

}  // namespace tacit::broker
