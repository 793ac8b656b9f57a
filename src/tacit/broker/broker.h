// The broker: a process under a user of its own that holds a device's key folder, opens models of level 2 for
// other users' programs on the same machine, and answers them. It speaks to them over a Unix domain socket
// alone, and knows from the kernel which user each client is.
//
// What it promises of memory needs a HardenedProcess. What clients may do is bounded: how many there are, of
// each user and of all, how long a message may take and how large it may be, and how many models each opens;
// questions are computed one at a time, in the order in which they came.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "tacit/broker/session.h"

namespace tacit::broker {

struct Limits {
  std::size_t clients = 16, clients_of_a_user = 4;
  SessionLimits session;
};

/// Makes a socket at `path` that every user may reach, as far as its folder lets them, and listens. What an
/// earlier broker left there is replaced. UsageError if the folder is one in which other users could put
/// another socket in its place, if there is something else, or if a broker answers there; IoError.
FileDescriptor listen_at(const std::filesystem::path& path);

class Broker {
 public:
  /// `refuses`: why a user is not served, in a sentence; empty if it is. `threads`: 0 for all processors.
  /// IoError if memory for a tile cannot be locked.
  Broker(const HardenedProcess& process, const sealed::DeviceKeys& keys, std::function<sealed::Now()> clock,
         std::function<std::string(uid_t)> refuses, unsigned threads, const Limits& limits);
  ~Broker();

  /// Serves whoever comes to the listening socket, until something can be read from `stop`. IoError.
  void serve(const FileDescriptor& listening, const FileDescriptor& stop);

 private:
  struct Served {
    Served(FileDescriptor socket, uid_t user_, Shared& shared, const SessionLimits& limits)
        : user(user_), session(std::move(socket), shared, limits) {}
    uid_t user;
    Session session;
    std::atomic<bool> done{false};
    std::thread thread;
  };
  void take(FileDescriptor socket);
  /// Of those who have left.
  void let_go();

  Shared shared_;
  std::function<std::string(uid_t)> refuses_;
  Limits limits_;
  std::list<Served> served_;
};

}  // namespace tacit::broker
