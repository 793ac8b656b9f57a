// A client of a broker: opens models that are sealed to the broker's device, and asks them. What it has of a
// model is its sealed file, its names and its answers; no key and no weight is ever in its process.
#pragma once

#include <filesystem>
#include <mutex>

#include "tacit/broker/link.h"

namespace tacit::broker {

class Client {
 public:
  /// Connects and shakes hands. IoError, with the remedy, if no broker listens at `socket`; UsageError if it
  /// does not serve this user; PeerError if what listens there speaks otherwise, or nothing.
  explicit Client(const std::filesystem::path& socket);

  /// Of which user the broker is, as the kernel says.
  uid_t user() const { return user_; }
  const Welcome& welcome() const { return welcome_; }

  /// UsageError, IoError and CheatDetected as the broker found them, PeerError if it left. The number of the
  /// model and what is known of it. Threads may call these at a time: they take turns.
  Opened open(const std::filesystem::path& file);
  /// `examples`: of shape [rows, ...]; so is the answer.
  Tensor run(std::uint32_t model, Tensor examples);
  void close(std::uint32_t model);

 private:
  template <class Reply, class Message>
  Reply ask(const Message& message, int file = -1);

  std::mutex turn_;
  Link link_;
  uid_t user_ = 0;
  Welcome welcome_;
};

}  // namespace tacit::broker
