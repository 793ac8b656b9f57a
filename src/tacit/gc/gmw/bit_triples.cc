// With a of the receiver and b of the sender, who has blocks k and k ^ D: m0 = H(k), m1 = H(k ^ D), of one
// bit. The sender tells d = b ^ m0 ^ m1, so that the receiver's H(k ^ aD) ^ ad is m0 ^ ab: a share, and m0
// the other.
#include "tacit/gc/gmw/bit_triples.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

namespace {

constexpr std::size_t kWordsAtOnce = 1024;  // whose blocks are 1 MiB

/// One sender may have one delta for all its receivers.
std::uint64_t tweak_of(std::size_t sender, std::size_t receiver) { return sender << 32 | receiver; }

void add_to(std::span<Word> sum, std::span<const Word> more) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= more[i];
}

}  // namespace

BitTriples::BitTriples(std::vector<Word> a, std::vector<Word> b, std::vector<Word> c)
    : a_(std::move(a)), b_(std::move(b)), c_(std::move(c)) {
  ensure(a_.size() == b_.size() && a_.size() == c_.size(), "as many of each");
}

BitTriples::Taken BitTriples::take(std::size_t words) {
  require(words <= left(), "{} words of bit triples are left, and {} are asked for", left(), words);
  const std::size_t first = used_;
  used_ += words;
  return {std::span(a_).subspan(first, words), std::span(b_).subspan(first, words),
          std::span(c_).subspan(first, words)};
}

BitTriples BitTriples::split(std::size_t words) {
  const Taken t = take(words);
  return {{t.a.begin(), t.a.end()}, {t.b.begin(), t.b.end()}, {t.c.begin(), t.c.end()}};
}

void BitTriples::add(BitTriples more) {
  auto append = [&](std::vector<Word>& to, const std::vector<Word>& from) {
    to.erase(to.begin(), to.begin() + static_cast<std::ptrdiff_t>(used_));
    to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(more.used_), from.end());
  };
  append(a_, more.a_);
  append(b_, more.b_);
  append(c_, more.c_);
  used_ = 0;
}

TripleMaker::TripleMaker(Party& party, PairwiseCot& transfers)
    : party_(party), transfers_(transfers), hash_(party.compute().kernels.isa) {
  ensure(transfers.to.size() == party.count() && transfers.from.size() == party.count(),
         "transfers with every party");
}

std::uint64_t TripleMaker::bytes(std::size_t parties, std::size_t words) {
  return parties * (parties - 1) * words * sizeof(Word);
}

std::vector<Word> TripleMaker::hashed(std::uint64_t tweak, std::uint64_t first,
                                      std::vector<Block> blocks) const {
  hash_.hash(tweak, first, words(std::span<const Block>(blocks)), words(std::span(blocks)));
  std::vector<Word> bits(blocks.size() / 64);
  for (std::size_t i = 0; i < blocks.size(); ++i) bits[i / 64] |= (blocks[i].low & 1) << i % 64;
  return bits;
}

std::vector<Word> TripleMaker::receive(std::size_t peer, std::span<const Word> choices) {
  std::vector<Block> blocks(64 * choices.size());
  transfers_.from[peer]->receive(choices, blocks);
  return hashed(tweak_of(peer, index(party_.id())), made_, std::move(blocks));
}

std::vector<Word> TripleMaker::send(std::size_t peer, std::span<const Word> b,
                                    std::vector<Word>& correction) {
  std::vector<Block> blocks(64 * b.size());
  transfers_.to[peer]->send(blocks);
  const Block delta = transfers_.to[peer]->delta();
  const std::uint64_t tweak = tweak_of(index(party_.id()), peer);
  std::vector<Word> zero = hashed(tweak, made_, blocks);
  for (Block& k : blocks) k = k ^ delta;
  const std::vector<Word> one = hashed(tweak, made_, std::move(blocks));
  for (std::size_t i = 0; i < b.size(); ++i) correction.push_back(b[i] ^ zero[i] ^ one[i]);
  return zero;
}

BitTriples TripleMaker::make(std::size_t words) {
  const std::size_t parties = party_.count(), self = index(party_.id());
  std::vector<Word> a(words), b(words), c(words);
  party_.coins().mine().fill(0, a);
  party_.coins().mine().fill(0, b);
  for (std::size_t i = 0; i < words; ++i) c[i] = a[i] & b[i];
  std::vector<std::vector<Word>> corrections(parties);
  for (std::size_t done = 0; done < words; done += kWordsAtOnce) {
    const std::size_t n = std::min(kWordsAtOnce, words - done);
    auto of = [&](std::vector<Word>& v) { return std::span(v).subspan(done, n); };
    // All pairs in one order, the lower party receiving first: whoever waits, waits for somebody who works.
    for (std::size_t peer = 0; peer < parties; ++peer) {
      if (peer == self) continue;
      if (self < peer) add_to(of(c), receive(peer, of(a)));
      add_to(of(c), send(peer, of(b), corrections[peer]));
      if (self > peer) add_to(of(c), receive(peer, of(a)));
    }
    made_ += 64 * n;
  }
  std::vector<std::vector<Word>> told(parties, std::vector<Word>(words));
  std::vector<ByteView> out;
  std::vector<ByteSpan> in;
  for (std::size_t peer = 0; peer < parties; ++peer) {
    out.push_back(std::as_bytes(std::span(corrections[peer])));
    in.push_back(std::as_writable_bytes(std::span(told[peer])));
  }
  party_.trade("triples.correct", out, in);
  for (std::size_t peer = 0; peer < parties; ++peer)
    for (std::size_t i = 0; peer != self && i < words; ++i) c[i] ^= a[i] & told[peer][i];
  return {std::move(a), std::move(b), std::move(c)};
}

}  // namespace tacit::gc
