// What steps of oblivious transfer cost, as declared: payload of both ends, and rounds. The tests hold it to
// what the meters count.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tacit::ot {

struct Traffic {
  std::uint64_t bytes = 0;
  std::uint64_t rounds = 0;
  friend Traffic operator+(Traffic a, Traffic b) { return {a.bytes + b.bytes, a.rounds + b.rounds}; }
  bool operator==(const Traffic&) const = default;
};

}  // namespace tacit::ot
