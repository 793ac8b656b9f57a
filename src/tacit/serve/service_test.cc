// Servers of a split model and a user over TLS, as threads: what was prepared outlives a session, and nothing
// is used twice.
#include "tacit/serve/service.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"
#include "tacit/ring/codec.h"
#include "tacit/serve/ask.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kServers = 3, kPool = 3;

/// What a session leaves: what servers report, and what the user was told.
struct Session {
  std::vector<ServiceReport> reports = std::vector<ServiceReport>(kServers);
  std::vector<std::string> errors = std::vector<std::string>(kServers);
  std::vector<std::uint64_t> numbers;
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() : model_(seco::split_model(testing::split_models()[0].graph, {32, 10})) {
    deployment_.name = "small";
    deployment_.pool = kPool;
    deployment_.face = seco::face_of(model_.network);
    for (const char* name : {"gateway", "remote-b", "remote-c"}) add(deployment_.servers, name);
    add(deployment_.users, "anna");
    parts_ = cut();
  }
  void add(std::vector<Endpoint>& to, const char* name) {
    identities_.push_back(Identity::generate());
    to.push_back({name, {}, identities_.back().public_key()});
  }
  std::vector<seco::Part> cut() const {
    return seco::cut(model_, "small", deployment_.server_names(),
                     seco::place_layers(model_.network, kServers, 0, false));
  }
  fs::path state(std::size_t server) const { return scratch_.path(deployment_.servers[server].name); }

  std::unique_ptr<TlsTransport> connect(std::size_t self, FileDescriptor listener = {}) {
    TlsSettings settings;
    settings.roster = deployment_.roster();
    settings.parties = kServers;
    settings.self = party_id(self);
    settings.connect_patience = 20s;
    settings.listener = std::move(listener);
    return TlsTransport::connect(std::move(settings), identities_[self]);
  }

  /// All servers until they have answered `questions`; the user asks once the pool is full, or at once.
  Session run(std::size_t questions, bool when_full = true) {
    std::vector<FileDescriptor> listeners;
    for (Endpoint& e : deployment_.servers) {
      listeners.push_back(listen_on({"127.0.0.1", 0}));
      e.address = {"127.0.0.1", local_port(listeners.back())};
    }
    Session out;
    std::mutex mutex;
    std::condition_variable changed;
    bool go = !when_full;
    std::size_t running = kServers;
    std::vector<std::thread> servers;
    for (std::size_t i = 0; i < kServers; ++i)
      servers.emplace_back([&, i] {
        std::unique_ptr<TlsTransport> tls;
        try {
          ServiceOptions options;
          options.queries = questions;
          options.progress = [&](const Progress& p) {
            const std::lock_guard lock(mutex);
            if (p.phase == "waiting for a question") go = true, changed.notify_all();
          };
          ServerState state_of = open_state(deployment_, parts_[i], state(i));
          tls = connect(i, std::move(listeners[i]));
          out.reports[i] = run_service(deployment_, parts_[i], std::move(state_of), *tls, *tls, options);
          tls->goodbye("");
        } catch (const std::exception& e) {
          out.errors[i] = e.what();
          if (tls) tls->goodbye(e.what());
        }
        const std::lock_guard lock(mutex);
        --running;
        changed.notify_all();
      });
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return go || running < kServers; });
    }
    for (std::size_t q = 0; q < questions; ++q) try {
        ask_one(out, q);
      } catch (const PeerError& e) {
        ADD_FAILURE() << e.what();
        break;
      }
    for (auto& t : servers) t.join();
    for (const std::string& e : out.errors) EXPECT_EQ(e, "");
    return out;
  }

  void ask_one(Session& out, std::size_t seed) {
    const std::vector<double> input = testing::random_tensor(deployment_.face.input, 2, seed).values;
    const std::vector<Word> x = encoded_input(deployment_.face, input);
    std::vector<Word> reduced;
    for (const Word w : x) reduced.push_back(w & deployment_.face.numbers.mask());
    const auto tls = connect(kServers);
    const AskedAnswer answer = ask(deployment_, *tls, x);
    tls->goodbye("");
    out.numbers.push_back(answer.query);
    Workers workers(1);
    std::vector<double> expected;
    for (const Word w : seco::clear_answer({ring_kernels(detect_isa()), workers}, model_, reduced))
      expected.push_back(decode_fixed(static_cast<Word>(deployment_.face.numbers.signed_of(w)), 10));
    EXPECT_EQ(answer.values, expected);
  }

  seco::Model model_;
  Deployment deployment_;
  std::vector<Identity> identities_;
  std::vector<seco::Part> parts_;
  testing::ScratchFolder scratch_;
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(ServiceTest, ANewSessionTakesOverWhatWasPrepared) {
  const Session first = run(1);
  EXPECT_EQ(first.numbers, (Numbers{1}));
  for (const ServiceReport& r : first.reports) {
    EXPECT_EQ(r.prepared, kPool);
    EXPECT_EQ(r.pool.depth, kPool - 1);
    EXPECT_EQ(r.pool.taken_over + r.pool.discarded, 0u);
    EXPECT_GT(r.pool.bytes_on_disk, 0u);
    const nlohmann::json j = to_json(r).at("pool");
    EXPECT_GT(j.at("seconds_a_query").get<double>(), 0);
    EXPECT_GT(j.at("bytes_sent_a_query").get<double>(), 0);
  }
  const Session second = run(4, false);
  EXPECT_EQ(second.numbers, (Numbers{2, 3, 4, 5}));
  for (const ServiceReport& r : second.reports) {
    EXPECT_EQ(r.pool.taken_over, kPool - 1);
    EXPECT_EQ(r.pool.discarded, 0u);
    EXPECT_EQ(r.prepared + kPool - 1, 4 + r.pool.depth);
  }
}

TEST_F(ServiceTest, InMemoryNothingIsTakenOver) {
  deployment_.pool_on_disk = false;
  EXPECT_EQ(run(1).numbers, (Numbers{1}));
  EXPECT_FALSE(fs::exists(state(0) / "pool"));
  const Session second = run(1);
  EXPECT_EQ(second.numbers, (Numbers{2}));
  EXPECT_EQ(second.reports[0].pool.taken_over, 0u);
  EXPECT_EQ(second.reports[0].pool.bytes_on_disk, 0u);
}

TEST_F(ServiceTest, AnEmptyPoolIsFilledForWhoWaits) {
  const Session only = run(2, false);
  EXPECT_EQ(only.numbers, (Numbers{1, 2}));
  EXPECT_GE(only.reports[0].prepared, 2u);
}

TEST_F(ServiceTest, ADamagedQueryIsDiscardedByAll) {
  run(1);
  std::string item = testing::read_file(state(1) / "pool/2.item");
  item[item.size() / 2] ^= 1;
  std::ofstream(state(1) / "pool/2.item", std::ios::binary) << item;
  const Session second = run(1);
  EXPECT_EQ(second.numbers, (Numbers{3}));
  for (std::size_t i = 0; i < kServers; ++i) {
    EXPECT_EQ(second.reports[i].pool.taken_over, 2u);
    EXPECT_EQ(second.reports[i].pool.discarded, 1u);
    EXPECT_FALSE(fs::exists(state(i) / "pool/2.key"));
  }
}

TEST_F(ServiceTest, AServerRestoredFromABackupUsesNothingAgain) {
  run(1);
  const fs::path copy = scratch_.path("copy");
  fs::copy(state(2), copy, fs::copy_options::recursive);  // has 2 and 3, and has used 1
  EXPECT_EQ(run(1).numbers, (Numbers{2}));
  fs::remove_all(state(2));
  fs::rename(copy, state(2));
  ASSERT_TRUE(fs::exists(state(2) / "pool/2.key"));
  const Session third = run(2);
  EXPECT_EQ(third.numbers, (Numbers{3, 5}));  // 4 was prepared after the backup: remote-c lacks it
  EXPECT_EQ(third.reports[2].pool.taken_over, 1u);
  EXPECT_EQ(third.reports[2].pool.discarded, 1u);
  EXPECT_EQ(QueryNumbers(state(2)).last(), 5u);
}

TEST_F(ServiceTest, AServerWithoutItsStateLearnsTheNumberAgain) {
  run(1);
  fs::remove_all(state(0));
  EXPECT_EQ(run(1).numbers, (Numbers{4}));  // 2 and 3 were prepared: their numbers are not given again
}

TEST_F(ServiceTest, WhatWasPreparedForAnotherSplitIsDiscarded) {
  run(1);
  parts_ = cut();
  const Session second = run(1);
  EXPECT_EQ(second.numbers, (Numbers{2}));
  EXPECT_EQ(second.reports[0].pool.taken_over, 0u);
  EXPECT_EQ(second.reports[0].pool.discarded, 2u);
}

}  // namespace
}  // namespace tacit
