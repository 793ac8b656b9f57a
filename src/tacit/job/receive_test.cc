// Taking in several owners: at once, in any order, and again after a break at any message of an upload, when
// what was sent before is sent as it was, and nothing else under the same mask.
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "tacit/job/data_store.h"
#include "tacit/job/testing/whole_run.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::Cast;
using testing::Ending;
using testing::ScratchFolder;
using How = Ending::How;

constexpr PartyId kNorth{3}, kSouth{4};

std::string job_text() {
  std::string text = testing::tiny_classes_job();
  const auto swap = [&](std::string_view a, std::string_view b) { text.replace(text.find(a), a.size(), b); };
  swap("batch = 16\n", "batch = 1000\n");
  return text;
}

/// Passes everything on, but what a test does at each frame that an owner sends, or is about to receive.
class Watched final : public Transport {
 public:
  struct Hooks {
    std::function<void(PartyId to, const std::string& tag, ByteView body)> before_send = {};
    std::function<void(PartyId from)> before_receive = {};
    std::function<void(PartyId from, const std::string& tag)> received = {};
  };
  Watched(Transport& inner, Hooks hooks) : inner_(inner), hooks_(std::move(hooks)) {}
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    if (hooks_.before_send) hooks_.before_send(to, head.tag, body);
    inner_.send(to, head, body);
  }
  FrameHead receive_head(PartyId from) override {
    if (hooks_.before_receive) hooks_.before_receive(from);
    FrameHead head = inner_.receive_head(from);
    if (hooks_.received) hooks_.received(from, head.tag);
    return head;
  }
  void receive_body(PartyId from, ByteSpan body) override { inner_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  Transport& inner_;
  Hooks hooks_;
};

testing::Wrap wrap_owner(PartyId owner, Watched::Hooks hooks) {
  return [owner, hooks](PartyId self, Transport& wire) -> std::unique_ptr<Transport> {
    return self == owner ? std::make_unique<Watched>(wire, hooks) : nullptr;
  };
}

PeerError broken() {
  PeerError e("beta", "beta broke the connection (a test)");
  e.cut = true;
  return e;
}

class Receive : public ::testing::Test {
 protected:
  static constexpr std::size_t kRows = 4500;  // five blocks
  Receive()
      : cast_(testing::cast_of(folder_, job_text(),
                               {testing::tiny_classes_data(kRows, 1), testing::tiny_classes_data(40, 2)})) {
    cast_.together = true;
  }
  static void expect_done(const std::vector<Ending>& endings) {
    for (const Ending& e : endings) EXPECT_EQ(e.how, How::Done) << e.said;
    EXPECT_EQ(endings[0].received.report.train_rows, 3375u + 30u);
    EXPECT_EQ(endings[0].received.report.test_rows, 1125u + 10u);
  }

  ScratchFolder folder_;
  Cast cast_;
};

TEST_F(Receive, TwoOwnersUploadAtOnce) {
  // North stops in the middle of its rows until all parties have all of south's.
  std::mutex mutex;
  std::condition_variable changed;
  int blocks = 0, stored = 0;
  const auto wrap = [&](PartyId self, Transport& wire) -> std::unique_ptr<Transport> {
    Watched::Hooks hooks;
    if (self == kNorth)
      hooks.before_send = [&](PartyId, const std::string& tag, ByteView) {
        std::unique_lock lock(mutex);
        if (tag != "owner.rows" || ++blocks != 3) return;
        if (!changed.wait_for(lock, 60s, [&] { return stored == 3; }))
          throw std::runtime_error("south had to wait for north");
      };
    else if (self == kSouth)
      hooks.received = [&](PartyId, const std::string& tag) {
        const std::lock_guard lock(mutex);
        stored += tag == "owner.stored";
        changed.notify_all();
      };
    else
      return nullptr;
    return std::make_unique<Watched>(wire, hooks);
  };
  expect_done(testing::train_over_tls(cast_, wrap));
  EXPECT_EQ(stored, 3);
}

/// Breaks before the frames of these numbers, counted from the first behind the greeting, and notes the rows.
struct Breaks {
  std::set<int> at;
  int sent = 0, received = 0, broke = 0;
  bool begun = false;
  std::map<PartyId, std::vector<Digest>> rows = {};
  std::vector<Digest> seeds = {};
  std::set<std::string> ids = {};

  Watched::Hooks hooks(bool when_receiving) {
    Watched::Hooks h;
    h.before_send = [this, when_receiving](PartyId to, const std::string& tag, ByteView body) {
      begun |= tag == "owner.shape";
      if (begun && !when_receiving && at.contains(sent++)) {
        ++broke;
        throw broken();
      }
      if (tag == "owner.rows") rows[to].push_back(sha256(body));
      if (tag == "owner.seed" || tag == "owner.salt") seeds.push_back(sha256(body));
      if (tag == "owner.shape") ids.insert(to_hex(body.subspan(16)));
    };
    if (when_receiving)
      h.before_receive = [this](PartyId) {
        if (begun && at.contains(received++)) {
          ++broke;
          throw broken();
        }
      };
    return h;
  }
  /// What was sent twice is the same: no more blocks, seeds and ids than an unbroken upload has.
  void expect_one_upload() const {
    std::set<Digest> blocks;
    for (const auto& [to, list] : rows) blocks.insert(list.begin(), list.end());
    EXPECT_EQ(blocks.size(), 5u);
    EXPECT_EQ(std::set<Digest>(seeds.begin(), seeds.end()).size(), 3u);
    EXPECT_EQ(ids.size(), 1u);
  }
};

TEST_F(Receive, AnUploadGoesOnAfterABreakBeforeAnyMessage) {
  // An unbroken upload: 3 times shape and two components, five blocks to two, manifest and signature.
  for (int at = 0; at < 25; at += 2) {
    Breaks breaks{{at, at + 1}};
    expect_done(testing::train_over_tls(cast_, wrap_owner(kNorth, breaks.hooks(false))));
    EXPECT_EQ(breaks.broke, 2) << at;
    breaks.expect_one_upload();
  }
}

TEST_F(Receive, AndWhileTheOwnerListens) {
  for (const int at : {0, 1, 4}) {
    Breaks breaks{{at}};
    expect_done(testing::train_over_tls(cast_, wrap_owner(kNorth, breaks.hooks(true))));
    EXPECT_EQ(breaks.broke, 1) << at;
    breaks.expect_one_upload();
  }
}

TEST_F(Receive, AndAfterManyBreaks) {
  Breaks breaks;
  for (int at = 0; at < 120; at += 7) breaks.at.insert(at);
  expect_done(testing::train_over_tls(cast_, wrap_owner(kNorth, breaks.hooks(false))));
  EXPECT_GT(breaks.broke, 4);
  breaks.expect_one_upload();
}

TEST_F(Receive, WhoDoesNotComeBackIsNamed) {
  cast_.job.patience = 500ms;
  int sent = 0;
  const auto endings = testing::train_over_tls(
      cast_, wrap_owner(kNorth, {.before_send = [&](PartyId, const std::string& tag, ByteView) {
                          if (tag == "owner.rows" && ++sent == 3) throw std::runtime_error("died");
                        }}));
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_EQ(endings[p].how, How::Peer);
    EXPECT_NE(endings[p].said.find("north"), std::string::npos) << endings[p].said;
  }
}

TEST_F(Receive, WhatIsKeptIsThereAfterwardsAndIsWhatNorthSigned) {
  cast_.prepare = [&](PartyId self, PartyOptions& options) {
    options.state = folder_.path("state" + std::to_string(index(self)));
    options.identity = &cast_.identities[index(self)];
    options.keep_data = index(self) != 2;
  };
  expect_done(testing::train_over_tls(cast_));
  for (std::size_t p = 0; p < 3; ++p) {
    const auto state = folder_.path("state" + std::to_string(p));
    const auto entries = Catalogue(DataStore::catalogue_in(state), Catalogue::Use::Read).entries();
    ASSERT_EQ(entries.size(), 2u);
    std::set<std::string> owners;
    for (const CatalogueEntry& e : entries) {
      owners.insert(e.owner);
      EXPECT_EQ(e.holds, p == 2 ? Holds::Deleted : Holds::Kept);
      EXPECT_TRUE(p == 2 || verify_stored(state, cast_.identities[p], cast_.job, e));
    }
    EXPECT_EQ(owners, (std::set<std::string>{"north", "south"}));
    EXPECT_EQ(std::filesystem::is_empty(DataStore::folder_in(state)), p == 2);
  }
}

TEST_F(Receive, AFailedSessionLeavesNothing) {
  cast_.prepare = [&](PartyId self, PartyOptions& options) {
    options.state = folder_.path("state" + std::to_string(index(self)));
    options.identity = &cast_.identities[index(self)];
    options.keep_data = true;
    if (index(self) == 1)
      options.progress = [](const Progress& p) {
        if (p.phase == "training") throw IoError("a test stops it");
      };
  };
  const auto endings = testing::train_over_tls(cast_);
  EXPECT_EQ(endings[1].how, How::Io);
  for (std::size_t p = 0; p < 3; ++p)
    EXPECT_TRUE(std::filesystem::is_empty(DataStore::folder_in(folder_.path("state" + std::to_string(p)))));
}

}  // namespace
}  // namespace tacit
