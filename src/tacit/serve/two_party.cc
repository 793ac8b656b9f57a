#include "tacit/serve/two_party.h"

#include <mutex>

#include "tacit/base/error.h"
#include "tacit/party/handshake.h"
#include "tacit/serve/places.h"
#include "tacit/serve/wire.h"

namespace tacit {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

constexpr PartyId kGateway = party_id(0), kUser = party_id(1);
constexpr std::uint64_t kMostQuestions = 10000;  ///< of one session

/// The gateway's wire to one of its users, as the second of two parties.
class WireToUser : public Transport {
 public:
  WireToUser(TlsTransport& users, Place& place) : users_(users), place_(place), user_(place.user()) {}
  void send(PartyId, const FrameHead& head, ByteView body) override {
    const Place::Waiting waiting(place_);
    users_.send(user_, head, body);
  }
  FrameHead receive_head(PartyId) override {
    const Place::Waiting waiting(place_);
    return users_.receive_head(user_);
  }
  void receive_body(PartyId, ByteSpan body) override {
    const Place::Waiting waiting(place_);
    users_.receive_body(user_, body);
  }
  void goodbye(std::string_view reason) noexcept override {
    try {
      users_.drop(user_, reason);
    } catch (const std::exception&) {}  // it is gone already
  }
  void transfer(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    std::vector<Outgoing> to(out.begin(), out.end());
    std::vector<Incoming> from(in.begin(), in.end());
    for (Outgoing& o : to) o.to = user_;
    for (Incoming& i : from) i.from = user_;
    const Place::Waiting waiting(place_);
    users_.transfer(to, from);
  }

 private:
  TlsTransport& users_;
  Place& place_;
  PartyId user_;
};

/// What both ends have of a session: two parties with the same part of one cut, and what they prepare with.
class Session {
 public:
  Session(const Deployment& deployment, const seco::Part& part, const std::string& user, Transport& wire,
          unsigned threads)
      : part_(part),
        workers_(threads),
        start_(shake_hands(party_id(part.self), {deployment.servers[0].name, user}, wire,
                           {.job = deployment_hash(deployment)})),
        party_(party_id(part.self), {deployment.servers[0].name, user}, wire, start_.keys,
               Compute{ring_kernels(detect_isa()), workers_}),
        circuits_(part.network, 2, deployment.activations),
        source_(deployment.transfers) {}

  /// Compares parts, and begins what prepares questions.
  void begin() {
    const PartyId peer = party_id(1 - part_.self);
    const Bytes theirs = party_.tell_all("seco.cut", part_.cut)[index(peer)];
    if (!std::equal(theirs.begin(), theirs.end(), part_.cut.begin(), part_.cut.end()))
      throw PeerError(party_.name(peer), fmt::format("{} has a part of another split: fetch {} again",
                                                     party_.name(peer), "the user's part from the provider"));
    transfers_.emplace(party_, source_);
    preparation_.emplace(party_, part_.network, part_.holders, part_.weights, circuits_, *transfers_);
  }

  const Digest& id() const { return start_.id; }
  Party& party() { return party_; }
  Channel& gateway() { return party_.to(kGateway); }
  Channel& user() { return party_.to(kUser); }
  seco::Correlation prepare() { return preparation_->next(); }
  std::vector<Word> answer(seco::Correlation correlation, std::span<const Word> masked) {
    return seco::answer(party_, part_.network, part_.holders, part_.weights, std::move(correlation), masked);
  }

 private:
  const seco::Part& part_;
  Workers workers_;
  SessionStart start_;
  Party party_;
  seco::Circuits circuits_;
  ot::Source source_;
  std::optional<gc::PairwiseTransfers> transfers_;
  std::optional<seco::Preparation> preparation_;
};

/// As if nobody else might ask. (A user may have several keys, under one name.)
Deployment with_user_alone(Deployment deployment, const Endpoint& user) {
  deployment.users = {user};
  return deployment;
}

/// Everything that one user asks, and what it costs.
void serve_user(const Deployment& all, const seco::Part& part, TlsTransport& users, Place& place,
                const ServiceOptions& options, const std::function<Admission(const std::string&)>& admit,
                ServiceReport& report) {
  const Endpoint& user = users.endpoint(place.user());
  const std::string& name = user.name;
  const Deployment deployment = admit ? with_user_alone(all, user) : all;
  const Admission admission = admit ? admit(name) : Admission{};
  auto tell = [&](const char* what) {
    if (options.progress) options.progress({fmt::format("{} {}", what, name), 0, 0, std::nullopt, 0});
  };
  WireToUser wire(users, place);
  // Heartbeats alone do not keep the gateway: a user that has come greets at once, and may work later.
  place.allow(deployment.patience);
  const auto start = Clock::now();
  tell("setting up with");
  Session session(deployment, part, name, wire, options.threads);
  place.allow(deployment.start_patience);
  if (admission.begin) admission.begin(session.id(), session.user());
  session.begin();
  report.setup.seconds += seconds_between(start, Clock::now());
  report.setup.bytes += session.party().meter().total().payload;
  report.setup.rounds += session.party().meter().total().rounds;

  std::uint64_t questions[1];
  session.user().receive("query.questions", std::span<Word>(questions));
  if (questions[0] > kMostQuestions)
    throw PeerError(name, fmt::format("{} wants to ask {} questions, more than {} at once", name,
                                      questions[0], kMostQuestions));
  if (admission.questions) admission.questions(questions[0], session.user());
  for (std::uint64_t q = 0; q < questions[0]; ++q) {
    place.allow(deployment.start_patience);
    std::optional<seco::Correlation> correlation;
    {
      const PhaseClock clock(session.party().meter(), report.preparation);
      tell("preparing with");
      correlation.emplace(session.prepare());
      ++report.prepared;
    }
    const PhaseClock clock(session.party().meter(), report.online);
    tell("answering");
    send_masks(session.user(), {q + 1, SecretBytes(correlation->input_seed.bytes()),
                                SecretBytes(correlation->answer_seed.bytes())});
    const std::vector<Word> input =
        receive_numbers(session.user(), "query.input", part.network.numbers, elements(part.network.input));
    session.answer(std::move(*correlation), input);
    ++report.answered;
  }
}

void add(const PhaseCost& some, PhaseCost& to) {
  to.seconds += some.seconds;
  to.bytes += some.bytes;
  to.rounds += some.rounds;
}

void add(const ServiceReport& some, ServiceReport& to) {
  add(some.setup, to.setup);
  add(some.preparation, to.preparation);
  add(some.online, to.online);
  to.prepared += some.prepared;
  to.answered += some.answered;
}

}  // namespace

ServiceReport run_two_party_service(const Deployment& deployment, const seco::Part& part, TlsTransport& users,
                                    const ServiceOptions& shared,
                                    const std::function<Admission(const std::string&)>& admit) {
  ServiceReport report;
  std::mutex mutex;  // of the report, and of whoever is told of progress
  ServiceOptions options = shared;
  if (shared.progress)
    options.progress = [&](const Progress& p) {
      const std::lock_guard lock(mutex);
      shared.progress(p);
    };
  const auto session = [&](Place& place) {
    const std::string& name = users.endpoint(place.user()).name;
    ServiceReport own;
    try {
      serve_user(deployment, part, users, place, options, admit, own);
      users.drop(place.user(), "");
    } catch (const PeerError& e) {
      if (e.peer != name && !place.gives_way()) throw;
      users.drop(place.user(), place.farewell(e.what()));
    }
    const std::lock_guard lock(mutex);
    add(own, report);
  };
  const auto enough = [&] {
    const std::lock_guard lock(mutex);
    return options.queries > 0 && report.answered >= options.queries;
  };
  const auto idle = [&] {
    if (options.progress) options.progress({"waiting for a user", 0, 0, std::nullopt, 0});
  };
  Places(users, {options.at_once, options.give_way}, session).serve(enough, idle);
  return report;
}

std::vector<AskedAnswer> ask_as_party(const Deployment& deployment, const seco::Part& part, PartyId self,
                                      Transport& wire, std::span<const std::vector<Word>> inputs,
                                      unsigned threads, const Admission& admission) {
  auto at = Clock::now();
  Session session(deployment, part, deployment.roster()[index(self)].name, wire, threads);
  if (admission.begin) admission.begin(session.id(), session.gateway());
  session.begin();
  const std::uint64_t questions[] = {inputs.size()};
  session.gateway().send("query.questions", std::span<const Word>(questions));
  if (admission.questions) admission.questions(questions[0], session.gateway());
  std::uint64_t sent = 0, received = 0;
  const Meter& meter = session.party().meter();
  std::vector<AskedAnswer> answers;
  for (const std::vector<Word>& x : inputs) {
    AskedAnswer& out = answers.emplace_back();
    seco::Correlation mine = session.prepare();
    const auto asked = Clock::now();
    const MasksMessage theirs = receive_masks(session.gateway());
    out.query = theirs.number;
    const ByteView inputs_of[] = {theirs.input_seed.bytes(), mine.input_seed.bytes()};
    const ByteView answers_of[] = {theirs.answer_seed.bytes(), mine.answer_seed.bytes()};
    const seco::Question question(deployment.face(), inputs_of, answers_of);
    const std::vector<Word> masked = question.masked(x);
    send_numbers(session.gateway(), "query.input", deployment.face().numbers, masked);
    out.values =
        decoded_answer(deployment.face(), question.unmasked(session.answer(std::move(mine), masked)));
    const auto answered = Clock::now();
    out.ahead_seconds = seconds_between(at, asked);
    out.waiting_seconds = seconds_between(asked, answered);
    out.participation_seconds = seconds_between(at, answered);
    out.bytes_sent = meter.total().payload - std::exchange(sent, meter.total().payload);
    out.bytes_received = meter.received() - std::exchange(received, meter.received());
    at = answered;
  }
  return answers;
}

}  // namespace tacit
