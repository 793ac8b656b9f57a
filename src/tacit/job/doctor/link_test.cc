// The measurements of a link, on links of known delay and rate, and with peers that tell what cannot be.
#include "tacit/job/doctor/link.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "tacit/job/doctor/facts.h"
#include "tacit/job/testing/whole_run.h"
#include "tacit/net/transports/memory.h"
#include "tacit/net/wrap/shape.h"

namespace tacit::doctor {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kNames{"alpha", "beta"};

/// What each of two ends does on a memory link of a shape; what each threw.
std::array<std::string, 2> on_link(const LinkShape& shape,
                                   const std::function<void(std::size_t, Channel&)>& end) {
  const auto wires = memory_transports(kNames, 20s);
  std::array<std::string, 2> errors;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < 2; ++i)
    threads.emplace_back([&, i] {
      const auto slow = shaped(*wires[i], shape);
      Meter meter;
      Channel channel(*slow, meter, party_id(1 - i), kNames[1 - i]);
      try {
        end(i, channel);
      } catch (const PeerError& e) {
        errors[i] = e.what();
        slow->goodbye(e.what());
      }
    });
  threads.clear();
  return errors;
}

std::array<LinkFigures, 2> measured(const LinkShape& shape, const LinkLimits& limits = {}, double ahead = 0) {
  std::array<LinkFigures, 2> figures;
  const auto errors = on_link(shape, [&](std::size_t i, Channel& peer) {
    figures[i] = measure_link(
        peer, i == 0, [&, i] { return wall_clock() + (i == 1 ? ahead : 0); }, limits);
  });
  for (const auto& e : errors) EXPECT_EQ(e, "");
  return figures;
}

TEST(DoctorLink, DelayAndRateAreMeasured) {
  const auto figures = measured(parse_link("40ms,80mbit"));
  for (const LinkFigures& f : figures) {
    EXPECT_GE(f.round_trip, 0.040);
    EXPECT_LT(f.round_trip, 0.080);
    EXPECT_GE(f.slowest, f.round_trip);
    for (const double rate : {f.out, f.in}) {
      EXPECT_LT(rate, 1.02 * 80e6 / 8);
      EXPECT_GT(rate, 0.7 * 80e6 / 8);
    }
    EXPECT_LT(std::abs(f.clock_ahead), 0.1);
  }
  EXPECT_EQ(figures[0].round_trip, figures[1].round_trip);
  EXPECT_EQ(figures[0].out, figures[1].in);
  EXPECT_EQ(figures[1].out, figures[0].in);
}

TEST(DoctorLink, ASlowLinkIsMeasuredInSeconds) {
  const auto begin = std::chrono::steady_clock::now();
  const auto figures = measured(parse_link("200ms,1mbit"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
  EXPECT_NEAR(figures[0].out, 125000, 20000);
  EXPECT_NEAR(figures[0].in, 125000, 20000);
}

TEST(DoctorLink, AClockThatIsAheadIsSeenFromBothEnds) {
  const auto figures = measured(parse_link("20ms,1000mbit"), {.round_trips = 3, .burst = 1 << 16}, 100);
  EXPECT_NEAR(figures[0].clock_ahead, 100, 0.5);
  EXPECT_NEAR(figures[1].clock_ahead, -100, 0.5);
  EXPECT_LT(figures[0].clock_error, 0.5);
}

// ---- what peers may not tell

template <class T>
ByteView raw(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// What the measuring end says of a peer that does `lie`.
std::string complaint(bool measurer_leads, const std::function<void(Channel&)>& lie) {
  const std::size_t measurer = measurer_leads ? 0 : 1;
  return on_link({}, [&](std::size_t i, Channel& peer) {
    if (i == measurer)
      measure_link(peer, measurer_leads, wall_clock);
    else
      lie(peer);
  })[measurer];
}

TEST(DoctorLink, TimesThatCannotBe) {
  for (const double time :
       {std::numeric_limits<double>::quiet_NaN(), 1e300, -std::numeric_limits<double>::infinity()})
    EXPECT_EQ(complaint(true,
                        [&](Channel& peer) {
                          peer.receive("doctor.ping", ByteSpan());
                          peer.send("doctor.pong", raw(time));
                          peer.receive("never", ByteSpan());
                        }),
              "beta tells figures that cannot be")
        << time;
  for (const double trip : {-1.0, 1e7, std::numeric_limits<double>::quiet_NaN()}) {
    const std::array<double, 4> timing{trip, 1, 0, 0};
    EXPECT_EQ(complaint(false,
                        [&](Channel& peer) {
                          peer.send("doctor.timing", raw(timing));
                          peer.receive("never", ByteSpan());
                        }),
              "alpha tells figures that cannot be")
        << trip;
  }
}

TEST(DoctorLink, QuestionsWithoutEnd) {
  EXPECT_EQ(complaint(false,
                      [](Channel& peer) {
                        for (;;) {
                          peer.send("doctor.ping", ByteView());
                          double time;
                          peer.receive("doctor.pong", std::as_writable_bytes(std::span(&time, 1)));
                        }
                      }),
            "alpha does not stop asking for the time");
}

TEST(DoctorLink, BurstsOfSizesThatCannotBe) {
  for (const std::uint64_t size : {std::uint64_t{1} << 60, std::uint64_t{17}})
    EXPECT_EQ(complaint(false,
                        [&](Channel& peer) {
                          const std::array<double, 4> timing{};
                          peer.send("doctor.timing", raw(timing));
                          peer.send("doctor.burst", raw(size));
                          peer.receive("never", ByteSpan());
                        }),
              "alpha tells figures that cannot be");
}

// ---- what is said of figures

const Finding& of(const std::vector<Finding>& findings, std::string_view subject) {
  for (const Finding& f : findings)
    if (f.subject == subject) return f;
  ADD_FAILURE() << "nothing is said of " << subject;
  return findings.front();
}

struct Judge {
  tacit::testing::ScratchFolder folder;
  Job job = tacit::testing::read_job_text(folder, tacit::testing::small_job_text());
  LinkFigures figures{0.0005, 0.001, 1e8, 1e8, 0.01, 0.001};
  std::vector<Finding> operator()(const Needs* needs = nullptr) { return judge(figures, job, needs, "beta"); }
};

TEST(DoctorJudge, AGoodLink) {
  Judge judged;
  for (const Finding& f : judged()) {
    EXPECT_EQ(f.state, State::Ok) << to_line(f);
    EXPECT_EQ(f.peer, "beta");
  }
}

TEST(DoctorJudge, ALongLinkWantsTheWideProfile) {
  Judge judged;
  judged.figures.round_trip = judged.figures.slowest = 0.04;
  const auto findings = judged();
  EXPECT_EQ(of(findings, "latency").state, State::Warning);
  EXPECT_NE(of(findings, "latency").mend.find("profile = \"wan\""), std::string::npos);
  judged.job.profile = "wan";
  EXPECT_EQ(of(judged(), "latency").state, State::Ok);
}

TEST(DoctorJudge, ALinkThatTriesThePatience) {
  Judge judged;
  judged.job.profile = "wan";
  judged.job.patience = 500ms;
  judged.figures.slowest = 0.2;
  const auto findings = judged();
  EXPECT_EQ(of(findings, "latency").state, State::Warning);
  EXPECT_NE(of(findings, "latency").mend.find("patience = 2 or more"), std::string::npos)
      << of(findings, "latency").mend;
}

TEST(DoctorJudge, ASlowLinkInOneDirection) {
  Judge judged;
  judged.figures.in = 1e5;
  Needs needs;
  needs.batch = 32;
  needs.step_bytes = 2'000'000;
  needs.step_rounds = 100;
  const auto findings = judged(&needs);
  EXPECT_EQ(of(findings, "bandwidth").state, State::Warning);
  EXPECT_NE(of(findings, "bandwidth").found.find("800 Mbit/s from here, 0.8 Mbit/s to here"),
            std::string::npos);
  // 100 rounds of a quarter of a millisecond, and 2 MB at 100 MB a second.
  EXPECT_NE(of(findings, "bandwidth").found.find("45 ms"), std::string::npos)
      << of(findings, "bandwidth").found;
}

TEST(DoctorJudge, ClocksApart) {
  Judge judged;
  judged.figures.clock_ahead = -3600;
  const auto findings = judged();
  EXPECT_EQ(of(findings, "clock").state, State::Warning);
  EXPECT_NE(of(findings, "clock").found.find("1 h 00 min behind ours"), std::string::npos);
  judged.figures.clock_error = 4000;
  EXPECT_EQ(of(judged(), "clock").state, State::Ok);
}

// ---- what parties tell of themselves

Facts some_facts() {
  Machine machine;
  machine.processor = "A processor";
  machine.isa = Isa::Avx2;
  machine.processors = 4;
  return facts_of(machine, sha256(bytes_of("job")), 60s);
}

TEST(DoctorFacts, ThereAndBack) {
  const Facts facts = some_facts(), back = parse_facts(to_text(facts), "beta");
  EXPECT_EQ(to_text(back), to_text(facts));
  EXPECT_EQ(back.job, facts.job);
  EXPECT_EQ(back.wait, 60s);
  // A later version may tell more.
  std::string more = to_text(facts);
  more.insert(1, "\"color\":[1,2],");
  EXPECT_EQ(to_text(parse_facts(more, "beta")), to_text(facts));
}

TEST(DoctorFacts, TextsThatCannotBe) {
  const std::string good = to_text(some_facts());
  auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::string bad[] = {"",
                             "{}",
                             "[]",
                             "no json",
                             std::string(100000, '['),
                             good.substr(0, good.size() / 2),
                             with("\"protocol\":", "\"protocol\":-"),
                             with("\"protocol\":", "\"protocol\":9999999999"),
                             with("\"processors\":4", "\"processors\":1e3"),
                             with("\"wait_ms\":60000", "\"wait_ms\":99999999999999999999"),
                             with("\"job\":\"", "\"job\":\"0"),
                             with("\"isa\":\"avx2\"", "\"isa\":7"),
                             with("\"A processor\"", "\"" + std::string(2000, 'x') + "\"")};
  for (const std::string& text : bad)
    EXPECT_THROW(parse_facts(text, "beta"), PeerError) << text.substr(0, 200);
}

TEST(DoctorFacts, WhatMovesATerminalIsWrittenOut) {
  std::string text = to_text(some_facts());
  text.replace(text.find("A processor"), 11, "\\u001b[2Jbig");
  for (const Finding& f : compare(some_facts(), parse_facts(text, "beta"), "beta"))
    EXPECT_EQ(to_line(f).find('\x1b'), std::string::npos);
}

TEST(DoctorFacts, Differences) {
  const Facts own = some_facts();
  for (const Finding& f : compare(own, own, "beta")) EXPECT_EQ(f.state, State::Ok) << to_line(f);

  Facts other = own;
  other.protocol += 1;
  other.commit = "0123456789ab";
  EXPECT_EQ(of(compare(own, other, "beta"), "version").state, State::Wrong);
  other.protocol = own.protocol;
  EXPECT_EQ(of(compare(own, other, "beta"), "version").state, State::Warning);

  other = own;
  other.job = sha256(bytes_of("another"));
  const auto findings = compare(own, other, "beta");
  EXPECT_EQ(of(findings, "job").state, State::Wrong);
  EXPECT_NE(of(findings, "job").found.find(to_hex(other.job).substr(0, 12)), std::string::npos);

  other = own;
  other.isa = "portable";
  EXPECT_EQ(of(compare(own, other, "beta"), "processor").state, State::Warning);
}

}  // namespace
}  // namespace tacit::doctor
