// The checks between parties over TLS, as threads of one process: all well, and each thing broken in turn.
// What is broken with one party must not hide what is to be said of the others.
#include "tacit/job/doctor/pairs.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <thread>

#include "tacit/job/testing/whole_run.h"

namespace tacit::doctor {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Findings = std::vector<Finding>;
using tacit::testing::cast_of;
using tacit::testing::ScratchFolder;
using tacit::testing::small_job_text;

constexpr std::size_t kAlpha = 0, kBeta = 1, kGamma = 2;

/// One party's side: its copy of the job, its key, and what its doctor is to say and know.
struct Side {
  Job job;
  Identity identity;
  FileDescriptor listener;
  Facts facts;
  milliseconds wait = 20s;
  WallClock wall = wall_clock;
};

/// Three parties of one job on free ports, each with a side that a test may change.
struct Village {
  ScratchFolder folder;
  std::vector<Side> sides;
  std::vector<Address> addresses;

  Village() {
    auto cast = cast_of(folder, small_job_text(), {});
    std::vector<FileDescriptor> listeners;
    for (Endpoint& e : cast.job.parties) {
      listeners.push_back(listen_on({"127.0.0.1", 0}));
      e.address = {"127.0.0.1", local_port(listeners.back())};
      addresses.push_back(e.address);
    }
    Machine machine;
    machine.processor = "A processor";
    machine.isa = Isa::Avx2;
    for (std::size_t i = 0; i < 3; ++i)
      sides.push_back({cast.job, cast.identities[i], std::move(listeners[i]),
                       facts_of(machine, job_hash(cast.job), 20s)});
    owner_ = cast.identities[3];
  }
  const Identity& owner() const { return *owner_; }

  Findings doctor(std::size_t i) {
    Side& s = sides[i];
    s.facts.wait = s.wait;
    return check_pairs({.job = s.job,
                        .self = party_id(i),
                        .identity = s.identity,
                        .job_file = "job.toml",
                        .listener = std::move(s.listener),
                        .wait = s.wait,
                        .own = s.facts,
                        .needs = nullptr,
                        .wall = s.wall,
                        .progress = {}},
                       {});
  }
  /// The findings of those parties that run their doctor; meanwhile `other` does something else.
  std::vector<Findings> examine(std::vector<std::size_t> who, const std::function<void()>& other = {}) {
    std::vector<Findings> out(3);
    std::vector<std::jthread> threads;
    for (const std::size_t i : who) threads.emplace_back([&, i] { out[i] = doctor(i); });
    if (other) other();
    threads.clear();
    return out;
  }

 private:
  std::optional<Identity> owner_;
};

std::string all(const Findings& findings) {
  std::string out = "\n";
  for (const Finding& f : findings) out += to_line(f) + "\n";
  return out;
}

/// What is said of a peer's `subject`; a failure if that is nothing.
Finding said(const Findings& findings, std::string_view peer, std::string_view subject) {
  for (const Finding& f : findings)
    if (f.peer == peer && f.subject == subject) return f;
  ADD_FAILURE() << "nothing is said of " << peer << ", " << subject << all(findings);
  return {};
}
#define EXPECT_SAID(findings, peer, subject, state_, part)                                            \
  {                                                                                                   \
    const Finding f_ = said(findings, peer, subject);                                                 \
    EXPECT_EQ(f_.state, State::state_) << all(findings);                                              \
    EXPECT_NE((f_.found + f_.mend).find(part), std::string::npos) << part << all(findings);           \
    EXPECT_EQ(f_.mend.empty(), f_.state == State::Ok || f_.state == State::Skipped) << all(findings); \
  }

/// Everything of a peer has been looked at, and nothing is wrong. (A busy machine may be slow.)
void expect_well(const Findings& findings, std::string_view peer) {
  for (const char* subject : {"connection", "version", "job", "processor", "clock", "latency", "bandwidth"})
    EXPECT_NE(said(findings, peer, subject).state, State::Wrong) << all(findings);
  for (const Finding& f : findings)
    if (f.peer == peer) { EXPECT_NE(f.state, State::Wrong) << all(findings); }
}

/// A later party's transport to an earlier one, as its doctor dials.
std::unique_ptr<TlsTransport> dial(const Village& village, std::size_t from, std::size_t to) {
  const Side& s = village.sides[from];
  TlsSettings t;
  t.roster = {s.job.parties[to], s.job.parties[from]};
  t.parties = 1;
  t.self = party_id(1);
  t.connect_patience = 10s;
  return TlsTransport::connect(std::move(t), s.identity);
}

TEST(DoctorPairs, AllAreWell) {
  Village village;
  const auto out = village.examine({kAlpha, kBeta, kGamma});
  const char* names[] = {"alpha", "beta", "gamma"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(out[i].size(), 14u) << all(out[i]);
    EXPECT_EQ(exit_code(out[i]), 0) << all(out[i]);
    for (std::size_t k = 0; k < 3; ++k)
      if (k != i) expect_well(out[i], names[k]);
  }
}

/// A socket of this machine that has the port and does not listen.
FileDescriptor bound_to(std::uint16_t port) {
  FileDescriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int one = 1;
  ::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(out.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  return out;
}

TEST(DoctorPairs, OneIsAbsent) {
  Village village;
  for (Side& s : village.sides) s.wait = 1500ms;
  // The port stays beta's, so that no other program comes to listen there.
  village.sides[kBeta].listener = FileDescriptor();
  const FileDescriptor taken = bound_to(village.addresses[kBeta].port);
  const auto begin = std::chrono::steady_clock::now();
  const auto out = village.examine({kAlpha, kGamma});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s);
  for (const std::size_t i : {kAlpha, kGamma}) {
    EXPECT_SAID(out[i], "beta", "connection", Wrong,
                "does not answer at " + to_string(village.addresses[kBeta]));
    EXPECT_SAID(out[i], "beta", "connection", Wrong, "tacit doctor job.toml --party beta");
    EXPECT_EQ(exit_code(out[i]), 4);
  }
  expect_well(out[kAlpha], "gamma");
  expect_well(out[kGamma], "alpha");
}

TEST(DoctorPairs, ADoctorThatIsStartedLaterIsWaitedFor) {
  Village village;
  std::vector<Findings> late(3);
  // Gamma begins when beta listens, and is not the first to come.
  const auto out = village.examine({kAlpha, kBeta}, [&] {
    dial(village, kGamma, kBeta);
    late = village.examine({kGamma});
  });
  for (const char* peer : {"beta", "gamma"}) expect_well(out[kAlpha], peer);
  for (const char* peer : {"alpha", "beta"}) expect_well(late[kGamma], peer);
}

TEST(DoctorPairs, ALaterPartyHasAnotherKey) {
  Village village;
  Side& gamma = village.sides[kGamma];
  gamma.identity = Identity::generate();
  gamma.job.parties[kGamma].key = gamma.identity.public_key();  // its own job file says so
  const auto out = village.examine({kAlpha, kBeta, kGamma});
  for (const std::size_t i : {kAlpha, kBeta}) {
    EXPECT_SAID(out[i], "gamma", "key", Wrong, to_string(gamma.identity.public_key()));
    EXPECT_SAID(out[i], "gamma", "key", Wrong, "calls itself gamma");
    EXPECT_EQ(exit_code(out[i]), 4);
  }
  for (const char* peer : {"alpha", "beta"})
    EXPECT_SAID(out[kGamma], peer, "key", Wrong, "your key is not in this party's job file");
  expect_well(out[kAlpha], "beta");
  expect_well(out[kBeta], "alpha");
}

TEST(DoctorPairs, AnEarlierPartyHasAnotherKey) {
  Village village;
  Side& alpha = village.sides[kAlpha];
  alpha.wait = 1500ms;
  alpha.identity = Identity::generate();
  alpha.job.parties[kAlpha].key = alpha.identity.public_key();
  const auto out = village.examine({kAlpha, kBeta, kGamma});
  for (const std::size_t i : {kBeta, kGamma})
    EXPECT_SAID(out[i], "alpha", "key", Wrong, "shows the key " + to_string(alpha.identity.public_key()));
  expect_well(out[kBeta], "gamma");
  expect_well(out[kGamma], "beta");
  EXPECT_EQ(exit_code(out[kAlpha]), 4) << all(out[kAlpha]);
}

TEST(DoctorPairs, AnotherJob) {
  Village village;
  village.sides[kBeta].facts.job = sha256(bytes_of("another"));
  const auto out = village.examine({kAlpha, kBeta, kGamma});
  EXPECT_SAID(out[kAlpha], "beta", "job", Wrong, "another job file");
  EXPECT_SAID(out[kGamma], "beta", "job", Wrong, "another job file");
  EXPECT_SAID(out[kBeta], "alpha", "job", Wrong, "another job file");
  EXPECT_SAID(out[kBeta], "gamma", "job", Wrong, "another job file");
  EXPECT_SAID(out[kAlpha], "gamma", "job", Ok, "the same");
  EXPECT_NE(said(out[kAlpha], "beta", "bandwidth").state, State::Wrong);  // measured all the same
}

TEST(DoctorPairs, AnotherVersion) {
  Village village;
  village.sides[kGamma].facts.protocol = 99;
  village.sides[kBeta].facts.commit = "0123456789ab";
  const auto out = village.examine({kAlpha, kBeta, kGamma});
  EXPECT_SAID(out[kAlpha], "gamma", "version", Wrong, "version 99");
  EXPECT_SAID(out[kBeta], "gamma", "version", Wrong, "version 99");
  EXPECT_SAID(out[kGamma], "alpha", "version", Wrong, "99");
  EXPECT_SAID(out[kAlpha], "beta", "version", Warning, "0123456789ab");
}

TEST(DoctorPairs, APartyWithoutVectorsAndWithAWrongClock) {
  Village village;
  village.sides[kBeta].facts.isa = "portable";
  village.sides[kBeta].wall = [] { return wall_clock() - 500; };
  const auto out = village.examine({kAlpha, kBeta, kGamma});
  for (const std::size_t i : {kAlpha, kGamma}) {
    EXPECT_SAID(out[i], "beta", "processor", Warning, "any processor");
    EXPECT_SAID(out[i], "beta", "clock", Warning, "behind ours");
  }
  EXPECT_SAID(out[kBeta], "alpha", "clock", Warning, "ahead of ours");
  EXPECT_SAID(out[kAlpha], "gamma", "clock", Ok, "");
  EXPECT_EQ(exit_code(out[kAlpha]), 0) << "warnings are no faults" << all(out[kAlpha]);
}

TEST(DoctorPairs, ThePortOfOneIsTaken) {
  Village village;
  for (Side& s : village.sides) s.job.patience = 500ms;
  // Another program holds it, and says nothing.
  const FileDescriptor other = std::move(village.sides[kAlpha].listener);
  const auto out = village.examine({kAlpha, kBeta, kGamma});
  EXPECT_SAID(out[kAlpha], "beta", "connection", Skipped, "cannot listen");
  EXPECT_SAID(out[kAlpha], "gamma", "connection", Skipped, "cannot listen");
  for (const std::size_t i : {kBeta, kGamma})
    EXPECT_SAID(out[i], "alpha", "connection", Wrong, "the TLS handshake with alpha");
  expect_well(out[kBeta], "gamma");
  expect_well(out[kGamma], "beta");
}

TEST(DoctorPairs, ANameThatDoesNotResolve) {
  Village village;
  village.sides[kBeta].job.parties[kAlpha].address.host = "not a host";
  village.sides[kAlpha].wait = 1500ms;
  const auto out = village.examine({kAlpha, kBeta, kGamma});
  EXPECT_SAID(out[kBeta], "alpha", "connection", Wrong, "does not resolve");
  // Alpha cannot know why, but that beta is there.
  EXPECT_SAID(out[kAlpha], "beta", "connection", Wrong,
              "it answers at " + to_string(village.addresses[kBeta]));
  expect_well(out[kBeta], "gamma");
  expect_well(out[kAlpha], "gamma");
}

// ---- somebody who runs no doctor, or stops

/// What alpha says while beta runs its doctor, and gamma does `odd` with its channel to alpha.
Findings alpha_meets(const std::function<void(Village&, Channel&)>& odd) {
  Village village;
  for (const std::size_t i : {kAlpha, kBeta}) village.sides[i].wait = 1500ms;
  const auto out = village.examine({kAlpha, kBeta}, [&] {
    const auto wire = dial(village, kGamma, kAlpha);
    Meter meter;
    Channel alpha(*wire, meter, party_id(0), "alpha");
    odd(village, alpha);
  });
  expect_well(out[kAlpha], "beta");
  expect_well(out[kBeta], "alpha");
  return out[kAlpha];
}

TEST(DoctorPairs, ASessionInsteadOfADoctor) {
  const auto alpha = alpha_meets([](Village&, Channel& to) {
    to.send("hello", Bytes(100));
    EXPECT_THROW(to.receive("hello", ByteSpan()), PeerError);
  });
  EXPECT_SAID(alpha, "gamma", "connection", Wrong, "begins a session of the job");
}

TEST(DoctorPairs, ASessionThatIsLeftBeforeItBegan) {
  // Whoever is sent away by the first party that it reaches has said nothing yet to the others.
  const auto alpha = alpha_meets([](Village&, Channel&) {});
  EXPECT_SAID(alpha, "gamma", "connection", Wrong, "begins a session of the job");
}

TEST(DoctorPairs, WordsThatCannotBeRead) {
  const auto alpha = alpha_meets([](Village&, Channel& to) {
    to.send("doctor.facts", bytes_of(std::string_view("{}")));
    EXPECT_THROW(to.receive("doctor.facts", ByteSpan()), PeerError);
  });
  EXPECT_SAID(alpha, "gamma", "connection", Wrong, "cannot be read");
}

TEST(DoctorPairs, OneLeavesBeforeItIsMeasured) {
  const auto alpha = alpha_meets([](Village& village, Channel& to) {
    to.send("doctor.facts", bytes_of(to_text(village.sides[kGamma].facts)));
    to.receive_up_to("doctor.facts", kMaxFacts);
  });
  EXPECT_SAID(alpha, "gamma", "version", Ok, "as here");
  EXPECT_SAID(alpha, "gamma", "link", Wrong, "gamma has left");
}

TEST(DoctorPairs, OneTellsWhatCannotBeWhileItIsMeasured) {
  const auto alpha = alpha_meets([](Village& village, Channel& to) {
    to.send("doctor.facts", bytes_of(to_text(village.sides[kGamma].facts)));
    to.receive_up_to("doctor.facts", kMaxFacts);
    to.send("doctor.begin", ByteView());
    to.receive("doctor.begin", ByteSpan());
    to.receive("doctor.ping", ByteSpan());
    to.send("doctor.pong", Bytes(8, std::byte{0xff}));  // not a number
    // It is told, and not left waiting.
    EXPECT_THROW(to.receive("never", ByteSpan()), PeerError);
  });
  EXPECT_SAID(alpha, "gamma", "link", Wrong, "figures that cannot be");
}

TEST(DoctorPairs, AnOwnerWhoIsTooEarlyIsSentAway) {
  Village village;
  std::string told;
  const auto out = village.examine({kAlpha, kBeta}, [&] {
    TlsSettings t;
    t.roster = {village.sides[kAlpha].job.parties[kAlpha], village.sides[kAlpha].job.owners[0]};
    t.parties = 1;
    t.self = party_id(1);
    const auto wire = TlsTransport::connect(std::move(t), village.owner());
    wire->send(party_id(0), {1, 0, "owner.hello"}, {});
    try {
      wire->receive_head(party_id(0));
    } catch (const PeerError& e) { told = e.what(); }
    village.examine({kGamma});
  });
  EXPECT_NE(told.find("runs its doctor, and no job yet"), std::string::npos) << told;
  expect_well(out[kAlpha], "beta");
  expect_well(out[kAlpha], "gamma");
}

}  // namespace
}  // namespace tacit::doctor
