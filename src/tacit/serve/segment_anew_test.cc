// A model of level 3 is sealed anew without the model, and without the segment's weights: its server knows
// the new devices beside the old ones, and nobody else.
#include <gtest/gtest.h>

#include "tacit/serve/testing/segment_world.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;
using namespace testing;

class SegmentAnew : public SegmentWorld {
 protected:
  SegmentAnew() {
    late.trust(world.card);
    request.level = sealed::Level::Split;
    request.to = {late.card.key};
  }
  sealed::KeptModel kept() const { return {sealed::SealedFile(model), by}; }
  fs::path out() const { return world.folder.path("anew.tacit"); }
  void expect_right(const PublicTensor& got) const {
    const PublicTensor want = plain_run(graph, x);
    ASSERT_EQ(got.shape, want.shape);
    for (std::size_t i = 0; i < want.values.size(); ++i) EXPECT_NEAR(got.values[i], want.values[i], 0.05);
  }
  std::string toml() const { return read_file(folder() / "segment.toml"); }
  std::string refused(const fs::path& segment, const std::vector<KemPublicKey>& devices) const {
    return outcome([&] { NewSegmentDevices(segment, *kept().header().split, devices); });
  }

  const sealed::VendorKeys by{world.card, world.vendor};
  sealed::DeviceKeys late = sealed::DeviceKeys::make(world.folder.path("late"), "a late device", kNow);
  sealed::SealRequest request = world.request();
  const PublicTensor x = random_tensor({1, 6}, 1, 5);
};

TEST_F(SegmentAnew, OldAndNewDevicesAreAnswered) {
  // To the old device once more, too: it has a key for each file, and one bucket.
  request.to = {late.card.key, world.device.card.key};
  {
    NewSegmentDevices more(folder(), *kept().header().split, request.to);
    request.split = more.terms();
    kept().seal_anew(out(), request, {}, more.access());
    more.keep();
  }
  EXPECT_EQ(read_segment(folder()).devices.size(), 3u);
  {
    VendorServer server(folder(), 3, clock);
    expect_right(run_file(out(), late, server.address(), x));
    expect_right(run_file(out(), world.device, server.address(), x));
    expect_right(run_file(model, world.device, server.address(), x));
    server.join();
    EXPECT_EQ(server.error, "");
  }
  QueryLimit limit(folder() / "limits", 5);
  EXPECT_EQ(limit.take(segment_name_of(sealed::device_id(world.device.card.key)), 1, clock).left, 2u);
  EXPECT_EQ(limit.take(segment_name_of(sealed::device_id(late.card.key)), 1, clock).left, 3u);
  EXPECT_NE(outcome([&] { open_as(late, model); }).find("is not sealed to the device"), std::string::npos);
}

TEST_F(SegmentAnew, AServerThatRunsLetsNewDevicesIn) {
  VendorServer server(folder(), 4, clock);
  expect_right(run(server.address(), x));
  std::optional<NewSegmentDevices> more(std::in_place, folder(), *kept().header().split, request.to);
  request.split = more->terms();
  kept().seal_anew(out(), request, {}, more->access());
  more->keep();
  more.reset();
  // What cannot be read lets nobody in, and what was known goes on.
  const std::string after = toml();
  write_file(folder() / "segment.toml", after + "x");
  const auto late_one = [&] { return refusal_of([&] { run_file(out(), late, server.address(), x); }); };
  EXPECT_NE(late_one().find("your key is not in"), std::string::npos);
  expect_right(run(server.address(), x));
  write_file(folder() / "segment.toml", after);
  expect_right(run_file(out(), late, server.address(), x));
  revoke(folder(), sealed::device_id(late.card.key));
  EXPECT_NE(late_one().find("the vendor has revoked this device"), std::string::npos);
  expect_right(run(server.address(), x));
  server.join();
  EXPECT_EQ(server.error, "");
  EXPECT_NE(server.told.find("no new device can be let in: segment.toml"), std::string::npos) << server.told;
  EXPECT_TRUE(server.told.ends_with(fmt::format("\nthe device {} may ask by now, too\n",
                                                sealed::in_groups(sealed::device_id(late.card.key)))))
      << server.told;
}

TEST_F(SegmentAnew, AServerKnowsSoManyDevicesAndNoOtherSegments) {
  const Segment segment = read_segment(folder());
  SegmentDevices devices(folder(), segment);
  const PublicKey nobody = Identity::generate().public_key();
  EXPECT_EQ(devices.of_key(segment.devices[0].access), segment.devices[0]);
  EXPECT_EQ(devices.of_key(nobody), std::nullopt);
  seal(graph, world.folder.path("another"), "another.tacit");
  const std::string before = toml();
  write_file(folder() / "segment.toml", read_file(world.folder.path("another") / "segment.toml"));
  EXPECT_NE(outcome([&] { devices.of_key(nobody); }).find("is of another segment by now"), std::string::npos);
  // It is told once, and whoever was known is known.
  EXPECT_EQ(devices.of_key(nobody), std::nullopt);
  EXPECT_EQ(devices.of_key(segment.devices[0].access), segment.devices[0]);
  // One more than there may be, though none of them is there any more.
  std::string full = before.substr(0, before.find("\n[[device]]"));
  for (std::size_t i = 0; i < kMostSegmentDevices; ++i)
    full += fmt::format("\n[[device]]\nid = \"{}\"\nkey = \"x25519:{}\"\naccess = \"{}\"\n",
                        to_hex(sealed::device_id(late.card.key)), to_hex(late.card.key.raw),
                        to_string(Identity::generate().public_key()));
  write_file(folder() / "segment.toml", full);
  EXPECT_NE(outcome([&] { devices.of_key(nobody); }).find("until it is started again"), std::string::npos);
  write_file(folder() / "segment.toml", full + before.substr(before.find("\n[[device]]")));
  EXPECT_NE(outcome([&] { read_segment(folder()); }).find("250 are the most"), std::string::npos);
}

TEST_F(SegmentAnew, WhatFailsLetsNobodyIn) {
  const std::string before = toml();
  {
    NewSegmentDevices more(folder(), *kept().header().split, request.to);
    EXPECT_NE(toml(), before);
    request.split = more.terms();
    request.level = sealed::Level::Sealed;
    EXPECT_NE(outcome([&] { kept().seal_anew(out(), request, {}, more.access()); }).find("sealed at level 3"),
              std::string::npos);
  }
  EXPECT_EQ(toml(), before);
  EXPECT_FALSE(fs::exists(out()));
  seal(graph, world.folder.path("another"), "another.tacit");
  EXPECT_NE(refused(world.folder.path("another"), request.to).find("of another segment than the file"),
            std::string::npos);
  EXPECT_NE(refused(folder(), std::vector<KemPublicKey>(kMostSegmentDevices, late.card.key)).find("at most"),
            std::string::npos);
  revoke(folder(), sealed::device_id(world.device.card.key));
  EXPECT_NE(refused(folder(), {world.device.card.key}).find("was revoked at the segment"), std::string::npos);
  EXPECT_EQ(toml(), before);
}

}  // namespace
}  // namespace tacit
