#include "tacit/job/plan/upload_clock.h"

#include <algorithm>
#include <deque>

#include "tacit/job/upload_wire.h"

namespace tacit::planning {

namespace {

struct Party {
  std::uint32_t clock;
  bool holds_full;
  std::uint64_t got = 0;
  struct Answer {
    std::uint32_t depth;
    std::uint64_t rows;
  };
  std::deque<Answer> answers;  ///< that the owner has not read

  void hear(std::uint32_t depth) { clock = std::max(clock, depth); }
};

}  // namespace

unsigned components_of(const ProtocolInfo& protocol) {
  unsigned count = 0;
  for (const auto& set : protocol.component_sets)
    for (const unsigned c : set) count = std::max(count, c + 1);
  return count;
}

UploadTraffic upload_traffic(const ProtocolInfo& protocol, std::vector<std::uint32_t> clocks,
                             std::uint64_t rows, std::size_t width, unsigned full) {
  UploadTraffic out;
  std::uint32_t owner = 0;
  std::vector<Party> parties;
  for (std::size_t p = 0; p < clocks.size(); ++p) {
    const auto& set = protocol.component_sets[p];
    parties.push_back({clocks[p], std::find(set.begin(), set.end(), full) != set.end(), 0, {}});
    out.answered.push_back(sizeof(Greeting) + kStoredBytes);
  }
  for (Party& p : parties) p.hear(owner + 1);
  for (const Party& p : parties) owner = std::max(owner, p.clock + 1);
  const auto read_one = [&](Party& p) {
    owner = std::max(owner, p.answers.front().depth);
    p.got = p.answers.front().rows;
    p.answers.pop_front();
  };
  for (Party& p : parties) p.hear(owner + 1);  // the shape

  const std::uint64_t block = block_rows(width), window = window_rows(width);
  for (std::uint64_t sent = 0; sent < rows;) {
    sent = std::min(rows, sent + block);
    for (std::size_t p = 0; p < parties.size(); ++p) {
      if (!parties[p].holds_full) continue;
      parties[p].hear(owner + 1);
      parties[p].answers.push_back({parties[p].clock + 1, sent});
      out.answered[p] += sizeof(std::uint64_t);
      while (sent - parties[p].got > window) read_one(parties[p]);
    }
  }
  for (Party& p : parties) p.hear(owner + 1);  // the manifest
  for (Party& p : parties) {
    while (!p.answers.empty()) read_one(p);
    owner = std::max(owner, p.clock + 1);  // that it is stored
  }
  out.depth = owner + 1;
  return out;
}

}  // namespace tacit::planning
