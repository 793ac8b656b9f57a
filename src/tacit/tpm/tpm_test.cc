// Against a TPM in software: what this library computes of names, policies and credentials is what a TPM
// does, and a key is of use in one TPM, in one state, alone.
#include "tacit/tpm/tpm.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/crypto/kem.h"
#include "tacit/tpm/testing/swtpm.h"

namespace tacit::tpm {
namespace {

using tacit::testing::ScratchFolder;
using tacit::testing::SoftwareTpm;

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
