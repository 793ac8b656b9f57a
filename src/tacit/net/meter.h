// Counting, in one place: bytes where they are sent, rounds by a logical clock. A frame carries the deepest
// depth received so far plus one, so that the clock is the length of the longest chain of dependent messages,
// and nobody counts rounds by hand. A Meter belongs to one party and is used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tacit {

struct Cost {
  std::uint64_t payload = 0;   ///< bytes sent, over all links
  std::uint64_t overhead = 0;  ///< bytes of frame heads sent
  std::uint64_t messages = 0;
  std::uint64_t rounds = 0;
  double seconds = 0;

  Cost& operator+=(const Cost& more);
  bool same_traffic(const Cost& other) const { return payload == other.payload && rounds == other.rounds; }
};

class Meter {
 public:
  /// The depth of a message sent now; counts it.
  std::uint32_t stamp(std::size_t payload, std::size_t overhead);
  /// More of a message that has its stamp already.
  void count_more(std::size_t payload, std::size_t overhead);
  /// A message of that depth has come.
  void saw(std::uint32_t depth, std::size_t payload = 0);

  std::uint32_t depth() const { return depth_; }
  Cost total() const;
  /// Bytes of messages that came.
  std::uint64_t received() const { return received_; }

  /// Work that is cut in pieces which do not depend on one another: each piece starts from the clock at which
  /// the first began, and the clock after the last is the deepest.
  class Branches {
   public:
    explicit Branches(Meter& meter) : meter_(meter), start_(meter.depth_), deepest_(meter.depth_) {}
    void next();
    ~Branches() {
      next();
      meter_.depth_ = deepest_;
    }
    Branches(const Branches&) = delete;
    Branches& operator=(const Branches&) = delete;

   private:
    Meter& meter_;
    std::uint32_t start_, deepest_;
  };

  /// While alive, costs are also booked under a name; nested names are joined with '/'. A name may come
  /// again.
  class Scope {
   public:
    Scope(Meter& meter, std::string_view name);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Meter& meter_;
    std::size_t path_size_;
    Cost before_;
  };
  const std::map<std::string, Cost>& scopes() const { return scopes_; }
  /// The name under which costs are booked now; empty outside of all scopes.
  const std::string& path() const { return path_; }

 private:
  Cost cost_;
  std::uint64_t received_ = 0;
  std::uint32_t depth_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::string path_;
  std::map<std::string, Cost> scopes_;
};

}  // namespace tacit
