#include "tacit/split/seco/activation.h"

#include "tacit/base/error.h"
#include "tacit/gc/circuit/arithmetic.h"

namespace tacit::seco {

namespace {

using gc::Bit;
using gc::Bits;

Bits extended(Bits x, std::size_t bits) {
  const Bit sign = x.back();
  x.resize(bits, sign);
  return x;
}

/// Arithmetic by which a circuit has fewest rounds, or gates.
struct Arithmetic {
  Bits (*subtract)(gc::Builder&, const Bits&, const Bits&);
  Bit (*less)(gc::Builder&, const Bits&, const Bits&);
};
constexpr Arithmetic kShallow{gc::shallow_subtract, gc::shallow_less_signed};
constexpr Arithmetic kSmall{gc::subtract, gc::less_signed};

}  // namespace

gc::Circuit activation_circuit(const Numbers& n, const Stage& stage, bool last, Fewest fewest) {
  const Arithmetic& by = fewest == Fewest::Rounds ? kShallow : kSmall;
  const Activation& a = stage.activation;
  const std::size_t positions = circuit_shape(stage).positions;
  gc::Builder c;
  std::vector<Bits> open, mask, values;
  for (std::size_t i = 0; i < positions; ++i) open.push_back(c.inputs(n.bits));
  for (std::size_t i = 0; i < positions; ++i) mask.push_back(c.inputs(n.bits));
  const Bits out_mask = c.inputs(last ? output_bits(n, stage) : n.bits);
  auto masked = [&](const Bits& z) {
    if (!last) return by.subtract(c, z, out_mask);
    Bits out;
    for (std::size_t i = 0; i < z.size(); ++i) out.push_back(c.bit_xor(z[i], out_mask[i]));
    return out;
  };
  for (std::size_t i = 0; i < positions; ++i) {
    const Bits x = by.subtract(c, open[i], mask[i]);
    values.emplace_back(x.begin() + a.truncate, x.end());
  }
  if (a.largest_place) {
    ensure(last, "the place of the largest is an answer");
    Bits place = gc::argmax(c, values);
    place.resize(output_bits(n, stage), false);
    return c.finish(masked(place));
  }
  while (values.size() > 1) {
    std::vector<Bits> winners;
    for (std::size_t i = 0; i + 1 < values.size(); i += 2)
      winners.push_back(gc::select(c, by.less(c, values[i], values[i + 1]), values[i + 1], values[i]));
    if (values.size() % 2 == 1) winners.push_back(values.back());
    values = std::move(winners);
  }
  Bits z = values[0];
  if (a.relu) z = gc::relu(c, z);
  if (a.ceiling) {
    const Bits top = gc::constant(*a.ceiling, z.size());
    z = gc::select(c, by.less(c, top, z), top, z);
  }
  return c.finish(masked(extended(z, n.bits)));
}

gc::Circuit sum_circuit(const Numbers& n, std::size_t parties) {
  gc::Builder c;
  std::vector<Bits> all;
  for (std::size_t i = 0; i < parties; ++i) all.push_back(c.inputs(n.bits));
  Bits sum = all[0];
  for (std::size_t i = 1; i < parties; ++i) sum = gc::add(c, sum, all[i]);
  return c.finish(sum);
}

std::vector<Word> gathered(const Activation& activation, std::span<const Word> sum) {
  if (activation.windows.empty()) return {sum.begin(), sum.end()};
  std::vector<Word> out;
  for (const std::size_t place : activation.windows) out.push_back(sum[place]);
  return out;
}

std::vector<Word> to_planes(std::span<const Word> numbers, std::size_t bits) {
  const std::size_t words = plane_words(numbers.size());
  std::vector<Word> planes(bits * words, 0);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (std::size_t b = 0; b < bits; ++b) planes[b * words + i / 64] |= (numbers[i] >> b & 1) << i % 64;
  return planes;
}

std::vector<Word> from_planes(std::span<const Word> planes, std::size_t bits, std::size_t count) {
  const std::size_t words = plane_words(count);
  ensure(planes.size() == bits * words, "planes of all bits");
  std::vector<Word> numbers(count, 0);
  for (std::size_t b = 0; b < bits; ++b)
    for (std::size_t i = 0; i < count; ++i) numbers[i] |= (planes[b * words + i / 64] >> i % 64 & 1) << b;
  return numbers;
}

CircuitPorts::CircuitPorts(const Network& network, std::size_t stage)
    : numbers(network.numbers),
      activation(network.stages[stage].activation),
      positions(circuit_shape(network.stages[stage]).positions),
      copies(circuit_shape(network.stages[stage]).copies),
      out_bits(output_bits(network.numbers, network.stages[stage])),
      last(stage + 1 == network.stages.size()) {}

std::vector<Word> CircuitPorts::opened(std::span<const Word> sum) const {
  std::vector<Word> all = gathered(activation, sum);
  ensure(all.size() == positions * copies, "the numbers of the stage's sum");
  if (activation.truncate > 0)
    for (Word& w : all) w += Word{1} << (activation.truncate - 1);
  std::vector<Word> planes;
  for (std::size_t p = 0; p < positions; ++p) {
    const std::vector<Word> of_one = to_planes(std::span(all).subspan(p * copies, copies), numbers.bits);
    planes.insert(planes.end(), of_one.begin(), of_one.end());
  }
  return planes;
}

std::vector<Word> CircuitPorts::result(std::vector<Word> planes) const {
  return last ? planes : from_planes(planes, out_bits, copies);
}

}  // namespace tacit::seco
