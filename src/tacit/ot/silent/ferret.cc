#include "tacit/ot/silent/ferret.h"

#include "tacit/crypto/os_entropy.h"
#include "tacit/ot/extension/softspoken.h"
#include "tacit/ot/gf128.h"
#include "tacit/ot/silent/half_tree.h"
#include "tacit/ot/silent/place_check.h"
#include "tacit/ot/silent/supply.h"

namespace tacit::ot {

namespace {

constexpr std::string_view kCorrections = "ot.silent.trees", kChallenge = "ot.silent.challenge",
                           kAnswer = "ot.silent.answer", kChoices = "ot.silent.choices";
/// Transfers whose choices one message holds: 512 KiB.
constexpr std::size_t kChoicesAtOnce = std::size_t{1} << 22;

/// What the receiver opens a check with.
struct Challenge {
  std::array<std::byte, PlaceCheck::kSeed> seed;
  Block masked;
};

Digest code_of(ByteView session) {
  return Hasher().update(bytes_of("tacit local code")).update(session).finish();
}

/// What both ends have.
struct End {
  Channel& peer;
  Threat threat;
  const OtKernels& kernels;
  Isa isa;
  HalfTree trees;
  LocalCode code;
  std::vector<Block> corrections;

  End(Channel& p, ByteView session, Threat t, Isa i, const Lpn& lpn)
      : peer(p),
        threat(t),
        kernels(ot_kernels(i)),
        isa(i),
        trees(i),
        code(ByteView(code_of(session)).first(Prg::kKeySize), lpn.secret, i) {}

  std::size_t corrections_a_tree(const Lpn& lpn) const { return lpn.depth - 1; }
  /// From one tree's leaves to rows.
  void encode(const Supply& supply, std::size_t tree, std::span<Block> rows) const {
    code.add(tree << supply.lpn().depth, supply.secret(), rows);
  }
  void clear_lowest(std::span<Block> blocks) const {
    kernels.clear_lowest(words(blocks).data(), blocks.size());
  }
};

}  // namespace

struct FerretSender::State : End {
  SoftSpokenSender first;
  Supply supply;

  State(Channel& p, ByteView session, Threat t, Isa i, const Lpn& lpn, const Block* delta)
      : End(p, session, t, i, lpn),
        first(p, session, kFerretBootstrap, t, i, delta),
        supply(lpn, t, bootstrap(lpn)) {}

  std::vector<Block> bootstrap(const Lpn& lpn) {
    std::vector<Block> out(Supply::needed(lpn, threat));
    first.send(out);
    clear_lowest(out);
    return out;
  }

  void portion(std::size_t first_tree, std::span<Block> rows) {
    const Lpn& lpn = supply.lpn();
    const std::size_t each = corrections_a_tree(lpn), count = rows.size() >> lpn.depth;
    corrections.resize(count * each);
    auto finish = [&](std::size_t t, std::span<Block> tree) {
      clear_lowest(tree);
      encode(supply, first_tree + t, tree);
    };
    for (std::size_t t = 0; t < count; ++t) {
      const std::span<Block> tree = rows.subspan(t << lpn.depth, lpn.leaves());
      trees.grow(supply.number(first_tree + t), first.delta(), supply.tree(first_tree + t),
                 std::span(corrections).subspan(t * each, each), tree);
      if (threat == Threat::SemiHonest) finish(t, tree);  // while it is in the cache
    }
    peer.send(kCorrections, std::as_bytes(std::span(corrections)));
    if (threat == Threat::SemiHonest) return;
    answer(first_tree, rows);
    for (std::size_t t = 0; t < count; ++t) finish(t, rows.subspan(t << lpn.depth, lpn.leaves()));
  }
  void answer(std::size_t first_tree, std::span<const Block> leaves) {
    Challenge challenge;
    peer.receive(kChallenge, std::as_writable_bytes(std::span(&challenge, 1)));
    const Lpn& lpn = supply.lpn();
    const PlaceCheck check(challenge.seed, lpn.depth, leaves.size() >> lpn.depth, isa);
    const Block sum = check.sum(leaves) ^ PlaceCheck::mask(kernels, supply.mask(first_tree)) ^
                      multiply(kernels, challenge.masked, first.delta());
    peer.send(kAnswer, place_digest(sum));
  }
  void take(std::span<Block> keys) {
    supply.take(keys, [this](std::size_t tree, std::span<Block> rows) { portion(tree, rows); });
  }
};

FerretSender::FerretSender(Channel& peer, ByteView session, Threat threat, Isa isa, const Lpn& lpn,
                           const Block* delta)
    : state_(std::make_unique<State>(peer, session, threat, isa, lpn, delta)) {}
FerretSender::~FerretSender() = default;
Block FerretSender::delta() const { return state_->first.delta(); }
void FerretSender::extend_random(std::span<Block> keys) { state_->take(keys); }

void FerretSender::extend(std::span<Block> keys) {
  state_->take(keys);
  const Block delta = state_->first.delta();
  std::vector<Word> flips;
  for (std::size_t first = 0; first < keys.size(); first += kChoicesAtOnce) {
    const std::span<Block> some = keys.subspan(first, std::min(kChoicesAtOnce, keys.size() - first));
    flips.resize((some.size() + 63) / 64);
    state_->peer.receive(kChoices, std::span(flips));
    for (std::size_t i = 0; i < some.size(); ++i)
      some[i] = some[i] ^ (delta & (flips[i / 64] >> (i % 64) & 1));
  }
}

struct FerretReceiver::State : End {
  Supply supply;
  std::vector<Word> places;

  State(Channel& p, ByteView session, Threat t, Isa i, const Lpn& lpn)
      : End(p, session, t, i, lpn), supply(lpn, t, bootstrap(session, lpn)) {}

  std::vector<Block> bootstrap(ByteView session, const Lpn& lpn) {
    SoftSpokenReceiver first(peer, session, kFerretBootstrap, threat, isa);
    std::vector<Block> out(Supply::needed(lpn, threat));
    std::vector<Word> choices((out.size() + 63) / 64);
    first.receive_random(choices, out);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i].low = (out[i].low & ~Word{1}) | (choices[i / 64] >> (i % 64) & 1);
    return out;
  }

  void portion(std::size_t first_tree, std::span<Block> rows) {
    const Lpn& lpn = supply.lpn();
    const std::size_t each = corrections_a_tree(lpn), count = rows.size() >> lpn.depth;
    corrections.resize(count * each);
    places.resize(count);
    peer.receive(kCorrections, std::as_writable_bytes(std::span(corrections)));
    auto finish = [&](std::size_t t, std::span<Block> tree) {
      const Block one{1, 0};
      clear_lowest(tree);
      kernels.add_at(words(tree).data(), tree.size(), places[t],
                     words(std::span<const Block>(&one, 1)).data());
      encode(supply, first_tree + t, tree);
    };
    for (std::size_t t = 0; t < count; ++t) {
      const std::span<Block> tree = rows.subspan(t << lpn.depth, lpn.leaves());
      places[t] = trees.grow_punctured(supply.number(first_tree + t), supply.tree(first_tree + t),
                                       std::span(corrections).subspan(t * each, each), tree);
      if (threat == Threat::SemiHonest) finish(t, tree);  // while it is in the cache
    }
    if (threat == Threat::SemiHonest) return;
    check(first_tree, rows);
    for (std::size_t t = 0; t < count; ++t) finish(t, rows.subspan(t << lpn.depth, lpn.leaves()));
  }
  void check(std::size_t first_tree, std::span<const Block> leaves) {
    const std::span<const Block> spent = supply.mask(first_tree);
    Challenge challenge;
    const SecretBytes seed = os_entropy(challenge.seed.size());
    std::copy(seed.bytes().begin(), seed.bytes().end(), challenge.seed.begin());
    const PlaceCheck check(challenge.seed, supply.lpn().depth, places.size(), isa);
    Word bits[2];
    kernels.lowest_bits(words(spent).data(), spent.size(), bits);
    challenge.masked = check.at(places) ^ Block { bits[0], bits[1] };
    peer.send(kChallenge, std::as_bytes(std::span(&challenge, 1)));
    Digest theirs;
    const Digest due = place_digest(check.sum(leaves) ^ PlaceCheck::mask(kernels, spent));
    peer.receive(kAnswer, theirs);
    if (!equal_in_constant_time(due, theirs))
      throw CheatDetected(fmt::format("{} sent trees that do not fit its transfers", peer.peer_name()));
  }
  void take(std::span<Block> out) {
    supply.take(out, [this](std::size_t tree, std::span<Block> rows) { portion(tree, rows); });
  }
};

FerretReceiver::FerretReceiver(Channel& peer, ByteView session, Threat threat, Isa isa, const Lpn& lpn)
    : state_(std::make_unique<State>(peer, session, threat, isa, lpn)) {}
FerretReceiver::~FerretReceiver() = default;

void FerretReceiver::extend_random(std::span<Word> choices, std::span<Block> out) {
  state_->take(out);
  state_->kernels.lowest_bits(words(std::span<const Block>(out)).data(), out.size(), choices.data());
}

void FerretReceiver::extend(std::span<const Word> choices, std::span<Block> out) {
  std::vector<Word> flips(choices.size());
  extend_random(flips, out);
  for (std::size_t i = 0; i < flips.size(); ++i) flips[i] ^= choices[i];
  if (out.size() % 64 != 0) flips.back() &= ~(~Word{0} << out.size() % 64);
  for (std::size_t first = 0; first < flips.size(); first += kChoicesAtOnce / 64)
    state_->peer.send(kChoices, std::span<const Word>(flips).subspan(
                                    first, std::min(kChoicesAtOnce / 64, flips.size() - first)));
}

Traffic ferret_setup(Threat threat, const Lpn& lpn) {
  return softspoken_setup(kFerretBootstrap, threat) +
         softspoken_transfers(kFerretBootstrap, threat, Supply::needed(lpn, threat));
}

Traffic ferret_transfers(Threat threat, std::size_t n, bool random, const Lpn& lpn) {
  Traffic out;
  for (const std::size_t trees : Supply::portions(lpn, threat, n)) {
    out.bytes += trees * (lpn.depth - 1) * sizeof(Block);
    if (threat == Threat::Malicious) {
      out.bytes += sizeof(Challenge) + sizeof(Digest);
      out.rounds += 2;
    }
  }
  if (n > 0) ++out.rounds;
  if (n > 0 && !random) {
    out.bytes += (n + 63) / 64 * sizeof(Word);
    ++out.rounds;
  }
  return out;
}

}  // namespace tacit::ot
