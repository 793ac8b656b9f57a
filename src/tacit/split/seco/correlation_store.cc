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

void save_activation(std::unique_ptr<PreparedActivation> activation, ByteWriter& to) {
  const SecretBytes bytes = activation->save();
  activation.reset();
  save_number(bytes.size(), to);
  to.write(bytes.bytes());
}

std::unique_ptr<PreparedActivation> load_activation(const Activations& activations, std::size_t stage,
                                                    PartyId self, ByteReader& from) {
  const std::uint64_t there = load_number(from), due = activations.saved_size(stage, self);
  require(there == due, "a correlation has {} bytes for the activation of stage {}, where {} are due", there,
          stage, due);
  SecretBytes bytes(due);
  from.read(bytes.bytes());
  return activations.load(stage, self, bytes.bytes());
}

}  // namespace

std::uint64_t saved_size(const Network& network, const Activations& activations, PartyId self) {
  std::uint64_t bytes = kMagic.size() + sizeof(std::uint64_t) + 2 * Prg::kKeySize;
  for (std::size_t s = 0; s < network.stages.size(); ++s)
    bytes += 2 * sizeof(std::uint64_t) + elements(network.stages[s].sum) * sizeof(Word) +
             activations.saved_size(s, self);
  return bytes;
}

// "tacit correlation 1\n" | stages | seed of the input's mask | seed of the answer's | for each stage:
// words, the addend | bytes, its activation. Numbers are u64.
void save(Correlation c, ByteWriter& to) {
  to.write(bytes_of(kMagic));
  save_number(c.stages.size(), to);
  ensure(c.input_seed.size() == Prg::kKeySize && c.answer_seed.size() == Prg::kKeySize, "seeds are there");
  to.write(c.input_seed.bytes());
  to.write(c.answer_seed.bytes());
  for (StageCorrelation& stage : c.stages) {
    save_words(stage.addend, to);
    save_activation(std::move(stage.activation), to);
  }
}

Correlation load_correlation(const Network& network, const Circuits& circuits, PartyId self,
                             ByteReader& from) {
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
    stage.activation = load_activation(circuits.activations(), s, self, from);
  }
  return c;
}

}  // namespace tacit::seco
