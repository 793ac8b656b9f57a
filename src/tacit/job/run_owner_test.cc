// What an owner takes for a result: nothing that the job does not call for, however large a party says it is.
#include "tacit/job/run_owner.h"

#include <gtest/gtest.h>

#include "tacit/job/releases.h"
#include "tacit/job/testing/whole_run.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::Ending;

/// Tells owners of another release than the one that it makes.
class Liar final : public Transport {
 public:
  Liar(Transport& inner, ReleaseHead lie) : inner_(inner), lie_(to_text(lie)) {}
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    if (head.tag != "release.head") return inner_.send(to, head, body);
    FrameHead changed = head;
    changed.size = lie_.size();
    inner_.send(to, changed, bytes_of(lie_));
  }
  FrameHead receive_head(PartyId from) override { return inner_.receive_head(from); }
  void receive_body(PartyId from, ByteSpan body) override { inner_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  Transport& inner_;
  std::string lie_;
};

TEST(RunOwner, TakesOnlyReleasesThatFitTheJob) {
  const testing::ScratchFolder folder;
  const testing::Cast cast =
      testing::cast_of(folder, testing::tiny_classes_job(),
                       {testing::tiny_classes_data(20, 1), testing::tiny_classes_data(20, 2)});
  const ReleaseHead lies[] = {{"loss", "0 16", {1 << 20, 1 << 10}, 14},
                              {"loss", "0 16", {0}, 14},
                              {"model", "", {1}, 14},
                              {"scores", "", {20, 3}, 14},  // nobody asked
                              {"something", "", {1}, 14}};
  for (const ReleaseHead& lie : lies) {
    const testing::Wrap wrap = [&](PartyId self, Transport& wire) -> std::unique_ptr<Transport> {
      return index(self) == 0 ? std::make_unique<Liar>(wire, lie) : nullptr;
    };
    const auto endings = testing::train_in_memory(cast, 10s, wrap);
    for (std::size_t i = 1; i < endings.size(); ++i) {
      EXPECT_EQ(endings[i].how, Ending::How::Peer) << lie.what;
      EXPECT_EQ(endings[i].blamed, "alpha") << endings[i].said;
    }
    EXPECT_NE(endings[3].said.find("alpha sent a release that does not fit the job"), std::string::npos)
        << endings[3].said;
  }
}

}  // namespace
}  // namespace tacit
