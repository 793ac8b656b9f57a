// Endpoints as threads of one process, on links of bytes that suffer what wires suffer, under a clock that
// the net itself turns. As over TLS, a frame travels as a sealed record that can be opened only in its turn;
// here the record is AES-GCM of crypto/aead.h, and what happens below it happens to the real bytes. As over
// TLS, heartbeats keep a link alive, and net/liveness.h says when it is silent.
//
// Time passes only when nobody can go on without it: so nobody waits for real, no test depends on the
// machine, and a run in which nobody will ever go on is found at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tacit/net/liveness.h"
#include "tacit/net/transport.h"

namespace tacit::testing {

/// What happens to the next frame between two endpoints, below the sealing unless said otherwise.
enum class WireFault {
  Cut,        ///< it and all that follows, both ways, is lost, and nobody is told
  Delay,      ///< both ways everything comes later, by half of the patience
  Duplicate,  ///< its bytes come twice
  Corrupt,    ///< a bit of it is turned
  Truncate,   ///< half of it comes, and then the connection is closed
  Version,    ///< above the sealing: its head is one of another version of frames
};

class VirtualNet {
 public:
  /// Of endpoints the first `parties` are compute parties: their links are watched by all, as over TLS.
  VirtualNet(std::vector<std::string> names, std::size_t parties, Liveness::Duration patience);
  ~VirtualNet();

  /// An endpoint's transport, for a thread of its own. Every endpoint is taken once, and time stands until
  /// all of them wait or have gone (their transports destroyed).
  std::unique_ptr<Transport> endpoint(PartyId self);

  // By the thread of the endpoint to which it happens, or that sends the frame.
  void harm(PartyId from, PartyId to, WireFault how);
  /// Its process ends here: connections close, and nothing more is said. Its thread has to end, too.
  void kill(PartyId self);
  /// It does nothing, heartbeats included, until all others have gone.
  void stop(PartyId self);
  /// Something else goes wrong with it now: for since_fault().
  void note_fault();

  /// How long after the first fault an endpoint left.
  Liveness::Duration since_fault(PartyId who) const;
  /// Whether nobody could have gone on any more.
  bool hung() const;

 private:
  class Wire;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tacit::testing
