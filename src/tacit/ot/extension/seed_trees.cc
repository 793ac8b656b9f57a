// A level's children lie left ones first, so that level l adds bit l to their numbers. Whoever lacks one leaf
// computes with nonsense on the path to it: the sum of a side, nonsense included, is off from the sum that it
// was sent by exactly what the sibling of the path lacks, so that one masked addition mends it, and no access
// depends on Δ.
#include "tacit/ot/extension/seed_trees.h"

#include "tacit/base/error.h"
#include "tacit/crypto/hash.h"

namespace tacit::ot {

namespace {

constexpr std::string_view kTag = "ot.trees";
constexpr std::size_t kDigest = sizeof(Digest);

Block& block_at(SecretBytes& bytes, std::size_t i) {
  return reinterpret_cast<Block*>(bytes.bytes().data())[i];
}
Block block_at(const SecretBytes& bytes, std::size_t i) {
  return reinterpret_cast<const Block*>(bytes.bytes().data())[i];
}
Word bit(Block delta, std::size_t i) { return (i < 64 ? delta.low >> i : delta.high >> (i - 64)) & 1; }
Block select(Word which, Block zero, Block one) { return zero ^ ((zero ^ one) & which); }

enum class Use : std::uint64_t { Left, Right, Key, CheckLow, CheckHigh };

/// One group's tree while it grows: room for its leaves.
class Tree {
 public:
  Tree(std::size_t group, unsigned width, const OtKernels& kernels, const TweakedHash& hash)
      : group_(group),
        nodes_((sizeof(Block) << width)),
        room_(sizeof(Block) << width),
        kernels_(kernels),
        hash_(hash) {}

  Block& node(std::size_t i) { return block_at(nodes_, i); }
  std::span<Block> nodes() { return {&node(0), count_}; }
  /// From the two nodes at the top.
  void start() { count_ = 2; }
  void grow() {
    derive(Use::Left, level_, {&block_at(room_, 0), count_});
    derive(Use::Right, level_, {&block_at(room_, count_), count_});
    std::swap(nodes_, room_);
    count_ *= 2;
    ++level_;
  }
  Block sum(std::size_t side) const { return sum_of({&half(side), count_ / 2}); }
  Block sum_of(std::span<const Block> blocks) const {
    Block out;
    kernels_.sum(words(blocks).data(), blocks.size(), words(std::span(&out, 1)).data());
    return out;
  }
  void derive(Use use, std::uint64_t level, std::span<Block> out) const {
    const std::uint64_t tweak = group_ << 16 | level << 8 | static_cast<std::uint64_t>(use);
    const std::span<const Block> in(reinterpret_cast<const Block*>(nodes_.bytes().data()), count_);
    hash_.hash(tweak, 0, words(in), words(out));
  }
  void mend(std::span<Block> blocks, std::size_t at, Block value) const {
    kernels_.add_at(words(blocks).data(), blocks.size(), at, words(std::span<const Block>(&value, 1)).data());
  }

 private:
  const Block& half(std::size_t side) const {
    return reinterpret_cast<const Block*>(nodes_.bytes().data())[side * count_ / 2];
  }
  std::size_t group_, count_ = 0;
  std::uint64_t level_ = 1;
  SecretBytes nodes_, room_;
  const OtKernels& kernels_;
  const TweakedHash& hash_;
};

/// Two blocks for each leaf that the check compares, side by side.
struct Marks {
  std::vector<Block> low, high;
  Marks(const Tree& tree, std::size_t leaves) : low(leaves), high(leaves) {
    tree.derive(Use::CheckLow, 0, low);
    tree.derive(Use::CheckHigh, 0, high);
  }
  void into(Hasher& hasher) const {
    hasher.update(std::as_bytes(std::span(low))).update(std::as_bytes(std::span(high)));
  }
};

}  // namespace

std::size_t seed_tree_bytes(Groups groups, Threat threat) {
  if (groups.bits == 1) return 0;
  const std::size_t sums = 2 * sizeof(Block) * (Groups::kBits - groups.count());
  return sums + (threat == Threat::Malicious ? 2 * sizeof(Block) * groups.count() + kDigest : 0);
}

SecretBytes plant_seeds(Channel& peer, Groups groups, Threat threat, const SecretBytes& base, Isa isa) {
  const TweakedHash hash(isa);
  SecretBytes out(sizeof(Block) * groups.all_leaves());
  Bytes message;
  Hasher marks;
  std::size_t done = 0;
  for (std::size_t g = 0; g < groups.count(); ++g) {
    Tree tree(g, groups.width(g), ot_kernels(isa), hash);
    for (std::size_t side = 0; side < 2; ++side) tree.node(side) = block_at(base, 2 * groups.first(g) + side);
    tree.start();
    for (std::size_t l = 1; l < groups.width(g); ++l) {
      tree.grow();
      for (std::size_t side = 0; side < 2; ++side)
        append(message, tree.sum(side) ^ block_at(base, 2 * (groups.first(g) + l) + side));
    }
    if (threat == Threat::Malicious && groups.bits > 1) {
      const Marks m(tree, groups.leaves(g));
      append(message, tree.sum_of(m.low));
      append(message, tree.sum_of(m.high));
      m.into(marks);
    }
    tree.derive(Use::Key, 0, {&block_at(out, done), groups.leaves(g)});
    done += groups.leaves(g);
  }
  if (threat == Threat::Malicious && groups.bits > 1) append(message, marks.finish());
  ensure(message.size() == seed_tree_bytes(groups, threat), "trees as large as declared");
  if (!message.empty()) peer.send(kTag, message);
  return out;
}

SecretBytes learn_seeds(Channel& peer, Groups groups, Threat threat, const SecretBytes& base, Block delta,
                        Isa isa) {
  const TweakedHash hash(isa);
  SecretBytes out(sizeof(Block) * groups.all_leaves());
  Bytes message(seed_tree_bytes(groups, threat));
  if (!message.empty()) peer.receive(kTag, std::span(message));
  std::size_t read = 0, done = 0;
  auto next = [&] {
    read += sizeof(Block);
    return read_at<Block>(message, read - sizeof(Block));
  };
  Hasher marks;
  for (std::size_t g = 0; g < groups.count(); ++g) {
    const std::size_t first = groups.first(g);
    Tree tree(g, groups.width(g), ot_kernels(isa), hash);
    tree.node(0) = tree.node(1) = block_at(base, first);  // one of them is right
    tree.start();
    Word path = bit(delta, first);
    for (std::size_t l = 1; l < groups.width(g); ++l) {
      tree.grow();
      const Word on_path = bit(delta, first + l), side = on_path ^ 1;
      const Block left = next(), right = next();
      const Block due = select(side, left, right) ^ block_at(base, first + l);
      const Block have = select(side, tree.sum(0), tree.sum(1));
      tree.mend(tree.nodes(), path | side << l, due ^ have);
      path |= on_path << l;
    }
    if (threat == Threat::Malicious && groups.bits > 1) {
      Marks m(tree, groups.leaves(g));
      const Block low = next(), high = next();
      tree.mend(m.low, path, low ^ tree.sum_of(m.low));
      tree.mend(m.high, path, high ^ tree.sum_of(m.high));
      m.into(marks);
    }
    const std::span<Block> keys(&block_at(out, done), groups.leaves(g));
    tree.derive(Use::Key, 0, keys);
    // Leaf x to x ^ Δ_group: each bit of it exchanges leaves in pairs or leaves them.
    for (std::size_t l = 0; l < groups.width(g); ++l)
      for (std::size_t x = 0; x < keys.size(); ++x)
        if ((x >> l & 1) == 0) {
          Block &a = keys[x], &b = keys[x | std::size_t{1} << l];
          const Block difference = (a ^ b) & bit(delta, first + l);
          a = a ^ difference;
          b = b ^ difference;
        }
    done += keys.size();
  }
  if (threat == Threat::Malicious && groups.bits > 1 &&
      !equal_in_constant_time(marks.finish(), ByteView(message).subspan(read)))
    throw CheatDetected(fmt::format("{} sent seed trees that do not fit together", peer.peer_name()));
  return out;
}

}  // namespace tacit::ot
