#include "tacit/net/meter.h"

#include <algorithm>

namespace tacit {

Cost& Cost::operator+=(const Cost& more) {
  payload += more.payload;
  overhead += more.overhead;
  messages += more.messages;
  rounds += more.rounds;
  seconds += more.seconds;
  return *this;
}

std::uint32_t Meter::stamp(std::size_t payload, std::size_t overhead) {
  count_more(payload, overhead);
  return depth_ + 1;
}

void Meter::count_more(std::size_t payload, std::size_t overhead) {
  cost_.payload += payload;
  cost_.overhead += overhead;
  ++cost_.messages;
}

void Meter::saw(std::uint32_t depth, std::size_t payload) {
  depth_ = std::max(depth_, depth);
  received_ += payload;
}

Cost Meter::total() const {
  Cost now = cost_;
  now.rounds = depth_;
  now.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return now;
}

void Meter::Branches::next() {
  deepest_ = std::max(deepest_, meter_.depth_);
  meter_.depth_ = start_;
}

Meter::Scope::Scope(Meter& meter, std::string_view name)
    : meter_(meter), path_size_(meter.path_.size()), before_(meter.total()) {
  if (!meter.path_.empty()) meter.path_ += '/';
  meter.path_ += name;
}

Meter::Scope::~Scope() {
  const Cost now = meter_.total();
  meter_.scopes_[meter_.path_] +=
      {now.payload - before_.payload, now.overhead - before_.overhead, now.messages - before_.messages,
       now.rounds - before_.rounds, now.seconds - before_.seconds};
  meter_.path_.resize(path_size_);
}

}  // namespace tacit
