// How leases travel: one POST /lease of a request's bytes over TLS 1.3, in which the server shows the
// vendor's own key, and the lease's bytes back. That nobody else reads along is TLS's; that the answer is the
// vendor's, and to this very request, is the lease's.
#pragma once

#include <functional>
#include <memory>

#include "tacit/net/transports/socket.h"
#include "tacit/sealed/lease.h"

namespace tacit::app {

/// Asks for a lease. PeerError if nobody answers there, or not as a vendor would, or with words of refusal.
sealed::Lease ask_for_lease(const Address& at, const sealed::LeaseRequest& request);

class LeaseServer {
 public:
  using Answer = std::function<sealed::Lease(const sealed::LeaseRequest&)>;

  /// Port 0 takes any free one. IoError if it is taken. `answer` is called on several threads; what it throws
  /// as a UsageError is told to who asks.
  LeaseServer(const Address& at, const Identity& vendor, Answer answer);
  ~LeaseServer();
  LeaseServer(const LeaseServer&) = delete;

  std::uint16_t port() const;
  /// Until the process ends.
  void run();

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace tacit::app
