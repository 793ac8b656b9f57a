// A vendor's server and a device over TLS, as threads: the sealed model answers as the plain one does,
// without a weight of its segment having left the vendor, and whoever may not ask is told so.
#include "tacit/serve/segment_service.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tacit/serve/testing/segment_world.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;
using namespace testing;
using sealed::SplitRuntime;

/// All that goes over a device's wire, in tags and sizes.
class RecordedWire : public Transport {
 public:
  RecordedWire(Transport& wire, std::vector<std::string>& traffic) : wire_(wire), traffic_(traffic) {}
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    traffic_.push_back(fmt::format("to {} {}", head.tag, body.size()));
    wire_.send(to, head, body);
  }
  FrameHead receive_head(PartyId from) override {
    FrameHead head = wire_.receive_head(from);
    traffic_.push_back(fmt::format("from {} {}", head.tag, head.size));
    return head;
  }
  void receive_body(PartyId from, ByteSpan body) override { wire_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { wire_.goodbye(reason); }

 private:
  Transport& wire_;
  std::vector<std::string>& traffic_;
};

TEST_F(SegmentWorld, AnswersAsThePlainModelDoes) {
  VendorServer server(folder(), 3, clock);
  const PublicTensor x = random_tensor({3, 6}, 1, 5), want = plain_run(graph, x);
  const PublicTensor got = run(server.address(), x);
  ASSERT_EQ(got.shape, want.shape);
  for (std::size_t i = 0; i < want.values.size(); ++i) EXPECT_NEAR(got.values[i], want.values[i], 0.05);
  server.join();
  EXPECT_EQ(server.error, "");
  EXPECT_EQ(server.report.answered, 3u);
}

bool has_within(ByteView all, ByteView some) {
  return std::search(all.begin(), all.end(), some.begin(), some.end()) != all.end();
}

TEST_F(SegmentWorld, NoWeightOfItIsInTheFile) {
  std::vector<Bytes> forms(3);
  append(forms[0], kRare);
  append(forms[1], static_cast<float>(kRare));
  for (int i = 0; i < 3; ++i) append(forms[2], encode_fixed(kRare, 10));  // as the vendor's server holds it
  const std::string file = read_file(model), vendors = read_file(folder() / "vendor.part");
  for (const Bytes& form : forms) {
    EXPECT_FALSE(has_within(text, form));
    EXPECT_FALSE(has_within(bytes_of(file), form));
  }
  // The same search finds it where it is, and finds what is not protected in the text.
  EXPECT_TRUE(has_within(bytes_of(vendors), forms[2]));
  Bytes open_weight;
  append(open_weight, graph.values[graph.nodes[0].inputs[1]].initial.values[0]);
  EXPECT_TRUE(has_within(text, open_weight));
}

TEST_F(SegmentWorld, TrafficTellsNothingOfTheData) {
  std::vector<std::vector<std::string>> traffic(2);
  VendorServer server(folder(), 4, clock);
  const auto recorded = [](std::vector<std::string>& to) -> OverWire {
    return [&to](Transport& wire) { return std::make_unique<RecordedWire>(wire, to); };
  };
  run(server.address(), random_tensor({2, 6}, 1, 5), recorded(traffic[0]));
  PublicTensor zeros{{2, 6}, std::vector<double>(12, 0)};
  run(server.address(), zeros, recorded(traffic[1]));
  EXPECT_FALSE(traffic[0].empty());
  EXPECT_EQ(traffic[0], traffic[1]);
}

TEST_F(SegmentWorld, QuestionsAreCounted) {
  const PublicTensor three = random_tensor({3, 6}, 1, 5), six = random_tensor({6, 6}, 1, 5);
  {
    VendorServer server(folder(), 3, clock);
    EXPECT_EQ(refusal(server.address(), six),
              "usage: the vendor allows this device 5 questions an hour, and no more at once: ask fewer (6 "
              "wanted)");
    EXPECT_EQ(refusal(server.address(), three), "answered");
  }
  // A restart fills nothing.
  VendorServer server(folder(), 3, clock);
  EXPECT_EQ(
      refusal(server.address(), three),
      "usage: the vendor allows this device 5 questions an hour, and 2 are left now: ask again in 720 s, or "
      "fewer at once (3 wanted)");
  clock = kMoment + 720 * kSecond;
  EXPECT_EQ(refusal(server.address(), three), "answered");
}

TEST_F(SegmentWorld, ARevokedDeviceIsToldSo) {
  const PublicTensor x = random_tensor({1, 6}, 1, 5);
  const Digest id = sealed::device_id(world.device.card.key);
  VendorServer server(folder(), 1, clock);
  revoke(folder(), id);
  EXPECT_EQ(refusal(server.address(), x),
            "usage: the vendor has revoked this device: its server does not answer it any more");
  EXPECT_NE(outcome([&] { revoke(folder(), id); }).find("was revoked already"), std::string::npos);
  EXPECT_NE(outcome([&] { revoke(folder(), Digest{}); }).find("may not ask"), std::string::npos);
  fs::remove(folder() / "revoked");
  EXPECT_EQ(refusal(server.address(), x), "answered");
}

TEST_F(SegmentWorld, OfAnotherSegmentOrDeviceNothingIsAnswered) {
  SplitRuntime runtime = open(model);
  const seco::Part part = read_devices_part(runtime.terms(), runtime.part(), "layers");
  VendorServer server(folder(), 1, clock);
  sealed::SplitTerms terms = runtime.terms();
  terms.from = server.address();
  const Digest id = sealed::device_id(world.device.card.key);
  const std::vector<std::vector<Word>> input{std::vector<Word>(8, 0)};
  const auto said = [&](const sealed::SplitTerms& t, const seco::Part& p, const sealed::DeviceKey& key,
                        const Identity& access) {
    try {
      ask_segment(t, p, {key, id, access}, input, {});
    } catch (const PeerError& e) { return std::string("peer: ") + e.what(); }
    return std::string("answered");
  };
  const std::string begin = "peer: the protected layers are computed with the vendor's server at 127.0.0.1:";
  // Another preparation of the same layers: by the head, and by the part.
  sealed::SplitTerms another = terms;
  another.segment[0] ^= std::byte{1};
  EXPECT_TRUE(said(another, part, world.device.key, runtime.access()).starts_with(begin));
  seco::Part old = part;
  old.cut[0] ^= std::byte{1};
  EXPECT_NE(said(terms, old, world.device.key, runtime.access()).find("part of another split"),
            std::string::npos);
  EXPECT_EQ(outcome([&] { read_devices_part(another, runtime.part(), "layers"); }),
            "usage: what 'layers' tells of its segment is not what its head tells");
  // A key that the server does not know; and a stolen one, without the device's own.
  EXPECT_TRUE(said(terms, part, world.device.key, Identity::generate()).starts_with(begin));
  const sealed::DeviceKey thief(KemPrivateKey::generate(Kem::X25519));
  EXPECT_NE(said(terms, part, thief, runtime.access()).find("not for its key"), std::string::npos);
  // A server that is somebody else's.
  another = terms;
  another.server = Identity::generate().public_key();
  EXPECT_TRUE(said(another, part, world.device.key, runtime.access()).starts_with(begin));
  // Whoever says to be the server, to the server.
  TlsSettings settings;
  settings.roster = {{"server", parse_address(terms.from), terms.server}, {"vendor", {}, {}}};
  settings.parties = 1;
  settings.self = party_id(1);
  const Identity nobody = Identity::generate();
  settings.roster[1].key = nobody.public_key();
  EXPECT_THROW(TlsTransport::connect(std::move(settings), nobody), PeerError);
  EXPECT_EQ(said(terms, part, world.device.key, runtime.access()), "answered");
  server.join();
  EXPECT_EQ(server.error, "");
}

TEST_F(SegmentWorld, ItsFolderIsOneThing) {
  const Segment segment = read_segment(folder());
  EXPECT_EQ(segment.terms.queries, 5u);
  EXPECT_EQ(segment.devices.size(), 1u);
  EXPECT_EQ(segment.terms.server, segment.server.public_key());
  EXPECT_EQ(fs::status(folder()).permissions(), fs::perms::owner_all);
  EXPECT_NE(outcome([&] { write_segment(segment, folder()); }).find("never overwritten"), std::string::npos);
  // Of another segment, each of its files is noticed.
  seal(graph, world.folder.path("again"), "again.tacit");
  fs::copy_file(folder() / "vendor.part", world.folder.path("again") / "vendor.part",
                fs::copy_options::overwrite_existing);
  EXPECT_NE(outcome([&] { read_segment(world.folder.path("again")); }).find("are of different segments"),
            std::string::npos);
  const std::string toml = read_file(folder() / "segment.toml");
  for (const auto& [from, to] :
       {std::pair("queries = 5", "queries = 0"), std::pair("queries = 5", "querys = 5"),
        std::pair("x25519:", "x25518:"), std::pair("ed25519:", "ed25518:"), std::pair("id = \"", "id = \"0"),
        std::pair("address = \"", "address = \"x")}) {
    std::string changed = toml;
    changed.replace(changed.find(from), std::string_view(from).size(), to);
    std::ofstream(folder() / "segment.toml", std::ios::binary) << changed;
    const std::string told = outcome([&] { read_segment(folder()); });
    if (std::string_view(from) == "address = \"")
      EXPECT_EQ(told, "opened");  // a host of another name
    else
      EXPECT_EQ(told.substr(0, 6), "usage:") << to;
  }
  fs::permissions(folder(), fs::perms::owner_all | fs::perms::group_read);
  EXPECT_NE(outcome([&] { read_segment(folder()); }).find("others may use"), std::string::npos);
}

}  // namespace
}  // namespace tacit
