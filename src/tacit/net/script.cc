#include "tacit/net/script.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit {

Script::Script(std::size_t parties, const LinkShape& link) : link_(link), parties_(parties) {
  for (Actor& a : parties_) a.inbox.resize(parties);
}

void Script::send(std::size_t from, std::size_t to, std::uint64_t bytes) {
  ensure(from != to && to < parties_.size(), "a message goes to another party");
  parties_[from].steps.push_back({Step::Kind::Send, to, bytes, 0});
}
void Script::receive(std::size_t at, std::size_t from) {
  parties_[at].steps.push_back({Step::Kind::Receive, from, 0, 0});
}
void Script::work(std::size_t at, double seconds) {
  parties_[at].steps.push_back({Step::Kind::Work, 0, 0, seconds});
}
void Script::fork(std::size_t at) { parties_[at].steps.push_back({Step::Kind::Fork, 0, 0, 0}); }
void Script::branch(std::size_t at) { parties_[at].steps.push_back({Step::Kind::Branch, 0, 0, 0}); }
void Script::join(std::size_t at) { parties_[at].steps.push_back({Step::Kind::Join, 0, 0, 0}); }

/// False where the party waits for a message that is not sent yet, or has nothing to do.
bool Script::step(std::size_t at) {
  Actor& a = parties_[at];
  if (a.steps.empty()) return false;
  const Step s = a.steps.front();
  switch (s.kind) {
    case Step::Kind::Send: {
      const double size = static_cast<double>(s.bytes + FrameHead::kWireSize);
      const double on_wire = link_.bytes_per_second > 0 ? size / link_.bytes_per_second : 0;
      a.wire_free_at = std::max(a.wire_free_at, a.spent.time) + on_wire;
      a.spent.bytes += s.bytes;
      parties_[s.peer].inbox[at].push_back(
          {s.bytes, a.spent.rounds + 1, a.wire_free_at + link_.one_way_seconds});
      break;
    }
    case Step::Kind::Receive: {
      if (a.inbox[s.peer].empty()) return false;
      const Message m = a.inbox[s.peer].front();
      a.inbox[s.peer].pop_front();
      a.spent.received += m.bytes;
      a.spent.rounds = std::max(a.spent.rounds, m.depth);
      a.spent.time = std::max(a.spent.time, m.due);
      break;
    }
    case Step::Kind::Work:
      a.spent.work += s.seconds;
      a.spent.time += s.seconds;
      break;
    case Step::Kind::Fork:
      a.branches.push_back({a.spent.rounds, a.spent.rounds});
      break;
    case Step::Kind::Branch:
    case Step::Kind::Join: {
      ensure(!a.branches.empty(), "branches begin with a fork");
      Actor::Branches& b = a.branches.back();
      b.deepest = std::max(b.deepest, a.spent.rounds);
      a.spent.rounds = s.kind == Step::Kind::Join ? b.deepest : b.start;
      if (s.kind == Step::Kind::Join) a.branches.pop_back();
      break;
    }
  }
  a.steps.pop_front();
  return true;
}

std::vector<Script::Spent> Script::spent() {
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t p = 0; p < parties_.size(); ++p)
      while (step(p)) moved = true;
  }
  std::vector<Spent> out;
  for (const Actor& a : parties_) {
    ensure(a.steps.empty(), "nobody waits for what nobody sends");
    for (const auto& waiting : a.inbox) ensure(waiting.empty(), "whatever is sent is received");
    out.push_back(a.spent);
  }
  return out;
}

void Script::meet() {
  double last = 0;
  for (const Spent& s : spent()) last = std::max(last, s.time);
  for (Actor& a : parties_) a.spent.time = last;
  level();
}

void Script::level() {
  std::uint64_t deepest = 0;
  for (const Spent& s : spent()) deepest = std::max(deepest, s.rounds);
  for (Actor& a : parties_) a.spent.rounds = deepest;
}

}  // namespace tacit
