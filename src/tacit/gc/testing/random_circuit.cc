#include "tacit/gc/testing/random_circuit.h"

#include <algorithm>

#include "tacit/gc/multiparty/bits.h"

namespace tacit::gc::testing {

Circuit random_circuit(std::mt19937_64& rng, std::size_t inputs, std::size_t gates, std::size_t outputs) {
  Circuit c;
  c.inputs = c.wires = inputs;
  auto any = [&] { return static_cast<Wire>(rng() % c.wires); };
  for (std::size_t i = 0; i < gates; ++i) {
    const Gate::Kind kinds[] = {Gate::Kind::And, Gate::Kind::And, Gate::Kind::Xor, Gate::Kind::Not};
    const Gate::Kind kind = kinds[rng() % 4];
    const Wire a = any(), b = kind == Gate::Kind::Not || rng() % 16 == 0 ? a : any();
    c.gates.push_back({kind, a, b, static_cast<Wire>(c.wires++)});
  }
  for (std::size_t i = 0; i < outputs; ++i) c.outputs.push_back(any());
  return c;
}

std::vector<Word> random_bits(std::mt19937_64& rng, std::size_t bits) {
  std::vector<Word> out(words_for(bits));
  for (Word& w : out) w = rng();
  if (bits % 64 != 0) out.back() &= (Word{1} << (bits % 64)) - 1;
  return out;
}

std::vector<Word> evaluate_copies(const Circuit& circuit, std::size_t copies, std::span<const Word> inputs) {
  std::vector<Word> out(words_for(circuit.outputs.size() * copies));
  for (std::size_t first = 0; first < copies; first += 64) {
    const std::size_t now = std::min<std::size_t>(64, copies - first);
    std::vector<Word> in;
    for (std::size_t i = 0; i < circuit.inputs; ++i)
      in.push_back(bits_at(inputs.data(), i * copies + first, now));
    const std::vector<Word> values = evaluate(circuit, in);
    for (std::size_t o = 0; o < values.size(); ++o) put_bits(out.data(), o * copies + first, now, values[o]);
  }
  return out;
}

}  // namespace tacit::gc::testing
