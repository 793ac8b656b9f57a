#include "tacit/split/seco/correlation_store.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::seco {

namespace {

constexpr std::string_view kMagic = "tacit correlation 1\n";

void save_number(std::uint64_t n, ByteWriter& to) { to.write(std::as_bytes(std::span(&n, 1))); }
void save_words(std::span<const Word> words, ByteWriter& to) {
  save_number(words.size(), to);
  to.write(std::as_bytes(words));
}

std::uint64_t load_number(ByteReader& from) {
  std::uint64_t n = 0;
  from.read(std::as_writable_bytes(std::span(&n, 1)));
  return n;
}
std::vector<Word> load_words(std::size_t due, std::string_view what, std::size_t stage, ByteReader& from) {
  const std::uint64_t there = load_number(from);
  require(there == due, "a correlation has {} words of {} in stage {}, where {} are due", there, what, stage,
          due);
  std::vector<Word> words(due);
  from.read(std::as_writable_bytes(std::span(words)));
  return words;
}

// What a stage's activation takes, of whatever kind.

void save_activation(StageCorrelation& c, ByteWriter& to) {
  save_words(c.planes, to);
  const auto triples = c.triples.take(c.triples.left());
  for (const auto& words : {triples.a, triples.b, triples.c}) save_words(words, to);
}

void load_activation(const Network& network, const Circuits& circuits, std::size_t s, ByteReader& from,
                     StageCorrelation& c) {
  const auto [positions, copies] = circuit_shape(network.stages[s]);
  const std::size_t words = plane_words(copies), masks = positions + (s + 1 < network.stages.size() ? 1 : 0);
  c.planes = load_words(masks * network.numbers.bits * words, "planes", s, from);
  const std::size_t triples = circuits.stage(s).triples(words);
  std::vector<Word> a = load_words(triples, "triples", s, from), b = load_words(triples, "triples", s, from),
                    ab = load_words(triples, "triples", s, from);
  c.triples = gc::BitTriples(std::move(a), std::move(b), std::move(ab));
}

}  // namespace

// "tacit correlation 1\n" | stages | seed of the input's mask | seed of the answer's | for each stage:
// words, the addend | what its activation takes. Numbers are u64.
void save(Correlation c, ByteWriter& to) {
  to.write(bytes_of(kMagic));
  save_number(c.stages.size(), to);
  ensure(c.input_seed.size() == Prg::kKeySize && c.answer_seed.size() == Prg::kKeySize, "seeds are there");
  to.write(c.input_seed.bytes());
  to.write(c.answer_seed.bytes());
  for (StageCorrelation& stage : c.stages) {
    save_words(stage.addend, to);
    save_activation(stage, to);
  }
}

Correlation load_correlation(const Network& network, const Circuits& circuits, ByteReader& from) {
  std::array<std::byte, kMagic.size()> magic{};
  from.read(magic);
  require(text_of(magic) == kMagic, "these bytes are no correlation, or of another version");
  const std::uint64_t stages = load_number(from);
  require(stages == network.stages.size(), "a correlation has {} stages, where {} are due", stages,
          network.stages.size());
  Correlation c;
  c.input_seed = SecretBytes(Prg::kKeySize);
  c.answer_seed = SecretBytes(Prg::kKeySize);
  from.read(c.input_seed.bytes());
  from.read(c.answer_seed.bytes());
  for (std::size_t s = 0; s < stages; ++s) {
    StageCorrelation& stage = c.stages.emplace_back();
    stage.addend = load_words(elements(network.stages[s].sum), "addends", s, from);
    const Word most = network.numbers.mask();
    // Whether a number is in range tells nothing of it where all are.
    require(std::all_of(stage.addend.begin(), stage.addend.end(), [&](Word w) { return w <= most; }),
            "a correlation has an addend out of range in stage {}", s);
    load_activation(network, circuits, s, from, stage);
  }
  return c;
}

}  // namespace tacit::seco
