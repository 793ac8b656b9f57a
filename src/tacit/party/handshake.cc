// Three rounds. Hello: version, job, nonce and a commitment to the contribution to common coins. Seed: the
// opened contribution, and a secret one for each pair (the links are encrypted). Agreed: the session id as
// each party computed it. A party that sees another's contribution before making its own could steer common
// coins; the commitment in the first round forbids it.
#include "tacit/party/handshake.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/party/judged.h"

namespace tacit {

namespace {

constexpr std::size_t kSeed = 32;

struct Hello {
  std::uint32_t version;
  Digest job, nonce, commitment;
};
static_assert(sizeof(Hello) == 100);

struct Seeds {
  std::byte common[kSeed];
  std::byte pair[kSeed];
};

Digest commit(const Digest& nonce, ByteView opening) {
  return Hasher().update(bytes_of("tacit common coins")).update(nonce).update(opening).finish();
}

template <class T>
ByteView raw(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}
template <class T>
ByteSpan raw(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

void check(const Hello& own, const Hello& theirs, const std::string& name) {
  if (theirs.version != own.version)
    throw PeerError(
        name, fmt::format("{} speaks version {} of the protocol and we speak {}: install the same tacit on "
                          "both",
                          name, theirs.version, own.version));
  if (theirs.job != own.job)
    throw PeerError(
        name, fmt::format("{} has another job file (its hash begins {}, ours {}): give all parties the same "
                          "one",
                          name, to_hex(theirs.job).substr(0, 12), to_hex(own.job).substr(0, 12)));
}

}  // namespace

SessionStart shake_hands(PartyId self, const std::vector<std::string>& names, Transport& wire,
                         const SessionTerms& terms) {
  Meter meter;
  std::vector<Channel> peers;
  for (std::size_t i = 0; i < names.size(); ++i) peers.emplace_back(wire, meter, party_id(i), names[i]);
  const std::size_t n = names.size(), me = index(self);
  auto each_peer = [&](auto&& act) {
    for (std::size_t i = 0; i < n; ++i)
      if (i != me) act(i);
  };

  const SecretBytes nonce = os_entropy(kSeed), opening = os_entropy(kSeed);
  std::vector<Hello> hello(n);
  hello[me] = {terms.version, terms.job, {}, {}};
  std::copy_n(nonce.bytes().begin(), kSeed, hello[me].nonce.begin());
  hello[me].commitment = commit(hello[me].nonce, opening.bytes());
  each_peer([&](std::size_t i) { peers[i].send("hello", raw(hello[me])); });
  // All are heard before any is judged: who differs is then named by everybody for what it said itself.
  each_peer([&](std::size_t i) { peers[i].receive("hello", raw(hello[i])); });
  try {
    each_peer([&](std::size_t i) { check(hello[me], hello[i], names[i]); });
  } catch (const PeerError&) {
    // Where two hellos differ, every party sees a difference.
    wait_until_all_have_judged(peers, self);
    throw;
  }
  Hasher transcript;
  transcript.update(bytes_of("tacit session")).update(raw(terms.version)).update(terms.job);
  for (std::size_t i = 0; i < n; ++i)
    transcript.update(bytes_of(names[i])).update(hello[i].nonce).update(hello[i].commitment);

  SecretBytes common(n * kSeed);
  std::copy_n(opening.bytes().begin(), kSeed,
              common.bytes().begin() + static_cast<std::ptrdiff_t>(me * kSeed));
  std::vector<SecretBytes> sent(n);
  each_peer([&](std::size_t i) {
    sent[i] = os_entropy(kSeed);
    SecretBytes seeds(sizeof(Seeds));
    std::copy_n(opening.bytes().begin(), kSeed, seeds.bytes().begin());
    std::copy_n(sent[i].bytes().begin(), kSeed, seeds.bytes().begin() + kSeed);
    peers[i].send("seed", seeds.bytes());
  });
  std::vector<SecretBytes> received(n);
  each_peer([&](std::size_t i) {
    SecretBytes seeds(sizeof(Seeds));
    peers[i].receive("seed", seeds.bytes());
    if (commit(hello[i].nonce, seeds.bytes().first(kSeed)) != hello[i].commitment)
      throw PeerError(names[i], names[i] + " opened another contribution than it committed to");
    std::copy_n(seeds.bytes().begin(), kSeed,
                common.bytes().begin() + static_cast<std::ptrdiff_t>(i * kSeed));
    received[i] = SecretBytes(seeds.bytes().subspan(kSeed));
  });

  SessionStart start;
  start.id = transcript.update(sha256(common.bytes())).finish();
  each_peer([&](std::size_t i) { peers[i].send("agreed", raw(start.id)); });
  each_peer([&](std::size_t i) {
    Digest theirs;
    peers[i].receive("agreed", raw(theirs));
    if (theirs != start.id)
      throw PeerError(names[i], names[i] + " told different things to different parties");
  });

  start.keys.mine = os_entropy(kSeed);
  start.keys.common = derive_key(common.bytes(), start.id, "common", kSeed);
  start.keys.pair.resize(n);
  each_peer([&](std::size_t i) {
    SecretBytes both(2 * kSeed);
    const bool first = me < i;
    std::copy_n((first ? sent[i] : received[i]).bytes().begin(), kSeed, both.bytes().begin());
    std::copy_n((first ? received[i] : sent[i]).bytes().begin(), kSeed, both.bytes().begin() + kSeed);
    start.keys.pair[i] = derive_key(both.bytes(), start.id,
                                    fmt::format("pair {} {}", std::min(me, i), std::max(me, i)), kSeed);
  });
  return start;
}

}  // namespace tacit
