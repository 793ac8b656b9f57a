// A running party's metrics over HTTP, for programs on the same machine: GET /metrics, on 127.0.0.1 and
// nowhere else. On a thread of its own, so that a run does not wait for whoever asks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tacit::app {

class MetricsServer {
 public:
  /// Port 0 takes any free one. IoError if the port is taken. `text` is called on the server's thread.
  MetricsServer(std::uint16_t port, std::function<std::string()> text);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  std::uint16_t port() const;

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace tacit::app
