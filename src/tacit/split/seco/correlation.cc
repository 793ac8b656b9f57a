#include "tacit/split/seco/correlation.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit::seco {

namespace {

std::vector<Word> from_seed(ByteView seed, std::size_t words) {
  std::vector<Word> out(words);
  Prg(seed, detect_isa()).fill(0, 0, out);
  return out;
}

/// Numbers of which all servers have summands and whose bits are needed: position after position of the masks
/// of a stage's sum, then the mask of its value. Each begins a word of its own.
std::vector<std::vector<Word>> numbers_of(const Network& network, std::size_t s,
                                          const std::vector<std::vector<Word>>& masks,
                                          const std::vector<std::vector<Word>>& sum_masks) {
  const Stage& stage = network.stages[s];
  const auto [positions, copies] = circuit_shape(stage);
  const std::vector<Word> all = gathered(stage.activation, sum_masks[s]);
  std::vector<std::vector<Word>> out;
  for (std::size_t p = 0; p < positions; ++p) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(p * copies);
    out.emplace_back(first, first + static_cast<std::ptrdiff_t>(copies));
  }
  if (s + 1 < network.stages.size()) out.push_back(masks[s + 1]);
  return out;
}

}  // namespace

Circuits::Circuits(const Network& network, std::size_t parties, ActivationBy by)
    : sum_(sum_circuit(network.numbers, parties)), activations_(make_activations(by, network, parties)) {}

std::vector<Word> input_mask(const Face& face, ByteView seed) {
  std::vector<Word> out = from_seed(seed, elements(face.input));
  for (Word& w : out) w &= face.numbers.mask();
  return out;
}
std::vector<Word> answer_mask(const Face& face, ByteView seed) {
  return from_seed(seed, face.answer_bits * plane_words(face.answers));
}

Preparation::Preparation(Party& party, const Network& network, const Holders& holders, const Weights& weights,
                         const Circuits& circuits, gc::PairwiseTransfers& transfers)
    : party_(party),
      network_(network),
      holders_(holders),
      weights_(weights),
      circuits_(circuits),
      face_(face_of(network)),
      linear_(party, network),
      triples_(party, transfers),
      activations_(circuits.activations().maker(party, transfers)) {}

std::vector<Word> Preparation::draw_masks(std::size_t n) {
  std::vector<Word> out(n);
  party_.coins().mine().fill(0, out);
  for (Word& w : out) w &= network_.numbers.mask();
  return out;
}

Correlation Preparation::next() {
  Correlation c;
  c.input_seed = os_entropy(Prg::kKeySize);
  c.answer_seed = os_entropy(Prg::kKeySize);
  std::vector<std::vector<Word>> masks{input_mask(face_, c.input_seed.bytes())}, sum_masks;
  for (std::size_t s = 0; s < network_.stages.size(); ++s) {
    const Stage& stage = network_.stages[s];
    const bool last = s + 1 == network_.stages.size();
    sum_masks.push_back(draw_masks(elements(stage.sum)));
    if (!last) masks.push_back(draw_masks(stage.outputs()));
  }
  for (std::size_t s = 0; s < network_.stages.size(); ++s) {
    const Stage& stage = network_.stages[s];
    StageCorrelation& mine = c.stages.emplace_back();
    mine.addend = linear_.share(stage, holders_[s], weights_.empty() ? nullptr : &weights_, masks);
    for (const Term& term : stage.terms) {
      if (term.is_private()) continue;
      const Words part = apply(party_.compute(), term, nullptr, masks[term.value]);
      for (std::size_t i = 0; i < mine.addend.size(); ++i) mine.addend[i] += part.data()[i];
    }
    for (std::size_t i = 0; i < mine.addend.size(); ++i)
      mine.addend[i] = (mine.addend[i] + sum_masks[s][i]) & network_.numbers.mask();
  }
  auto activations = activations_->make(mask_bits(c, masks, sum_masks));
  for (std::size_t s = 0; s < c.stages.size(); ++s) c.stages[s].activation = std::move(activations[s]);
  return c;
}

/// All numbers of all stages at once, so that the rounds are those of one sum. Gives shares of the bits, a
/// stage, and of the answer's mask what this server has told its user.
std::vector<gc::WipedWords> Preparation::mask_bits(const Correlation& c,
                                                   const std::vector<std::vector<Word>>& masks,
                                                   const std::vector<std::vector<Word>>& sum_masks) {
  const std::size_t bits = network_.numbers.bits, self = index(party_.id());
  std::vector<std::vector<std::vector<Word>>> numbers;
  std::size_t words = 0;
  for (std::size_t s = 0; s < network_.stages.size(); ++s) {
    numbers.push_back(numbers_of(network_, s, masks, sum_masks));
    for (const auto& n : numbers.back()) words += plane_words(n.size());
  }
  // The party's own numbers are its share of one operand; of the others its share is zero.
  gc::WipedWords in(party_.count() * bits * words);
  std::size_t at = 0;
  for (const auto& stage : numbers)
    for (const auto& n : stage) {
      const std::vector<Word> planes = to_planes(n, bits);
      const std::size_t each = plane_words(n.size());
      for (std::size_t b = 0; b < bits; ++b)
        std::copy_n(planes.data() + b * each, each, in.data() + (self * bits + b) * words + at);
      at += each;
    }
  gc::BitTriples triples = triples_.make(circuits_.sum().triples(words));
  const std::vector<Word> sums = gc::Gmw(party_).evaluate(circuits_.sum(), words, {}, in.all(), triples);
  std::vector<gc::WipedWords> out;
  at = 0;
  for (std::size_t s = 0; s < numbers.size(); ++s) {
    const CircuitPorts ports(network_, s);
    out.emplace_back(ports.mask_planes() * ports.words());
    Word* to = out.back().data();
    for (const auto& n : numbers[s]) {
      const std::size_t each = plane_words(n.size());
      for (std::size_t b = 0; b < bits; ++b) to = std::copy_n(sums.data() + b * words + at, each, to);
      at += each;
    }
    if (!ports.last) continue;
    const std::vector<Word> answer = answer_mask(face_, c.answer_seed.bytes());
    std::copy(answer.begin(), answer.end(), to);
  }
  return out;
}

}  // namespace tacit::seco
