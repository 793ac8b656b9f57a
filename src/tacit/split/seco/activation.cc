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

Bits shallow_larger(gc::Builder& c, const Bits& a, const Bits& b) {
  return gc::select(c, gc::shallow_less_signed(c, a, b), b, a);
}

}  // namespace

gc::Circuit activation_circuit(const Numbers& n, const Stage& stage, bool last) {
  const Activation& a = stage.activation;
  const std::size_t positions = circuit_shape(stage).positions;
  gc::Builder c;
  std::vector<Bits> open, mask, values;
  for (std::size_t i = 0; i < positions; ++i) open.push_back(c.inputs(n.bits));
  for (std::size_t i = 0; i < positions; ++i) mask.push_back(c.inputs(n.bits));
  const Bits next = last ? Bits() : c.inputs(n.bits);
  for (std::size_t i = 0; i < positions; ++i) {
    const Bits x = gc::shallow_subtract(c, open[i], mask[i]);
    values.emplace_back(x.begin() + a.truncate, x.end());
  }
  if (a.largest_place) {
    ensure(last, "the place of the largest is an answer");
    Bits place = gc::argmax(c, values);
    place.resize(output_bits(n, stage), false);
    return c.finish(place);
  }
  while (values.size() > 1) {
    std::vector<Bits> winners;
    for (std::size_t i = 0; i + 1 < values.size(); i += 2)
      winners.push_back(shallow_larger(c, values[i], values[i + 1]));
    if (values.size() % 2 == 1) winners.push_back(values.back());
    values = std::move(winners);
  }
  Bits z = values[0];
  if (a.relu) z = gc::relu(c, z);
  if (a.ceiling) {
    const Bits top = gc::constant(*a.ceiling, z.size());
    z = gc::select(c, gc::shallow_less_signed(c, top, z), top, z);
  }
  z = extended(z, n.bits);
  return c.finish(last ? z : gc::shallow_subtract(c, z, next));
}

gc::Circuit sum_circuit(const Numbers& n, std::size_t parties) {
  gc::Builder c;
  std::vector<Bits> all;
  for (std::size_t i = 0; i < parties; ++i) all.push_back(c.inputs(n.bits));
  Bits sum = all[0];
  for (std::size_t i = 1; i < parties; ++i) sum = gc::add(c, sum, all[i]);
  return c.finish(sum);
}

std::vector<Word> gathered(const Stage& stage, std::span<const Word> sum) {
  if (stage.activation.windows.empty()) return {sum.begin(), sum.end()};
  std::vector<Word> out;
  for (const std::size_t place : stage.activation.windows) out.push_back(sum[place]);
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

}  // namespace tacit::seco
