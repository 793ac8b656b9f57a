// Several devices at a time: none waits for another that is slow, or gone; places are bounded; and each
// device's number of questions is its own.
#include <gtest/gtest.h>

#include <future>

#include "tacit/serve/places.h"
#include "tacit/serve/testing/segment_world.h"

namespace tacit {
namespace {

using namespace testing;

/// A device that stops before it sends what has the tag: it says that it has come there, and goes on when it
/// is told to.
class StallingWire : public Transport {
 public:
  struct Stall {
    std::string before;
    std::promise<void> there, on;
  };
  StallingWire(Transport& wire, Stall& stall) : wire_(wire), stall_(stall) {}
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    if (head.tag == stall_.before) {
      stall_.there.set_value();
      stall_.on.get_future().get();
    }
    wire_.send(to, head, body);
  }
  FrameHead receive_head(PartyId from) override { return wire_.receive_head(from); }
  void receive_body(PartyId from, ByteSpan body) override { wire_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { wire_.goodbye(reason); }

 private:
  Transport& wire_;
  Stall& stall_;
};

OverWire stalled(StallingWire::Stall& stall) {
  return [&stall](Transport& wire) { return std::make_unique<StallingWire>(wire, stall); };
}

class SegmentPlaces : public SegmentWorld {
 protected:
  SegmentPlaces() : SegmentWorld(true) {}

  void expect_right(const PublicTensor& got) const {
    const PublicTensor want = plain_run(graph, x);
    ASSERT_EQ(got.shape, want.shape);
    for (std::size_t i = 0; i < want.values.size(); ++i) EXPECT_NEAR(got.values[i], want.values[i], 0.05);
  }

  const PublicTensor x = random_tensor({1, 6}, 1, 5);
};

TEST_F(SegmentPlaces, OneIsAnsweredWhileAnotherIsInTheMiddleOfAQuestion) {
  VendorServer server(folder(), 2, clock, 2);
  StallingWire::Stall stall{"query.input", {}, {}};
  auto slow = std::async(std::launch::async, [&] { return run(server.address(), x, stalled(stall)); });
  stall.there.get_future().wait();
  expect_right(run_as(*other, server.address(), x));
  stall.on.set_value();
  expect_right(slow.get());
  server.join();
  EXPECT_EQ(server.error, "");
  EXPECT_EQ(server.report.answered, 2u);
}

TEST_F(SegmentPlaces, WhoLetsTheServerWaitGivesItsPlaceToAnother) {
  VendorServer server(folder(), 2, clock, 1, std::chrono::milliseconds(1));
  StallingWire::Stall stall{"query.input", {}, {}};
  auto slow = std::async(std::launch::async,
                         [&] { return refusal_of([&] { run(server.address(), x, stalled(stall)); }); });
  stall.there.get_future().wait();
  expect_right(run_as(*other, server.address(), x));
  stall.on.set_value();
  EXPECT_NE(slow.get().find("others wait for a place"), std::string::npos);
  // It asks again, and what the broken session cost is not given back.
  expect_right(run(server.address(), x));
  server.join();
  EXPECT_EQ(server.error, "");
  QueryLimit limit(folder() / "limits", 5);
  EXPECT_EQ(limit.take(segment_name_of(sealed::device_id(world.device.card.key)), 1, clock).left, 2u);
  EXPECT_EQ(limit.take(segment_name_of(sealed::device_id(other->card.key)), 1, clock).left, 3u);
}

TEST_F(SegmentPlaces, OneThatIsGoneHoldsUpNobody) {
  VendorServer server(folder(), 1, clock, 1);
  StallingWire::Stall stall{"query.input", {}, {}};
  stall.on.set_exception(std::make_exception_ptr(std::runtime_error("gone")));
  // Its connection ends in the middle of a question, without a word.
  EXPECT_THROW(run(server.address(), x, stalled(stall)), std::runtime_error);
  expect_right(run_as(*other, server.address(), x));
  server.join();
  EXPECT_EQ(server.error, "");
}

TEST_F(SegmentPlaces, ManyAtATimeGetWhatIsLeftAndNoMore) {
  QueryLimit limit(world.folder.path("limits"), 60);
  std::atomic<unsigned> granted[2] = {0, 0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 10; ++i)
        granted[t % 2] += limit.take(t % 2 == 0 ? "anna" : "berta", 2, clock).granted;
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(granted[0], 30u);
  EXPECT_EQ(granted[1], 30u);
}

}  // namespace
}  // namespace tacit
