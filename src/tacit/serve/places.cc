#include "tacit/serve/places.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "tacit/base/error.h"

namespace tacit {

namespace {

/// From one look at who has come, or has ended, to the next.
constexpr std::chrono::milliseconds kLook{50};

constexpr const char* kGaveWay =
    "others wait for a place, and this one let the server wait for too long: ask again";
constexpr const char* kEnds = "the server has to end";

}  // namespace

void Place::allow(std::chrono::milliseconds time) {
  users_.limit(user_, time);
  if (const char* why = gives_way_) throw PeerError("user", why);
}

std::string Place::farewell(std::string_view otherwise) const {
  const char* why = gives_way_;
  return why != nullptr ? why : std::string(otherwise);
}

void Place::give_way(const char* why) {
  // In this order: whoever sets another limit after this one sees that it is to end.
  gives_way_ = why;
  users_.limit(user_, std::chrono::milliseconds(1));
}

Place::Clock::duration Place::waited() const {
  const Clock::rep since = since_;
  return since == 0 ? Clock::duration::zero() : Clock::duration(now() - since);
}

Places::Places(TlsTransport& users, PlacesTerms terms, std::function<void(Place&)> session)
    : users_(users), terms_(terms), session_(std::move(session)) {
  ensure(terms_.most > 0, "somebody can be served");
}

Places::~Places() {
  for (Taken& t : taken_) t.place.give_way(kEnds);
  for (Taken& t : taken_) t.thread.join();
}

void Places::serve(const std::function<bool()>& enough, const std::function<void()>& idle) {
  for (bool told = false;;) {
    reap();
    const bool done = enough();
    if (done && taken_.empty()) return;
    if (!taken_.empty()) told = false;
    if (done || taken_.size() >= terms_.most) {
      if (done || somebody_waits()) press();
      wait_for_an_end();
      continue;
    }
    if (idle && taken_.empty() && !std::exchange(told, true)) idle();
    if (const auto user = users_.next_of({}, without_place(), kLook)) begin(*user);
  }
}

void Places::begin(PartyId user) {
  const std::vector<PartyId> who = users_.owners();
  next_ = static_cast<std::size_t>(std::find(who.begin(), who.end(), user) - who.begin()) + 1;
  Taken& t = taken_.emplace_back(users_, user);
  const auto body = [this, &t] {
    std::exception_ptr error;
    try {
      session_(t.place);
    } catch (...) { error = std::current_exception(); }
    const std::lock_guard lock(mutex_);
    t.error = error;
    t.ended = true;
    changed_.notify_all();
  };
  try {
    t.thread = std::thread(body);
  } catch (const std::system_error&) {
    taken_.pop_back();
    users_.drop(user, "this machine has no room for another session now: ask again");
  }
}

void Places::reap() {
  std::exception_ptr error;
  for (auto t = taken_.begin(); t != taken_.end();) {
    {
      const std::lock_guard lock(mutex_);
      if (!t->ended) {
        ++t;
        continue;
      }
    }
    t->thread.join();
    if (!error) error = t->error;
    t = taken_.erase(t);
  }
  if (error) std::rethrow_exception(error);
}

/// In turn, beginning behind the one that came last.
std::vector<PartyId> Places::without_place() const {
  const std::vector<PartyId> who = users_.owners();
  std::vector<PartyId> out;
  for (std::size_t i = 0; i < who.size(); ++i) {
    const PartyId user = who[(next_ + i) % who.size()];
    if (std::none_of(taken_.begin(), taken_.end(), [&](const Taken& t) { return t.place.user() == user; }))
      out.push_back(user);
  }
  return out;
}

bool Places::somebody_waits() const {
  const auto others = without_place();
  return std::any_of(others.begin(), others.end(), [&](PartyId id) { return users_.connected(id); });
}

/// The one that has let the server wait longest gives way, if that is too long.
void Places::press() {
  if (terms_.give_way.count() == 0) return;
  const auto slowest = std::max_element(taken_.begin(), taken_.end(), [](const Taken& a, const Taken& b) {
    return a.place.waited() < b.place.waited();
  });
  if (slowest->place.waited() >= terms_.give_way) slowest->place.give_way(kGaveWay);
}

void Places::wait_for_an_end() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kLook, [&] {
    return std::any_of(taken_.begin(), taken_.end(), [](const Taken& t) { return t.ended; });
  });
}

}  // namespace tacit
