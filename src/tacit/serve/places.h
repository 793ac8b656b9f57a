// Users of a server, a bounded number at a time: each has a place, which is a thread of its own, and the next
// waits until one is free. A user that is silent is left after the link's patience, and one that lets the
// server wait gives its place up when another waits for it; so none holds up the others.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <thread>

#include "tacit/net/transports/tls.h"

namespace tacit {

/// What a session knows of its place.
class Place {
 public:
  Place(TlsTransport& users, PartyId user) : users_(users), user_(user) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  PartyId user() const { return user_; }
  /// From now on the user has so long for all that is waited for of it. PeerError if it was to give way.
  void allow(std::chrono::milliseconds time);
  bool gives_way() const { return gives_way_ != nullptr; }
  /// Why the user is left: that it was to give way, or else `otherwise`.
  std::string farewell(std::string_view otherwise) const;

  /// While one lives, the server waits for the user.
  class Waiting {
   public:
    explicit Waiting(Place& place) : place_(place) { place_.since_ = now(); }
    ~Waiting() { place_.since_ = 0; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Place& place_;
  };

 private:
  friend class Places;
  using Clock = std::chrono::steady_clock;
  static Clock::rep now() { return Clock::now().time_since_epoch().count(); }
  /// Ends the session at what it waits for next, or now. `why`: for the user; a literal.
  void give_way(const char* why);
  /// How long the server has been waiting for the user by now.
  Clock::duration waited() const;

  TlsTransport& users_;
  const PartyId user_;
  std::atomic<Clock::rep> since_{0};
  std::atomic<const char*> gives_way_{nullptr};  ///< why
};

struct PlacesTerms {
  std::size_t most = 1;
  /// Who lets the server wait longer, while another waits for a place, gives its own up; 0: nobody does.
  std::chrono::milliseconds give_way{0};
};

class Places {
 public:
  /// `users`: all of its owners may come. `session`: everything with one user, on a thread of its own; it
  /// says goodbye to the user by itself, and what it throws ends the server.
  Places(TlsTransport& users, PlacesTerms terms, std::function<void(Place&)> session);
  /// Ends all sessions.
  ~Places();
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  /// Until `enough`, which is asked whenever a session has ended; those under way come to their end then.
  /// What a session throws. `idle` is told when nobody has a place; may be empty.
  void serve(const std::function<bool()>& enough, const std::function<void()>& idle = {});

 private:
  struct Taken {
    Taken(TlsTransport& users, PartyId user) : place(users, user) {}
    Place place;
    std::thread thread;
    bool ended = false;
    std::exception_ptr error;
  };
  void begin(PartyId user);
  /// Frees the places of those who have ended.
  void reap();
  std::vector<PartyId> without_place() const;
  bool somebody_waits() const;
  void press();
  void wait_for_an_end();

  TlsTransport& users_;
  const PlacesTerms terms_;
  const std::function<void(Place&)> session_;
  std::size_t next_ = 0;  ///< whose turn it is first, of the owners
  std::mutex mutex_;      ///< of `ended` and `error`
  std::condition_variable changed_;
  std::list<Taken> taken_;
};

}  // namespace tacit
