// A party's door, on a thread of its own: it takes in whoever connects, and mends broken links between
// parties. Of two parties the later in the job's order dials again, as it did at first. The earlier looks
// whether the other still listens where it did: where a process has ended its machine says so at once, and
// nobody need wait for it.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <thread>

#include "tacit/net/transports/link_table.h"
#include "tacit/net/transports/tls_meeting.h"

namespace tacit {

/// How long a handshake may take.
std::chrono::steady_clock::duration handshake_limit(const TlsSettings& settings);

class TlsDoor {
 public:
  /// Opens. All but the listener must live as long; `moved` is called when a link goes on over another
  /// connection and may have much to send.
  TlsDoor(FileDescriptor listener, const TlsSettings& settings, const TlsContext& context, LinkTable& links,
          std::function<void()> moved);
  /// Whoever has come by now hears why we leave, if we have said so (LinkTable::leave).
  ~TlsDoor();
  TlsDoor(const TlsDoor&) = delete;
  TlsDoor& operator=(const TlsDoor&) = delete;

 private:
  using Time = TlsMeeting::Time;
  struct Visit {
    TlsMeeting meeting;
    bool mends;                        ///< dialled, for the link with `who`
    std::optional<std::size_t> who{};  ///< as far as it is known
  };

  void keep();
  void take_turn(std::chrono::milliseconds most);
  void accept();
  bool mend();
  bool step(Visit& visit);
  bool step_mending(Visit& visit);
  void recognise(Visit& visit);
  void admit(Visit& visit);

  FileDescriptor listener_;
  const TlsSettings& settings_;
  const TlsContext& context_;
  LinkTable& links_;
  std::function<void()> moved_;
  std::list<Visit> visits_;
  struct Place {
    Time next_try{};
    bool asked = false,
         answers = false;  ///< of a later party: whether it was once seen to listen at its address
  };
  std::vector<Place> places_;  ///< of each party
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace tacit
