// A device proves that it holds its key, in this session and for this segment; whoever else tries fails.
#include "tacit/serve/segment_proof.h"

#include <gtest/gtest.h>

#include <thread>

#include "tacit/base/error.h"
#include "tacit/net/transports/memory.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit {
namespace {

using sealed::DeviceKey, sealed::SplitTerms;

struct Ends {
  std::string server = "done", device = "done";
};

std::string told(const std::function<void()>& body) {
  try {
    body();
  } catch (const PeerError& e) { return std::string("peer: ") + e.what(); } catch (const UsageError& e) {
    return std::string("usage: ") + e.what();
  }
  return "done";
}

/// Both ends over memory; what each says at the end.
Ends between(const std::function<void(Channel&)>& server, const std::function<void(Channel&)>& device) {
  const auto wires = memory_transports({"vendor", "device"}, std::chrono::minutes(1));
  Ends out;
  std::thread other([&] {
    Meter meter;
    Channel channel(*wires[1], meter, party_id(0), "vendor");
    out.device = told([&] { device(channel); });
    if (out.device != "done") wires[1]->goodbye(out.device);
  });
  Meter meter;
  Channel channel(*wires[0], meter, party_id(1), "device");
  out.server = told([&] { server(channel); });
  if (out.server != "done") wires[0]->goodbye(out.server);
  other.join();
  return out;
}

Digest some_session(std::string_view text) { return sha256(bytes_of(text)); }

TEST(SegmentProof, EachKindOfKeyProves) {
  const SplitTerms terms = testing::some_split_terms();
  for (const Kem kem : {Kem::X25519, Kem::P256}) {
    const DeviceKey key(KemPrivateKey::generate(kem));
    const Ends e = between([&](Channel& c) { ask_for_proof(c, some_session("1"), terms, key.public_key()); },
                           [&](Channel& c) { prove(c, some_session("1"), terms, key); });
    EXPECT_EQ(e.server, "done");
    EXPECT_EQ(e.device, "done");
  }
}

TEST(SegmentProof, OfAnotherKeySessionOrSegmentItFails) {
  const SplitTerms terms = testing::some_split_terms();
  SplitTerms other = terms;
  other.segment[3] ^= std::byte{1};
  const DeviceKey key(KemPrivateKey::generate(Kem::X25519)), stranger(KemPrivateKey::generate(Kem::X25519));
  const auto said = [&](const DeviceKey& with, std::string_view session, const SplitTerms& of) {
    return between([&](Channel& c) { ask_for_proof(c, some_session("1"), terms, key.public_key()); },
                   [&](Channel& c) { prove(c, some_session(session), of, with); })
        .device;
  };
  EXPECT_EQ(said(key, "1", terms), "done");
  const std::string refused =
      "peer: the vendor's server asks this device for a proof that is not for its key";
  EXPECT_EQ(said(stranger, "1", terms), refused);
  EXPECT_EQ(said(key, "2", terms), refused);
  EXPECT_EQ(said(key, "1", other), refused);
}

TEST(SegmentProof, AGuessIsNoProof) {
  const SplitTerms terms = testing::some_split_terms();
  const DeviceKey key(KemPrivateKey::generate(Kem::X25519));
  for (const std::size_t size : {32u, 31u, 0u}) {
    const Ends e = between([&](Channel& c) { ask_for_proof(c, some_session("1"), terms, key.public_key()); },
                           [&](Channel& c) {
                             c.receive_up_to("segment.challenge", 1000);
                             c.send("segment.proof", Bytes(size));
                           });
    EXPECT_EQ(e.server.substr(0, 5), "peer:") << size;
  }
}

TEST(SegmentVerdicts, AreToldInWords) {
  const SplitTerms terms = testing::some_split_terms();
  const auto said = [&](std::initializer_list<Word> words) {
    return between(
               [&](Channel& c) {
                 c.send("segment.verdict", std::span<const Word>(words.begin(), words.size()));
               },
               [&](Channel& c) { hear_verdict(c, terms, 7); })
        .device;
  };
  EXPECT_EQ(said({0, 0, 0}), "done");
  EXPECT_EQ(said({1, 0, 0}).substr(0, 41), "usage: the vendor has revoked this device");
  EXPECT_EQ(
      said({2, 90, 3}),
      "usage: the vendor allows this device 100 questions an hour, and 3 are left now: ask again in 90 s, or "
      "fewer at once (7 wanted)");
  EXPECT_EQ(said({3, 0, 3}),
            "usage: the vendor allows this device 100 questions an hour, and no more at once: ask fewer (7 "
            "wanted)");
  for (const Word verdict : {Word{4}, ~Word{0}})
    EXPECT_EQ(said({verdict, 0, 0}), "peer: the vendor's server answers in no way that there is");
  EXPECT_EQ(said({2, ~Word{0}, 0}), "peer: the vendor's server answers in no way that there is");
  EXPECT_EQ(said({0, 0}).substr(0, 5), "peer:");
  const Ends e = between([&](Channel& c) { tell_verdict(c, SegmentVerdict::NotNow, 5, 0); },
                         [&](Channel& c) { hear_verdict(c, terms, 1); });
  EXPECT_EQ(e.server, "peer: device has asked as often as it may, for now");
  EXPECT_NE(e.device.find("ask again in 5 s"), std::string::npos);
}

}  // namespace
}  // namespace tacit
