#include "tacit/net/transports/tls_door.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace tacit {

namespace {
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using State = TlsMeeting::State;

constexpr auto kRedial = 50ms;  // from one attempt to mend a link to the next
constexpr auto kLook = 200ms;   // from one look whether somebody listens to the next
constexpr std::size_t kMostVisits = 64;
}  // namespace

Clock::duration handshake_limit(const TlsSettings& settings) {
  return std::min<Clock::duration>(5s, settings.patience);
}

TlsDoor::TlsDoor(FileDescriptor listener, const TlsSettings& settings, const TlsContext& context,
                 LinkTable& links, std::function<void()> moved)
    : listener_(std::move(listener)),
      settings_(settings),
      context_(context),
      links_(links),
      moved_(std::move(moved)),
      places_(links.parties()) {
  prepare_stream(listener_);  // so that accept() does not wait, either
  thread_ = std::thread([this] { keep(); });
}

TlsDoor::~TlsDoor() {
  stop_ = true;
  links_.door().ring();
  thread_.join();
}

void TlsDoor::keep() {
  const auto tick = std::max<std::chrono::milliseconds>(settings_.patience / 20, 5ms);
  while (!stop_) take_turn(mend() ? std::min<std::chrono::milliseconds>(tick, 20ms) : tick);
  // A connection that just breaks would make us the culprit.
  std::erase_if(visits_, [](const Visit& v) { return v.mends; });
  const auto deadline = Clock::now() + kClosingLimit;
  take_turn(0ms);  // whoever has dialled by now
  while (!visits_.empty() && Clock::now() < deadline) take_turn(20ms);
}

/// Waits until something can be done, and does it.
void TlsDoor::take_turn(std::chrono::milliseconds most) {
  const short coming = visits_.size() < kMostVisits ? POLLIN : 0;
  std::vector<pollfd> polls{{links_.door().fd(), POLLIN, 0}, {listener_.get(), coming, 0}};
  for (const Visit& v : visits_) polls.push_back({v.meeting.fd(), v.meeting.events(), 0});
  ::poll(polls.data(), polls.size(), static_cast<int>(most.count()));
  if ((polls[0].revents & POLLIN) != 0) links_.door().answer();
  if ((polls[1].revents & POLLIN) != 0) accept();
  visits_.remove_if([this](Visit& v) {
    const bool done = v.mends ? step_mending(v) : step(v);
    return done || Clock::now() >= v.meeting.deadline();
  });
}

// ---- whoever comes

void TlsDoor::accept() {
  while (visits_.size() < kMostVisits) {
    FileDescriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    prepare_stream(fd);
    SslHandle ssl = context_.server(fd.get());
    visits_.push_back(
        {TlsMeeting(std::move(fd), std::move(ssl), Clock::now() + handshake_limit(settings_)), false});
  }
}

/// Whether it is done with.
bool TlsDoor::step(Visit& v) {
  v.meeting.advance();
  if (v.meeting.state() == State::Shaken) {
    recognise(v);
    v.meeting.advance();
  }
  switch (v.meeting.state()) {
    case State::Met:
      admit(v);
      return v.meeting.state() != State::Leaving;
    case State::Over:
      if (v.meeting.strange() && v.who && links_.is_party(*v.who) && !links_.current(*v.who))
        links_.refuse(
            PeerError(links_.name(*v.who),
                      fmt::format("{} speaks another version of the protocol, or none: install the same "
                                  "tacit on both",
                                  links_.name(*v.who))));
      return true;
    case State::Farewell:
      return true;
    default:
      return false;
  }
}

/// By its key.
void TlsDoor::recognise(Visit& v) {
  const auto key = v.meeting.key();
  if (key) v.who = links_.holder(*key);
  if (key && !v.who && settings_.newcomer && links_.size() < kMostParties)
    if (auto owner = settings_.newcomer(*key)) v.who = links_.add(std::move(*owner));
  if (v.who) return v.meeting.hear();
  const std::string claim = v.meeting.claim();
  if (settings_.stranger) settings_.stranger(claim, key);
  // Someone who claims a party's name without its key is worth stopping for while that party is due.
  for (std::size_t i = 0; i < links_.parties(); ++i)
    if (i != links_.self() && links_.name(i) == claim && !links_.current(i))
      links_.refuse(PeerError(
          claim, fmt::format("a program that calls itself {} shows the key {}, but the job "
                             "names {}",
                             claim, key ? to_string(*key) : "(none)", to_string(links_.endpoint(i).key))));
  v.meeting.turn_away("your key is not in this party's job file");
}

/// A new link, or a connection to mend one.
void TlsDoor::admit(Visit& v) {
  const std::size_t i = *v.who;
  const LinkHello& hello = v.meeting.hello();
  const auto link = links_.current(i);
  const bool stands = link && !link->ended();
  if (hello.turn > 0) {
    if (stands) {
      if (const auto reason = link->resume(v.meeting.stream(), hello)) v.meeting.turn_away(*reason);
      links_.tell();
      return moved_();
    }
    return v.meeting.turn_away(
        links_.farewell().value_or("this party has begun a new session since: start all parties again"));
  }
  // A party begins once in a session; an owner may come again.
  if (stands && links_.is_party(i)) {
    if (!link->stream()) {  // it lost its link, and begins anew: its process has ended
      link->give_up();
      links_.tell();
    }
    return v.meeting.turn_away("a session with you is under way: start all parties again");
  }
  LinkHello agreed = hello;
  agreed.lasting = hello.lasting && links_.is_party(i);
  links_.install(i, v.meeting.stream(), agreed, false);
}

// ---- mending

/// Dials for links that need it. Whether there are any.
bool TlsDoor::mend() {
  bool any = false;
  const Time now = Clock::now();
  for (std::size_t i = 0; i < links_.parties(); ++i) {
    const auto link = i == links_.self() ? nullptr : links_.current(i);
    if (!link || link->ended()) continue;
    Place& place = places_[i];
    const bool dials = i < links_.self(), broken = link->wants_mending(now);
    any |= broken;
    // That somebody refuses means nothing where nobody ever answered: addresses may lead elsewhere from here.
    const bool first_look = !dials && !std::exchange(place.asked, true);
    const bool due = dials ? broken : first_look || (broken && place.answers);
    const auto address = links_.address(i);
    const bool under_way =
        std::any_of(visits_.begin(), visits_.end(), [&](const Visit& v) { return v.mends && v.who == i; });
    if (!due || !address || under_way || now < place.next_try) continue;
    place.next_try = now + (dials ? kRedial : kLook);
    visits_.push_back({TlsMeeting(*address, dials ? &context_ : nullptr, links_.name(links_.self()),
                                  now + settings_.patience / 3),
                       true, i});
  }
  return any;
}

/// The same as step(), for a connection that is to mend a link.
bool TlsDoor::step_mending(Visit& v) {
  const auto link = links_.current(*v.who);
  if (!link || link->ended()) return true;
  v.meeting.advance();
  if (v.meeting.state() == State::Shaken) {
    // Another program may listen there by now; or the link may live after all.
    if (v.meeting.key() != links_.endpoint(*v.who).key || !link->wants_mending(Clock::now())) return true;
    v.meeting.say(link->depart());
    v.meeting.advance();
  }
  switch (v.meeting.state()) {
    case State::Refused:
      if (!link->wants_mending(Clock::now()) || (*v.who > links_.self() && !places_[*v.who].answers))
        return true;
      link->give_up();
      break;
    case State::Farewell:
      link->hear_goodbye(v.meeting.reason());
      break;
    case State::Met:
      link->resume(v.meeting.stream(), v.meeting.hello());
      moved_();
      break;
    case State::Answers:
      places_[*v.who].answers = true;
      return true;
    case State::Over:
      return true;
    default:
      return false;
  }
  links_.tell();
  return true;
}

}  // namespace tacit
