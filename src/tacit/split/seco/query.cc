#include "tacit/split/seco/query.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::seco {

namespace {

/// This server's share of a stage's masked sum.
std::vector<Word> sum_share(Party& party, const Stage& stage, bool holds, const Weights& weights,
                            std::vector<Word> addend, const std::vector<std::vector<Word>>& values) {
  for (const Term& term : stage.terms) {
    // Of what everyone knows the first server takes the whole.
    const bool mine = term.is_private() ? holds : party.id() == party_id(0);
    if (!mine) continue;
    const RingTensor* w = term.is_private() ? &weights[term.weights] : nullptr;
    const Words part = apply(party.compute(), term, w, values[term.value]);
    for (std::size_t i = 0; i < addend.size(); ++i) addend[i] += part.data()[i];
  }
  if (stage.bias && holds) add_bias(stage, weights[*stage.bias], addend);
  return addend;
}

/// The sum of all servers' shares: one round, of as many bytes a number as its bits take.
std::vector<Word> open_sum(Party& party, const Numbers& numbers, std::span<const Word> share) {
  std::vector<Word> sum(share.begin(), share.end());
  for (Word& w : sum) w &= numbers.mask();
  const Bytes own = packed(numbers, sum);
  std::vector<Bytes> told(party.count(), Bytes(own.size()));
  const std::vector<ByteView> to(party.count(), ByteView(own));
  const std::vector<ByteSpan> from(told.begin(), told.end());
  party.trade("seco.sum", to, from);
  for (std::size_t p = 0; p < party.count(); ++p) {
    if (party_id(p) == party.id()) continue;
    const std::vector<Word> theirs = unpacked(numbers, told[p]);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += theirs[i];
  }
  for (Word& w : sum) w &= numbers.mask();
  return sum;
}

}  // namespace

Question::Question(const Face& face, std::span<const ByteView> input_seeds,
                   std::span<const ByteView> answer_seeds)
    : face_(face), input_mask_(elements(face.input), 0) {
  for (const ByteView seed : input_seeds) {
    const std::vector<Word> m = input_mask(face, seed);
    for (std::size_t i = 0; i < m.size(); ++i) input_mask_[i] += m[i];
  }
  for (const ByteView seed : answer_seeds) {
    const std::vector<Word> m = answer_mask(face, seed);
    answer_mask_.resize(m.size(), 0);
    for (std::size_t i = 0; i < m.size(); ++i) answer_mask_[i] ^= m[i];
  }
}

std::vector<Word> Question::masked(std::span<const Word> x) const {
  require(x.size() == input_mask_.size(), "the input has {} numbers, and the model takes {}", x.size(),
          input_mask_.size());
  std::vector<Word> out;
  for (std::size_t i = 0; i < x.size(); ++i) out.push_back((x[i] - input_mask_[i]) & face_.numbers.mask());
  return out;
}

std::vector<Word> Question::unmasked(std::span<const Word> masked_answer) const {
  require(masked_answer.size() == answer_mask_.size(), "an answer of {} words, where {} are due",
          masked_answer.size(), answer_mask_.size());
  std::vector<Word> planes;
  for (std::size_t i = 0; i < answer_mask_.size(); ++i) planes.push_back(masked_answer[i] ^ answer_mask_[i]);
  return from_planes(planes, face_.answer_bits, face_.answers);
}

std::vector<Word> answer(Party& party, const Network& network, const Holders& holders, const Weights& weights,
                         Correlation correlation, std::span<const Word> masked_input, Seen* seen) {
  require(masked_input.size() == elements(network.input), "an input of {} numbers, where {} are due",
          masked_input.size(), elements(network.input));
  const Numbers& numbers = network.numbers;
  std::vector<std::vector<Word>> values{{masked_input.begin(), masked_input.end()}};
  for (std::size_t s = 0;; ++s) {
    const Stage& stage = network.stages[s];
    StageCorrelation& mine = correlation.stages[s];
    const bool holds = std::find(holders[s].begin(), holders[s].end(), party.id()) != holders[s].end();
    std::vector<Word> sum =
        open_sum(party, numbers, sum_share(party, stage, holds, weights, std::move(mine.addend), values));
    if (seen != nullptr) seen->sums.push_back(sum);
    const std::unique_ptr<PreparedActivation> activation = std::move(mine.activation);
    std::vector<Word> result = std::move(*activation).evaluate(party, sum);
    if (s + 1 == network.stages.size()) return result;
    values.push_back(std::move(result));
    if (seen != nullptr) seen->values.push_back(values.back());
  }
}

}  // namespace tacit::seco
