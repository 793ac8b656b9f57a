// A TCP proxy that cuts the connections that go through it, below TLS: after so many bytes, or now; by a
// reset, an end in good order of TCP, or by falling silent.
#pragma once

#include <functional>
#include <limits>
#include <list>
#include <mutex>
#include <thread>

#include "tacit/base/bytes.h"
#include "tacit/net/transports/doorbell.h"
#include "tacit/net/transports/socket.h"

namespace tacit::testing {

class CuttingProxy {
 public:
  enum class How { Close, Reset, Silence };
  struct Cut {
    std::size_t after = std::numeric_limits<std::size_t>::max();  ///< bytes, both ways together
    How how = How::Close;
  };

  /// Listens on a free port of this machine, and passes on to `target`.
  explicit CuttingProxy(Address target);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  const Address& address() const { return address_; }
  /// How each connection, by its number from 0, is to be cut; called on the proxy's thread.
  void plan(std::function<Cut(std::size_t)> cut);
  /// From now on nothing is cut, whatever was planned.
  void spare();
  /// Cuts all that go through it now.
  void cut(How how);
  /// From now on closes what connects at once; or no longer.
  void turn_away(bool all);
  /// How many connections there were, those that were turned away not counted.
  std::size_t connections() const;

 private:
  struct Side {
    FileDescriptor socket;
    Bytes out;           ///< to be written to it
    bool ended = false;  ///< nothing more comes from it
    bool told = false;   ///< the other's end was passed on to it
  };
  struct Pair {
    Side near, far;
    std::size_t left;
    How how;
    bool silent = false, done = false;
  };

  void run();
  void accept_one();
  static void relay(Pair& pair, Side& from, Side& to);
  static void flush(Pair& pair, Side& side);
  static void cut_pair(Pair& pair, How how);

  Address target_, address_;
  FileDescriptor listener_;
  Doorbell bell_;
  mutable std::mutex mutex_;
  std::function<Cut(std::size_t)> plan_;
  std::list<Pair> pairs_;
  std::size_t connections_ = 0;
  bool turn_away_ = false, stop_ = false;
  std::thread thread_;
};

}  // namespace tacit::testing
