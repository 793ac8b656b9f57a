#include "tacit/job/doctor/pairs.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::doctor {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto kTurn = 200ms;                // between two looks at who has come
constexpr milliseconds kTalk = 10s;          // for a peer to say what it is asked
constexpr milliseconds kMeasure = 60s;       // for all measurements of a pair
constexpr milliseconds kAfterStranger = 2s;  // for the right one to come after one with another's key

constexpr std::string_view kNoJob = "this party runs its doctor, and no job yet";
constexpr std::string_view kSession = "begins a session of the job, and runs no doctor";
constexpr std::string_view kFacts = "doctor.facts", kBegin = "doctor.begin";

/// One other party, and how we talk with it.
struct Peer {
  std::size_t place;  ///< in the job
  std::string name;
  std::unique_ptr<TlsTransport> dialled{};  ///< of earlier parties: a transport of its own
  TlsTransport* wire = nullptr;             ///< or the one that all later parties come to
  PartyId id{};                             ///< in that transport
  std::optional<Facts> facts{};             ///< what it has told
  std::optional<Finding> trouble{};         ///< why it has not, or why no more can be measured
  std::optional<Finding> absent{};          ///< why a later party seems not to come
  bool left{};                              ///< it came, and left before it spoke
};

class Meeting {
 public:
  Meeting(PairSettings settings, const Tell& tell)
      : s_(std::move(settings)), tell_(tell), deadline_(Clock::now() + s_.wait) {
    for (std::size_t i = 0; i < s_.job.parties.size(); ++i)
      if (i != index(s_.self)) peers_.push_back({i, s_.job.parties[i].name});
  }

  std::vector<Finding> run() {
    listen();
    std::vector<std::jthread> dialling;
    for (Peer& p : peers_)
      if (earlier(p)) dialling.emplace_back([this, &p] { reach(p); });
    receive_later();
    dialling.clear();
    // The same order everywhere, of pairs by their first and then their second party: nobody waits in a
    // circle, and a line is measured by one pair at a time.
    for (Peer& p : peers_)
      if (p.facts) measure(p);
    for (Peer& p : peers_) report(p);
    return std::move(findings_);
  }

 private:
  bool earlier(const Peer& p) const { return p.place < index(s_.self); }
  const Endpoint& endpoint(const Peer& p) const { return s_.job.parties[p.place]; }
  const Endpoint& own() const { return s_.job.parties[index(s_.self)]; }
  std::string command(const Peer& p) const {
    return fmt::format("tacit doctor {} --party {}", s_.job_file.filename().string(), p.name);
  }
  void say(const std::string& what) {
    const std::lock_guard lock(progress_mutex_);
    if (s_.progress) s_.progress(what);
  }

  /// A transport to one party, which sees us as somebody who comes and goes.
  std::unique_ptr<TlsTransport> dial(const Peer& p, milliseconds patience,
                                     std::function<void(const std::string&)> progress) {
    TlsSettings t;
    t.roster = {endpoint(p), own()};
    t.parties = 1;
    t.self = party_id(1);
    t.patience = s_.job.patience;
    t.connect_patience = patience;
    t.progress = std::move(progress);
    return TlsTransport::connect(std::move(t), s_.identity);
  }

  // ---- meeting

  /// An earlier party: we dial, and speak first.
  void reach(Peer& p) {
    try {
      p.dialled = dial(p, s_.wait, [this](const std::string& what) { say(what); });
      p.wire = p.dialled.get();
      p.id = party_id(0);
      p.wire->limit(p.id, 2 * kTalk);
      Meter meter;
      Channel channel(*p.wire, meter, p.id, p.name);
      channel.send(kFacts, bytes_of(to_text(s_.own)));
      p.facts = parse_facts(hear(channel), p.name);
    } catch (const std::exception& e) { p.trouble = trouble_of(p, e.what()); }
  }

  /// What a peer's doctor tells; a session that is beginning there says something else.
  std::string hear(Channel& channel) const {
    const auto [tag, body] = channel.receive_any({kFacts, "hello", "trained", "serve"}, kMaxFacts);
    if (tag != kFacts)
      throw PeerError(channel.peer_name(), fmt::format("{} {}", channel.peer_name(), kSession));
    return std::string(text_of(body));
  }

  /// Later parties dial us, in any order. Nobody holds up the others for longer than it takes to say hello.
  void receive_later() {
    const auto awaited = [&] {
      return std::count_if(peers_.begin(), peers_.end(), [&](const Peer& p) { return is_due(p); });
    };
    if (awaited() == 0) return;
    if (!acceptor_) {
      for (Peer& p : peers_)
        if (!earlier(p) && !p.trouble)
          p.trouble =
              about(p.name, skipped("connection", fmt::format("{} dials {}, where this doctor cannot listen",
                                                              p.name, to_string(own().address))));
      return;
    }
    say(fmt::format("waiting for the doctors of the other parties, for up to {}",
                    human_seconds(std::chrono::duration<double>(s_.wait).count())));
    bool looked = false;
    try {
      while (awaited() > 0 && Clock::now() < deadline_) {
        const auto left = std::chrono::ceil<milliseconds>(deadline_ - Clock::now());
        if (const auto who =
                acceptor_->any_owner(std::min<milliseconds>(kTurn, left), TlsTransport::Gone::Told))
          welcome(*who);
        if (!looked && awaited() > 0 && Clock::now() > deadline_ - s_.wait / 2) {
          looked = true;  // once before the end, when it is more likely to be there still
          look_for_absent();
        }
      }
    } catch (const PeerError& e) {  // somebody else came in our own name
      for (Peer& p : peers_)
        if (is_due(p)) p.trouble = trouble_of(p, e.what());
    }
    look_for_absent();
    for (Peer& p : peers_)  // the earlier ones are being dialled
      if (!earlier(p) && !p.facts && !p.trouble) p.trouble = std::move(p.absent);
  }

  /// On the own address, for all parties: even the last one is looked for by others.
  void listen() {
    if (!s_.listener) return;
    TlsSettings t;
    t.roster = {own()};
    for (const Endpoint& e : s_.job.roster())
      if (e.name != own().name) t.roster.push_back(e);
    t.parties = 1;
    t.self = party_id(0);
    t.patience = s_.job.patience;
    t.listener = std::move(s_.listener);
    t.stranger = [this](const std::string& claim, const std::optional<PublicKey>& key) {
      const std::lock_guard lock(stranger_mutex_);
      strangers_.insert({claim.substr(0, 40), {key ? to_string(*key) : "no key", Clock::now()}});
      if (strangers_.size() > 100) strangers_.clear();  // somebody plays
    };
    for (std::size_t i = 1; i < t.roster.size(); ++i)
      for (Peer& p : peers_)
        if (p.name == t.roster[i].name && !earlier(p)) later_[i] = &p;
    acceptor_ = TlsTransport::connect(std::move(t), s_.identity);
  }

  /// Whether a later party has still to come: not, once somebody without its key has come in its name.
  bool is_due(const Peer& p) {
    if (earlier(p) || p.facts || p.trouble) return false;
    const auto stranger = stranger_as(p.name);
    return !stranger || Clock::now() < stranger->second + kAfterStranger;
  }
  std::optional<std::pair<std::string, Clock::time_point>> stranger_as(const std::string& name) {
    const std::lock_guard lock(stranger_mutex_);
    const auto at = strangers_.find(name);
    if (at == strangers_.end()) return std::nullopt;
    return at->second;
  }

  /// Whoever has connected and spoken: a later party, perhaps once more, or an owner who is too early.
  void welcome(PartyId who) {
    const auto at = later_.find(index(who));
    if (at == later_.end()) {
      try {
        acceptor_->wait_for(who, 0ms);
      } catch (const PeerError&) { return; }  // gone already
      return acceptor_->drop(who, kNoJob);
    }
    Peer& p = *at->second;
    if (!acceptor_->connected(who)) {  // it may come again
      p.left = true;
      p.absent = trouble_of(p, fmt::format("{} connected and left at once, so that it {}", p.name, kSession));
      return;
    }
    p.facts.reset(), p.trouble.reset();
    p.wire = acceptor_.get();
    p.id = who;
    try {
      p.wire->wait_for(who, 0ms);
      p.wire->limit(who, kTalk);
      Meter meter;
      Channel channel(*p.wire, meter, who, p.name);
      const Facts facts = parse_facts(hear(channel), p.name);
      channel.send(kFacts, bytes_of(to_text(s_.own)));
      p.facts = facts;
    } catch (const PeerError& e) {
      p.trouble = trouble_of(p, e.what());
      p.wire->drop(who, kNoJob);
    }
  }

  /// Why a later party has not come, as far as it can be seen from here: by somebody else who came in its
  /// name, or by dialling it.
  void look_for_absent() {
    for (Peer& p : peers_) {
      if (earlier(p) || p.facts || p.trouble || p.left) continue;
      if (const auto stranger = stranger_as(p.name)) {
        p.trouble = about(
            p.name,
            wrong("key",
                  fmt::format("a program that calls itself {} shows the key {}, but the job names {}", p.name,
                              stranger->first, to_string(endpoint(p).key)),
                  fmt::format(
                      "Put the key that 'tacit keys show {0}.key' prints at {0} into the job file of all, or "
                      "let {0} use the key that the job names.",
                      p.name)));
        continue;
      }
      try {
        dial(p, 0ms, {});
        p.absent = about(
            p.name,
            wrong(
                "connection",
                fmt::format("it answers at {}, but has not connected to {}", to_string(endpoint(p).address),
                            to_string(own().address)),
                fmt::format(
                    "Start the doctors of all at about the same time; if that was so, see that {}'s job file "
                    "gives our address, and that no firewall keeps it from us.",
                    p.name)));
      } catch (const PeerError& e) {
        const bool nobody = std::string_view(e.what()).find("does not answer") != std::string_view::npos;
        if (!nobody || !p.absent) p.absent = trouble_of(p, e.what());
      } catch (const IoError& e) { p.absent = trouble_of(p, e.what()); }
    }
  }

  /// What an error while meeting or measuring says of a peer, and how to mend it.
  Finding trouble_of(const Peer& p, const std::string& why) const {
    auto says = [&](std::string_view part) { return why.find(part) != std::string::npos; };
    const std::string at = to_string(endpoint(p).address);
    std::string subject = "connection",
                mend = fmt::format(
                    "Start the doctors of all parties once more, at about the same time: '{}' there.",
                    command(p));
    if (says("does not resolve"))
      mend = fmt::format("Correct the address of {} in the job file, or make this machine know the name.",
                         p.name);
    else if (says("does not answer at"))
      mend = fmt::format(
          "Run '{}' there; if it runs, see that {} is its address, and that no firewall is between.",
          command(p), at);
    else if (says("the TLS handshake with"))
      mend = fmt::format(
          "See that {} is the address of {}, that no other program listens there, and that nothing "
          "between changes TLS.",
          at, p.name);
    else if (says("shows the key"))
      subject = "key",
      mend = fmt::format(
          "See that {0} is the address of {1}, and that the job file of all names the key that 'tacit "
          "keys show {1}.key' prints there.",
          at, p.name);
    else if (says("your key is not in this party's job file"))
      subject = "key",
      mend = fmt::format(
          "Compare the two job files: the one at {} names another key for {}; give all the same file.",
          p.name, own().name);
    else if (says(kSession) || says("is out of step"))
      mend = "End that session, or wait until it has ended: a doctor runs before a job, or after it.";
    else if (says("has been silent"))
      mend =
          "See whether its machine and the line between still work; for a slow line raise patience in [job] "
          "of all.";
    else if (says("took longer than"))
      mend = "See what else uses the line between, and the machine there, and run the doctors once more.";
    return about(p.name, wrong(subject, why, mend));
  }

  // ---- measuring

  void measure(Peer& p) {
    const bool leads = !earlier(p);
    try {
      say(fmt::format("measuring the link with {}", p.name));
      Meter meter;
      Channel channel(*p.wire, meter, p.id, p.name);
      // It may still wait for others, or measure with them.
      p.wire->limit(p.id, p.facts->wait + kMeasure * static_cast<int>(s_.job.parties.size()));
      channel.send(kBegin, ByteView());
      channel.receive(kBegin, ByteSpan());
      p.wire->limit(p.id, kMeasure);
      figures_[p.place] = measure_link(channel, leads, s_.wall);
    } catch (const std::exception& e) {
      p.trouble = trouble_of(p, e.what());
      p.trouble->subject = "link";
      // It need not wait for what does not come.
      p.wire->drop(p.id, "the doctor's measurement failed");
    }
  }

  void report(Peer& p) {
    auto add = [&](Finding f) {
      findings_.push_back(std::move(f));
      if (tell_) tell_(findings_.back());
    };
    if (p.facts) {
      add(about(p.name, ok("connection",
                           fmt::format("mutually authenticated TLS 1.3 {} {}, with the key that the job "
                                       "names",
                                       earlier(p) ? "to" : "from",
                                       earlier(p) ? to_string(endpoint(p).address) : p.name))));
      for (Finding& f : compare(s_.own, *p.facts, p.name)) add(std::move(f));
    }
    if (const auto at = figures_.find(p.place); at != figures_.end())
      for (Finding& f : judge(at->second, s_.job, s_.needs, p.name)) add(std::move(f));
    if (p.trouble) add(*p.trouble);
  }

  PairSettings s_;
  const Tell& tell_;
  Clock::time_point deadline_;
  std::vector<Peer> peers_;
  std::map<std::size_t, Peer*> later_;  ///< by their place in the acceptor's roster
  std::map<std::size_t, LinkFigures> figures_;
  std::vector<Finding> findings_;
  std::mutex progress_mutex_, stranger_mutex_;
  std::map<std::string, std::pair<std::string, Clock::time_point>>
      strangers_;  ///< key and time by claimed name
  std::unique_ptr<TlsTransport> acceptor_;
};

}  // namespace

std::vector<Finding> check_pairs(PairSettings settings, const Tell& tell) {
  return Meeting(std::move(settings), tell).run();
}

}  // namespace tacit::doctor
