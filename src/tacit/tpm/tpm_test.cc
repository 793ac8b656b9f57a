// Against a TPM in software: what this library computes of names, policies and credentials is what a TPM
// does, and a key is of use in one TPM, in one state, alone.
#include "tacit/tpm/tpm.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/kem.h"
#include "tacit/tpm/testing/swtpm.h"
#include "tacit/tpm/testing/wiretap.h"

namespace tacit::tpm {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::SoftwareTpm;
using tacit::testing::Wiretap;

template <class Action>
std::string refusal(Action&& action) {
  try {
    action();
  } catch (const UsageError& e) { return std::string("usage: ") + e.what(); } catch (const IoError& e) {
    return std::string("io: ") + e.what();
  } catch (const CheatDetected& e) { return std::string("cheat: ") + e.what(); }
  return "done";
}

std::string hex(const SecretBytes& b) { return to_hex(b.bytes()); }

TEST(Tpm, ExchangesWithItsKeys) {
  const SoftwareTpm chip;
  Tpm tpm(chip.at());
  for (const Pcrs& pcrs : {Pcrs{7}, Pcrs{}, Pcrs{0, 1, 2, 3, 4, 5, 6, 7, 8, 23}}) {
    const TpmKey key = tpm.make_key(pcrs);
    for (int i = 0; i < 3; ++i) {
      const KemPrivateKey peer = KemPrivateKey::generate(Kem::P256);
      EXPECT_EQ(hex(tpm.exchange(key, peer.public_key().raw)), hex(peer.exchange({Kem::P256, key.point})));
    }
    Bytes nowhere(kPointSize, std::byte{1});
    nowhere[0] = std::byte{4};
    EXPECT_TRUE(
        refusal([&] { tpm.exchange(key, nowhere); }).starts_with("usage: these bytes are no public key"));
  }
  EXPECT_NE(tpm.make_key({7}).point, tpm.make_key({7}).point);
}

bool has(ByteView text, ByteView part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end()) != text.end();
}

std::size_t big(ByteView at, std::size_t size) {
  std::size_t out = 0;
  for (const std::byte b : at.first(size)) out = out << 8 | std::to_integer<std::size_t>(b);
  return out;
}

/// Of TPM2_StartAuthSession's body: whether its key is salted by another than nobody, and ciphers by AES.
bool salted(ByteView body) {
  constexpr std::size_t kNobody = 0x40000007;
  const std::size_t nonce = big(body.subspan(8), 2), salt = big(body.subspan(10 + nonce), 2);
  return big(body, 4) != kNobody && salt > 32;
}

/// Of the body of a command with one handle: whether a session encrypts what goes in and what comes out.
bool encrypted(ByteView body) {
  std::size_t attributes = 0;
  ByteView sessions = body.subspan(8, big(body.subspan(4), 4));
  while (!sessions.empty()) {
    const std::size_t nonce = big(sessions.subspan(4), 2);
    attributes |= big(sessions.subspan(6 + nonce), 1);
    sessions = sessions.subspan(9 + nonce + big(sessions.subspan(7 + nonce), 2));
  }
  constexpr std::size_t kBoth = 0x60;  // decrypt and encrypt
  return (attributes & kBoth) == kBoth;
}

TEST(Tpm, WhoListensToItLearnsNoSecret) {
  constexpr std::size_t kStartSession = 0x176, kExchange = 0x154, kHead = 10;
  const SoftwareTpm chip;
  Wiretap wire(chip.at());
  const KemPrivateKey peer = KemPrivateKey::generate(Kem::P256);
  Bytes secret, point;
  {
    Tpm tpm(wire.at());
    const TpmKey key = tpm.make_key({7});
    const SecretBytes shared = tpm.exchange(key, peer.public_key().raw);
    secret.assign(shared.bytes().begin(), shared.bytes().end());
    point = key.point;
  }
  wire.end();
  ASSERT_EQ(secret.size(), 32u);
  // Of numbers of 32 bytes the last 16, which a TPM writes whatever the first are.
  const ByteView end_of_secret = ByteView(secret).last(16), ours = ByteView(point).subspan(17, 16);
  const Bytes theirs = peer.public_key().raw;
  EXPECT_TRUE(has(wire.answers(), ours)) << "the look finds nothing at all";
  EXPECT_FALSE(has(wire.answers(), end_of_secret));
  EXPECT_FALSE(has(wire.commands(), end_of_secret));
  EXPECT_FALSE(has(wire.commands(), ByteView(theirs).subspan(17, 16)));
  std::size_t sessions = 0, exchanges = 0;
  for (ByteView rest = wire.commands(); !rest.empty(); rest = rest.subspan(big(rest.subspan(2), 4))) {
    const ByteView body = rest.first(big(rest.subspan(2), 4)).subspan(kHead);
    const std::size_t code = big(rest.subspan(6), 4);
    if (code == kStartSession) {
      EXPECT_TRUE(salted(body));
      ++sessions;
    }
    if (code == kExchange) {
      EXPECT_TRUE(encrypted(body));
      ++exchanges;
    }
  }
  EXPECT_GE(sessions, 1u);
  EXPECT_EQ(exchanges, 1u);
}

TEST(Tpm, ItsEndorsementKeyStays) {
  SoftwareTpm chip;
  const Bytes before = Tpm(chip.at()).endorsement();
  EXPECT_EQ(Tpm(chip.at()).endorsement(), before);
  chip.restart();
  EXPECT_EQ(Tpm(chip.at()).endorsement(), before);
  const SoftwareTpm other;
  EXPECT_NE(Tpm(other.at()).endorsement(), before);
  EXPECT_TRUE(Tpm(other.at()).certificate().empty());
}

TEST(Tpm, AKeyIsOfUseInItsStateAlone) {
  SoftwareTpm chip;
  const KemPrivateKey peer = KemPrivateKey::generate(Kem::P256);
  TpmKey bound, free;
  {
    Tpm tpm(chip.at());
    bound = tpm.make_key({7});
    free = tpm.make_key({});
    tpm.exchange(bound, peer.public_key().raw);
  }
  chip.extend(7);
  {
    Tpm tpm(chip.at());
    EXPECT_NE(refusal([&] { tpm.exchange(bound, peer.public_key().raw); }).find("bound to register 7"),
              std::string::npos);
    EXPECT_EQ(refusal([&] { tpm.exchange(free, peer.public_key().raw); }), "done");
    // One that claims the present state is another key, which this TPM did not make.
    TpmKey claimed = bound;
    claimed.state = tpm.make_key({7}).state;
    EXPECT_NE(refusal([&] { tpm.exchange(claimed, peer.public_key().raw); }), "done");
    claimed = bound;
    claimed.pcrs.clear();
    claimed.state = {};
    EXPECT_NE(refusal([&] { tpm.exchange(claimed, peer.public_key().raw); }), "done");
  }
  chip.restart();
  Tpm tpm(chip.at());
  EXPECT_EQ(refusal([&] { tpm.exchange(bound, peer.public_key().raw); }), "done");
}

TEST(Tpm, AKeyIsOfUseInItsTpmAlone) {
  const SoftwareTpm one, other;
  const TpmKey key = Tpm(one.at()).make_key({7});
  Tpm tpm(other.at());
  const KemPrivateKey peer = KemPrivateKey::generate(Kem::P256);
  EXPECT_NE(refusal([&] { tpm.exchange(key, peer.public_key().raw); }).find("is not the one in which"),
            std::string::npos);
  TpmKey changed = Tpm(one.at()).make_key({7});
  changed.sealed[changed.sealed.size() / 2] ^= std::byte{1};
  EXPECT_NE(refusal([&] { Tpm(one.at()).exchange(changed, peer.public_key().raw); }), "done");
}

TEST(Tpm, GivesBackWhatWasSealedToItAndItsKey) {
  SoftwareTpm chip;
  const Bytes secret(kLongestCredential, std::byte{42});
  Tpm tpm(chip.at());
  for (const Pcrs& pcrs : {Pcrs{7}, Pcrs{}}) {
    const TpmKey key = tpm.make_key(pcrs), other = tpm.make_key(pcrs);
    const Bytes name = object_name(device_key_area(key.pcrs, key.state, key.point));
    const Credential c = make_credential(tpm.endorsement(), name, secret);
    EXPECT_EQ(hex(tpm.activate(key, c)), to_hex(secret));
    // For another key of the same TPM, for a name that claims another state, for another TPM, and changed.
    EXPECT_NE(refusal([&] { tpm.activate(other, c); }).find("is not for this device's key"),
              std::string::npos);
    Digest state = key.state;
    state[0] ^= std::byte{1};
    const Bytes lie = object_name(device_key_area({7}, state, key.point));
    EXPECT_NE(refusal([&] { tpm.activate(key, make_credential(tpm.endorsement(), lie, secret)); }), "done");
    const SoftwareTpm elsewhere;
    const Bytes foreign = Tpm(elsewhere.at()).endorsement();
    EXPECT_NE(refusal([&] { tpm.activate(key, make_credential(foreign, name, secret)); }), "done");
    Credential changed = c;
    changed.blob.back() ^= std::byte{1};
    EXPECT_NE(refusal([&] { tpm.activate(key, changed); }), "done");
    changed = c;
    changed.secret.pop_back();
    EXPECT_NE(refusal([&] { tpm.activate(key, changed); }), "done");
  }
}

TEST(Tpm, CountersNeverFall) {
  SoftwareTpm chip;
  std::uint32_t first = 0;
  std::uint64_t at = 0;
  {
    Tpm tpm(chip.at());
    first = tpm.make_counter();
    at = tpm.counter(first);
    tpm.advance(first);
    tpm.advance(first);
    EXPECT_EQ(tpm.counter(first), at + 2);
  }
  chip.restart();
  Tpm tpm(chip.at());
  EXPECT_EQ(tpm.counter(first), at + 2);
  const std::uint32_t second = tpm.make_counter();
  EXPECT_NE(second, first);
  // Made anew it does not begin below where it was.
  tpm.remove_counter(first);
  EXPECT_NE(refusal([&] { tpm.counter(first); }).find("has no counter"), std::string::npos);
  EXPECT_EQ(tpm.make_counter(), first);
  EXPECT_GT(tpm.counter(first), at + 2);
}

TEST(Tpm, WorksWhileItIsLocked) {
  const SoftwareTpm chip;
  TpmKey key;
  std::uint32_t counter = 0;
  {
    Tpm tpm(chip.at());
    key = tpm.make_key({7});
    counter = tpm.make_counter();
  }
  chip.lock();
  // Nothing of ours has a password that could be guessed, and so nothing of ours is locked.
  Tpm tpm(chip.at());
  const KemPrivateKey peer = KemPrivateKey::generate(Kem::P256);
  EXPECT_EQ(refusal([&] { tpm.exchange(key, peer.public_key().raw); }), "done");
  EXPECT_EQ(refusal([&] { tpm.advance(counter); }), "done");
  const Bytes name = object_name(device_key_area(key.pcrs, key.state, key.point));
  const Bytes secret(16, std::byte{1});
  EXPECT_EQ(hex(tpm.activate(key, make_credential(tpm.endorsement(), name, secret))), to_hex(secret));
}

TEST(Tpm, RefusesInASentence) {
  const ScratchFolder folder;
  EXPECT_NE(refusal([&] { Tpm(folder.path("none")); }).find("there is no TPM"), std::string::npos);
  EXPECT_NE(refusal([&] { Tpm(folder.write("file", "x")); }).find("is no TPM"), std::string::npos);
  EXPECT_NE(refusal([&] { Tpm("/dev/null"); }), "done");
  const SoftwareTpm chip;
  chip.own();
  Tpm tpm(chip.at());
  EXPECT_NE(refusal([&] { tpm.make_key({7}); }).find("wants a password"), std::string::npos);
}

}  // namespace
}  // namespace tacit::tpm
