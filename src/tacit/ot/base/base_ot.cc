#include "tacit/ot/base/base_ot.h"

#include <string.h>

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/ot/base/group.h"

namespace tacit::ot {

namespace {

constexpr std::string_view kSenderTag = "ot.base.sender", kReceiverTag = "ot.base.receiver";
constexpr std::size_t kKey = sizeof(Block);

/// What every hash of transfer `index` starts with, for its key `which`.
Bytes context(std::string_view use, ByteView session, std::size_t index, std::uint64_t which) {
  Bytes out;
  append_bytes(out, bytes_of(use));
  append(out, std::uint64_t{session.size()});
  append_bytes(out, session);
  append(out, std::uint64_t{index});
  append(out, which);
  return out;
}

/// H_which of the other point.
Point oracle(ByteView session, std::size_t index, std::uint64_t which, const Point& other) {
  Bytes input = context("base ot point", session, index, which);
  append_bytes(input, other);
  return hash_to_point(input);
}

void derive(ByteView session, std::size_t index, std::uint64_t which, const Point& from_sender,
            std::span<const Point> from_receiver, const SecretBytes& common, ByteSpan key) {
  Digest digest = Hasher()
                      .update(context("base ot key", session, index, which))
                      .update(from_sender)
                      .update(from_receiver[0])
                      .update(from_receiver[1])
                      .update(common.bytes())
                      .finish();
  std::copy_n(digest.begin(), kKey, key.begin());
  explicit_bzero(digest.data(), digest.size());
}

void check(const Channel& peer, std::span<const Point> points) {
  for (const Point& p : points)
    if (!is_valid(p))
      throw PeerError(peer.peer_name(),
                      fmt::format("{} sent what is no point at step '{}'", peer.peer_name(), kReceiverTag));
}

/// Exchanges a and b where `swap` is 1, in constant time.
void swap_if(std::byte swap, Point& a, Point& b) {
  const auto mask = static_cast<std::byte>(0 - std::to_integer<unsigned>(swap));
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::byte difference = (a[i] ^ b[i]) & mask;
    a[i] ^= difference;
    b[i] ^= difference;
  }
}

}  // namespace

SecretBytes base_ot_send(Channel& peer, ByteView session, std::size_t count) {
  const SecretBytes a = random_scalar();
  const Point mine = base_times(a);
  peer.send(kSenderTag, mine);
  std::vector<Point> theirs(2 * count);
  peer.receive(kReceiverTag, std::as_writable_bytes(std::span(theirs)));
  check(peer, theirs);
  SecretBytes keys(2 * kKey * count), common(sizeof(Point));
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const Point> pair(&theirs[2 * i], 2);
    for (std::size_t b = 0; b < 2; ++b) {
      if (!times(a, add(pair[b], oracle(session, i, b, pair[1 - b])), common.bytes()))
        throw PeerError(peer.peer_name(), peer.peer_name() + " sent points that cancel a hash");
      derive(session, i, b, mine, pair, common, keys.bytes().subspan((2 * i + b) * kKey, kKey));
    }
  }
  return keys;
}

SecretBytes base_ot_receive(Channel& peer, ByteView session, ByteView choices, std::size_t count) {
  ensure(choices.size() * 8 >= count, "a choice for every transfer");
  std::vector<Point> mine(2 * count);
  std::vector<SecretBytes> exponents;
  auto choice = [&](std::size_t i) { return choices[i / 8] >> (i % 8) & std::byte{1}; };
  for (std::size_t i = 0; i < count; ++i) {
    exponents.push_back(random_scalar());
    Point free = random_point(), hidden = base_times(exponents[i]);
    Point bound = subtract(hidden, oracle(session, i, std::to_integer<std::uint64_t>(choice(i)), free));
    explicit_bzero(hidden.data(), hidden.size());
    swap_if(choice(i), bound, free);  // the bound one stands where the choice says
    mine[2 * i] = bound;
    mine[2 * i + 1] = free;
  }
  peer.send(kReceiverTag, std::as_bytes(std::span(mine)));
  Point theirs;
  peer.receive(kSenderTag, theirs);
  check(peer, std::span(&theirs, 1));
  SecretBytes keys(kKey * count), common(sizeof(Point));
  for (std::size_t i = 0; i < count; ++i) {
    ensure(times(exponents[i], theirs, common.bytes()), "an exponent that is not zero");
    derive(session, i, std::to_integer<std::uint64_t>(choice(i)), theirs, std::span(&mine[2 * i], 2), common,
           keys.bytes().subspan(i * kKey, kKey));
  }
  return keys;
}

}  // namespace tacit::ot
