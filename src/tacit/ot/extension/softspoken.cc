// The receiver's corrections are, for each block of transfers and group, the sum of all leaves' rows plus the
// choices. The sender adds a group's corrections to those of its columns for which Δ's bit is 1.
#include "tacit/ot/extension/softspoken.h"

#include "tacit/crypto/hash.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/crypto/prg.h"
#include "tacit/ot/base/base_ot.h"
#include "tacit/ot/extension/check.h"
#include "tacit/ot/extension/seed_trees.h"

namespace tacit::ot {

namespace {

constexpr std::string_view kColumns = "ot.columns", kSeed = "ot.check.seed", kProof = "ot.check.proof";

std::size_t groups_of_128(std::size_t n) { return (n + 127) / 128; }

Word bit(Block b, std::size_t i) { return (i < 64 ? b.low >> i : b.high >> (i - 64)) & 1; }

/// Calls body(first, size) for pieces of at most `most` of n.
template <class Body>
void in_pieces(std::size_t n, std::size_t most, Body body) {
  for (std::size_t first = 0; first < n; first += most) body(first, std::min(most, n - first));
}

/// The matrices of one checked batch: kept until its check, or one that is used again and again.
class Matrices {
 public:
  explicit Matrices(Threat threat)
      : kept_(threat == Threat::Malicious ? kCheckedTransfers / kBlockTransfers : 1),
        last_(threat == Threat::Malicious) {}
  Matrix& block(std::size_t i) {
    const std::size_t at = i % kept_;
    while (blocks_.size() <= at) blocks_.emplace_back();
    return blocks_[at];
  }
  Matrix& last() { return last_.at(0); }

 private:
  std::size_t kept_;
  std::vector<Matrix> blocks_, last_;
};

}  // namespace

struct SoftSpokenSender::State {
  Channel& peer;
  Threat threat;
  Isa isa;
  SecretBytes delta;
  Columns columns;
  Matrices matrices{threat};
  std::vector<Word> message;

  Block key() const { return read_at<Block>(delta.bytes(), 0); }

  static SecretBytes own_or_random(const Block* given) {
    if (given != nullptr) {
      require((given->low & 1) == 1, "the delta of correlated transfers has its lowest bit set");
      return SecretBytes(std::as_bytes(std::span(given, 1)));
    }
    SecretBytes out = os_entropy(sizeof(Block));
    out.bytes()[0] |= std::byte{1};
    return out;
  }
  static Columns set_up(Channel& peer, ByteView session, Groups groups, Threat threat,
                        const SecretBytes& delta, Isa isa) {
    SecretBytes opposite(delta.bytes());
    for (std::byte& b : opposite.bytes()) b = ~b;
    const SecretBytes base = base_ot_receive(peer, session, opposite.bytes(), Groups::kBits);
    return Columns(groups, learn_seeds(peer, groups, threat, base, read_at<Block>(delta.bytes(), 0), isa),
                   isa);
  }
  State(Channel& p, ByteView session, Groups groups, Threat t, Isa i, const Block* given)
      : peer(p),
        threat(t),
        isa(i),
        delta(own_or_random(given)),
        columns(set_up(p, session, groups, t, delta, i)) {}

  /// The columns of n groups of transfers, put right by the corrections.
  void correct(Matrix& matrix, std::size_t n, const Word* corrections) {
    columns.make(matrix, n, nullptr);
    const OtKernels& kernels = ot_kernels(isa);
    const Groups groups = columns.groups();
    const Block d = key();
    for (std::size_t g = 0; g < groups.count(); ++g)
      for (std::size_t c = groups.first(g); c < groups.first(g) + groups.width(g); ++c)
        kernels.add_if(bit(d, c), corrections + 2 * n * g, matrix.column(c), 2 * n);
  }
  void take(std::size_t n) {
    message.resize(2 * n * columns.groups().count());
    peer.receive(kColumns, std::span(message));
  }
  void batch(std::span<Block> keys);
  void check(std::size_t transfers);
};

void SoftSpokenSender::State::batch(std::span<Block> keys) {
  std::size_t index = 0;
  in_pieces(keys.size(), kMessageTransfers, [&](std::size_t first, std::size_t size) {
    take(groups_of_128(size));
    const Word* corrections = message.data();
    in_pieces(size, kBlockTransfers, [&](std::size_t at, std::size_t some) {
      Matrix& matrix = matrices.block(index++);
      const std::size_t n = groups_of_128(some);
      correct(matrix, n, corrections);
      matrix.rows(ot_kernels(isa), keys.subspan(first + at, some));
      corrections += 2 * n * columns.groups().count();
    });
  });
  if (threat == Threat::Malicious) check(keys.size());
}

void SoftSpokenSender::State::check(std::size_t transfers) {
  take(1);
  correct(matrices.last(), 1, message.data());
  const SecretBytes seed = os_entropy(ColumnHash::kSeed);
  peer.send(kSeed, seed.bytes());
  ColumnHash hash(seed.bytes(), groups_of_128(transfers), isa);
  for (std::size_t i = 0; i * kBlockTransfers < transfers; ++i) hash.add(matrices.block(i), nullptr);
  Hashed mine = hash.finish(matrices.last(), nullptr), theirs;
  peer.receive(kProof, std::as_writable_bytes(std::span(&theirs, 1)));
  for (std::size_t c = 0; c < Groups::kBits; ++c)
    mine.columns[c] = mine.columns[c] ^ (theirs.choices & (0 - bit(key(), c)));
  if (!equal_in_constant_time(std::as_bytes(std::span(mine.columns)),
                              std::as_bytes(std::span(theirs.columns))))
    throw CheatDetected(
        fmt::format("{} made different choices in different columns of one transfer", peer.peer_name()));
}

SoftSpokenSender::SoftSpokenSender(Channel& peer, ByteView session, Groups groups, Threat threat, Isa isa,
                                   const Block* delta)
    : state_(std::make_unique<State>(peer, session, groups, threat, isa, delta)) {}
SoftSpokenSender::~SoftSpokenSender() = default;
Block SoftSpokenSender::delta() const { return state_->key(); }
void SoftSpokenSender::extend(std::span<Block> keys) {
  in_pieces(keys.size(), kCheckedTransfers,
            [&](std::size_t first, std::size_t size) { state_->batch(keys.subspan(first, size)); });
}

struct SoftSpokenReceiver::State {
  Channel& peer;
  Threat threat;
  Isa isa;
  Columns columns;
  Prg own;  ///< choices that nobody makes
  std::uint64_t own_streams = 0;
  Matrices matrices{threat};
  std::vector<Word> message;

  static Columns set_up(Channel& peer, ByteView session, Groups groups, Threat threat, Isa isa) {
    const SecretBytes base = base_ot_send(peer, session, Groups::kBits);
    return Columns(groups, plant_seeds(peer, groups, threat, base, isa), isa);
  }
  State(Channel& p, ByteView session, Groups groups, Threat t, Isa i)
      : peer(p),
        threat(t),
        isa(i),
        columns(set_up(p, session, groups, t, i)),
        own(os_entropy(Prg::kKeySize).bytes(), i) {}

  void correct(Matrix& matrix, std::size_t n, const Word* choices, Word* corrections) {
    columns.make(matrix, n, corrections);
    const OtKernels& kernels = ot_kernels(isa);
    for (std::size_t g = 0; g < columns.groups().count(); ++g)
      kernels.add(choices, corrections + 2 * n * g, 2 * n);
  }
  void batch(std::span<const Word> choices, std::span<Block> out);
  void check(std::span<const Word> choices, std::size_t transfers);
};

void SoftSpokenReceiver::State::batch(std::span<const Word> choices, std::span<Block> out) {
  const std::size_t groups = columns.groups().count();
  // Whole groups of 128: what lies beyond the last transfer is zero.
  std::vector<Word> padded(2 * groups_of_128(out.size()));
  std::copy(choices.begin(), choices.end(), padded.begin());
  if (out.size() % 64 != 0) padded[out.size() / 64] &= ~(~Word{0} << out.size() % 64);
  std::size_t index = 0;
  in_pieces(out.size(), kMessageTransfers, [&](std::size_t first, std::size_t size) {
    message.assign(2 * groups_of_128(size) * groups, 0);
    Word* corrections = message.data();
    in_pieces(size, kBlockTransfers, [&](std::size_t at, std::size_t some) {
      Matrix& matrix = matrices.block(index++);
      const std::size_t n = groups_of_128(some);
      correct(matrix, n, padded.data() + (first + at) / 64, corrections);
      matrix.rows(ot_kernels(isa), out.subspan(first + at, some));
      corrections += 2 * n * groups;
    });
    peer.send(kColumns, message);
  });
  if (threat == Threat::Malicious) check(padded, out.size());
}

void SoftSpokenReceiver::State::check(std::span<const Word> choices, std::size_t transfers) {
  Word hiding[2];
  own.fill(own_streams++, 0, hiding);
  message.assign(2 * columns.groups().count(), 0);
  correct(matrices.last(), 1, hiding, message.data());
  peer.send(kColumns, message);
  std::array<std::byte, ColumnHash::kSeed> seed;
  peer.receive(kSeed, seed);
  ColumnHash hash(seed, groups_of_128(transfers), isa);
  for (std::size_t i = 0; i * kBlockTransfers < transfers; ++i)
    hash.add(matrices.block(i), choices.data() + i * kBlockTransfers / 64);
  const Hashed proof = hash.finish(matrices.last(), hiding);
  peer.send(kProof, std::as_bytes(std::span(&proof, 1)));
}

SoftSpokenReceiver::SoftSpokenReceiver(Channel& peer, ByteView session, Groups groups, Threat threat, Isa isa)
    : state_(std::make_unique<State>(peer, session, groups, threat, isa)) {}
SoftSpokenReceiver::~SoftSpokenReceiver() = default;
void SoftSpokenReceiver::extend(std::span<const Word> choices, std::span<Block> out) {
  in_pieces(out.size(), kCheckedTransfers, [&](std::size_t first, std::size_t size) {
    state_->batch(choices.subspan(first / 64, (size + 63) / 64), out.subspan(first, size));
  });
}
void SoftSpokenReceiver::extend_random(std::span<Word> choices, std::span<Block> out) {
  state_->own.fill(state_->own_streams++, 0, choices);
  if (out.size() % 64 != 0) choices.back() &= ~(~Word{0} << out.size() % 64);
  extend(choices, out);
}

Traffic softspoken_setup(Groups groups, Threat threat) {
  return {base_ot_bytes(Groups::kBits) + seed_tree_bytes(groups, threat), 1};
}
Traffic softspoken_transfers(Groups groups, Threat threat, std::size_t n) {
  Traffic out{groups_of_128(n) * 16 * groups.count(), n > 0 ? 1u : 0u};
  if (threat == Threat::Malicious) {
    const std::size_t checks = (n + kCheckedTransfers - 1) / kCheckedTransfers;
    out.bytes += checks * (16 * groups.count() + ColumnHash::kSeed + sizeof(Hashed));
    out.rounds += 2 * checks;
  }
  return out;
}

}  // namespace tacit::ot
