// Leases have one form, and only their vendor signs them.
#include "tacit/sealed/lease.h"

#include <gtest/gtest.h>

#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

Lease some_lease(const Identity& vendor) {
  Lease out;
  out.request.vendor = vendor.public_key();
  out.request.device[0] = out.request.file[1] = out.request.nonce[2] = std::byte{7};
  out.answer = LeaseAnswer::Granted;
  out.time = kNow;
  out.seconds = 3600;
  out.revocations = 5;
  return signed_by(vendor, out);
}

TEST(Leases, ThereAndBack) {
  const Identity vendor = Identity::generate();
  const Lease lease = some_lease(vendor);
  EXPECT_EQ(to_bytes(lease).size(), kLeaseSize);
  EXPECT_EQ(parse_lease(to_bytes(lease)), lease);
  EXPECT_TRUE(is_signed(lease));
  EXPECT_EQ(to_bytes(lease.request).size(), kLeaseRequestSize);
  EXPECT_EQ(parse_lease_request(to_bytes(lease.request)), lease.request);
  Lease refused = lease;
  refused.answer = LeaseAnswer::Revoked;
  refused.seconds = 0;
  refused = signed_by(vendor, refused);
  EXPECT_EQ(parse_lease(to_bytes(refused)), refused);
  EXPECT_TRUE(is_signed(refused));
}

TEST(Leases, EveryBitCounts) {
  const Identity vendor = Identity::generate();
  const Bytes good = to_bytes(some_lease(vendor));
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= std::byte{1} << static_cast<int>(i % 8);
    const std::string said = outcome([&] {
      if (!is_signed(parse_lease(bad))) throw CheatDetected("another's");
    });
    EXPECT_TRUE(said.starts_with("usage: ") || said == "cheat: another's") << i << said;
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_TRUE(outcome([&] { parse_lease(ByteView(good).first(size)); }).starts_with("usage: "));
}

TEST(Leases, RunForATimeThatThereIs) {
  const Identity vendor = Identity::generate();
  const auto refused = [&](auto change) {
    Lease lease = some_lease(vendor);
    change(lease);
    return outcome([&] { parse_lease(to_bytes(signed_by(vendor, lease))); }).starts_with("usage: ");
  };
  EXPECT_FALSE(refused([](Lease&) {}));
  EXPECT_TRUE(refused([](Lease& l) { l.seconds = kShortestLease - 1; }));
  EXPECT_TRUE(refused([](Lease& l) { l.seconds = kLongestLease + 1; }));
  EXPECT_TRUE(refused([](Lease& l) { l.time = -1; }));
  EXPECT_TRUE(refused([](Lease& l) { l.time = kLastMoment + 1; }));
  EXPECT_TRUE(refused([](Lease& l) { l.answer = LeaseAnswer::Revoked; }));
  EXPECT_TRUE(refused([](Lease& l) { l.answer = LeaseAnswer{3}; }));
}

TEST(LeaseTermsOfAFile, AreSignedAndCheckedAsAllElse) {
  const SealedWorld world;
  SealRequest request = world.request();
  request.lease = {3600, "vendor.example:7200"};
  const auto file = world.seal(some_bytes(2000), "m.tacit", request);
  EXPECT_EQ(SealedFile(file).header().lease, request.lease);
  Header h = header_of(read_file(file));
  h.lease.reset();  // a recipient that takes them away
  const auto freed =
      world.folder.write("m.tacit", world.with_header(read_file(file), h, Identity::generate()));
  EXPECT_TRUE(world.refusal(freed).starts_with("cheat: "));
  for (const LeaseTerms& bad :
       {LeaseTerms{59, "a:1"}, LeaseTerms{kLongestLease + 1, "a:1"}, LeaseTerms{60, ""}, LeaseTerms{60, "a"},
        LeaseTerms{60, ":1"}, LeaseTerms{60, "a:"}, LeaseTerms{60, "a:x"}, LeaseTerms{60, "a b:1"},
        LeaseTerms{60, "a\x1b:1"}, LeaseTerms{60, std::string(260, 'a') + ":1"}}) {
    request.lease = bad;
    EXPECT_TRUE(outcome([&] { world.seal(some_bytes(2000), "bad.tacit", request); }).starts_with("usage: "))
        << bad.from;
  }
}

}  // namespace
}  // namespace tacit::sealed
