// A protocol without its numbers: what each party sends and receives, in its own order, as sizes alone. It
// says bytes and rounds as a Meter counts them, and when each message comes on a link of given delay and
// rate. Protocols declare their cost by writing themselves down in one; tests hold it to what meters count.
#pragma once

#include <deque>
#include <vector>

#include "tacit/net/wrap/shape.h"

namespace tacit {

class Script {
 public:
  explicit Script(std::size_t parties, const LinkShape& link = {});
  std::size_t parties() const { return parties_.size(); }

  /// What a party does next.
  void send(std::size_t from, std::size_t to, std::uint64_t bytes);
  void receive(std::size_t at, std::size_t from);
  void work(std::size_t at, double seconds);
  /// From here until join(), what lies between two calls of branch() starts from one clock: Meter::Branches.
  /// One may lie within another.
  void fork(std::size_t at);
  void branch(std::size_t at);
  void join(std::size_t at);

  /// A message that both ends come to next.
  void pass(std::size_t from, std::size_t to, std::uint64_t bytes) {
    send(from, to, bytes);
    receive(to, from);
  }
  /// One round of the first `parties`, in which each sends bytes(from, to) to each other one: Party::trade.
  template <class Bytes>
  void trade(std::size_t parties, Bytes bytes) {
    for (std::size_t p = 0; p < parties; ++p) {
      for (std::size_t to = 0; to < parties; ++to)
        if (to != p) send(p, to, bytes(p, to));
      for (std::size_t from = 0; from < parties; ++from)
        if (from != p) receive(p, from);
    }
  }

  struct Spent {
    std::uint64_t bytes = 0;   ///< sent
    std::uint64_t rounds = 0;  ///< the party's clock
    double work = 0;           ///< seconds of its own
    double time = 0;           ///< when it has done all, in seconds since the beginning
    std::uint64_t received = 0;
    friend Spent operator-(const Spent& a, const Spent& b) {
      return {a.bytes - b.bytes, a.rounds - b.rounds, a.work - b.work, a.time - b.time,
              a.received - b.received};
    }
  };
  /// All that is written so far, done. Every message must have been received by then.
  std::vector<Spent> spent();
  /// All parties wait for the last, and rounds are counted from the deepest clock: a phase that begins when
  /// another has ended.
  void meet();
  /// The second alone.
  void level();

 private:
  struct Step {
    enum class Kind : std::uint8_t { Send, Receive, Work, Fork, Branch, Join };
    Kind kind;
    std::size_t peer;
    std::uint64_t bytes;
    double seconds;
  };
  struct Message {
    std::uint64_t bytes, depth;
    double due;
  };
  struct Actor {
    std::deque<Step> steps;
    Spent spent;
    double wire_free_at = 0;
    struct Branches {
      std::uint64_t start, deepest;
    };
    std::vector<Branches> branches;          ///< the innermost last
    std::vector<std::deque<Message>> inbox;  ///< from each other party
  };
  bool step(std::size_t at);

  LinkShape link_;
  std::vector<Actor> parties_;
};

}  // namespace tacit
