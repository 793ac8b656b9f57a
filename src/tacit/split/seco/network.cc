#include "tacit/split/seco/network.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/split/seco/activation.h"

namespace tacit::seco {

namespace {

Shape with_batch(const Shape& s) {
  Shape out = s;
  out.insert(out.begin(), 1);
  return out;
}

/// Halves up, within the ring.
std::int64_t rounded(const Numbers& n, const Activation& a, Word x) {
  if (a.truncate == 0) return n.signed_of(x);
  return n.signed_of(x + (Word{1} << (a.truncate - 1))) >> a.truncate;
}

Word activated(const Numbers& n, const Activation& a, std::span<const Word> sum, std::size_t result,
               std::size_t results) {
  std::int64_t best = 0;
  for (std::size_t p = 0; p < a.positions; ++p) {
    const std::int64_t x = rounded(n, a, sum[a.windows.empty() ? result : a.windows[p * results + result]]);
    best = p == 0 ? x : std::max(best, x);
  }
  if (a.relu) best = std::max<std::int64_t>(best, 0);
  if (a.ceiling) best = std::min(best, n.signed_of(*a.ceiling));
  return n.reduce(best);
}

}  // namespace

Bytes packed(const Numbers& numbers, std::span<const Word> x) {
  const std::size_t size = numbers.bytes();
  Bytes out(x.size() * size);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t b = 0; b < size; ++b) out[i * size + b] = static_cast<std::byte>(x[i] >> 8 * b);
  return out;
}
std::vector<Word> unpacked(const Numbers& numbers, ByteView bytes) {
  const std::size_t size = numbers.bytes();
  std::vector<Word> out(bytes.size() / size, 0);
  for (std::size_t i = 0; i < out.size(); ++i)
    for (std::size_t b = 0; b < size; ++b) out[i] |= std::to_integer<Word>(bytes[i * size + b]) << 8 * b;
  return out;
}

CircuitShape circuit_shape(const Stage& stage) {
  if (stage.activation.places > 0) return {elements(stage.sum), 1};
  return {stage.activation.positions, stage.outputs()};
}

namespace {
/// Of one place among so many.
std::size_t place_bits(std::size_t among) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::bit_width(among - 1)));
}
}  // namespace

std::size_t output_bits(const Numbers& numbers, const Stage& stage) {
  const std::size_t places = stage.activation.places;
  return places > 0 ? places * place_bits(elements(stage.sum)) : numbers.bits;
}

Face face_of(const Network& network) {
  const Stage& last = network.stages.back();
  const std::size_t bits = last.activation.places > 0 ? place_bits(elements(last.sum)) : network.numbers.bits;
  return {network.numbers, network.input, last.outputs(), static_cast<unsigned>(bits)};
}

// Scores are as many copies of a number; places are all bits of one copy.
std::size_t answer_words(const Face& face) {
  return face.answer_bits * (face.tells_places() ? face.answers : plane_words(face.answers));
}
std::vector<Word> answer_from(const Face& face, std::span<const Word> planes) {
  if (!face.tells_places()) return from_planes(planes, face.answer_bits, face.answers);
  ensure(planes.size() == answer_words(face), "planes of all places");
  std::vector<Word> out(face.answers, 0);
  for (std::size_t i = 0; i < planes.size(); ++i)
    out[i / face.answer_bits] |= (planes[i] & 1) << i % face.answer_bits;
  return out;
}

Face with_top(Face face, std::size_t k) {
  require(!face.tells_places(), "the model tells places already, and no scores");
  require(k >= 1 && k <= face.answers, "of {} scores there is no top {}", face.answers, k);
  face.answer_bits = static_cast<unsigned>(place_bits(face.answers));
  face.answers = k;
  return face;
}

Network with_top(Network network, std::size_t k) {
  with_top(face_of(network), k);  // or says why not
  Stage& last = network.stages.back();
  if (last.activation.relu || last.activation.ceiling || !last.activation.windows.empty()) {
    Stage top;
    top.name = "top";
    top.terms.push_back({.kind = Term::Kind::Same, .value = network.stages.size(), .in = last.out});
    top.sum = {last.outputs()};
    network.stages.push_back(std::move(top));
  }
  network.stages.back().activation.places = k;
  network.stages.back().out = {k};
  return network;
}

const Shape& shape_of(const Network& network, std::size_t value) {
  return value == 0 ? network.input : network.stages[value - 1].out;
}

Words apply(const Compute& compute, const Term& term, const RingTensor* weights, std::span<const Word> x) {
  Words out(x.size());
  if (term.kind == Term::Kind::Same) {
    std::transform(x.begin(), x.end(), out.data(), [&](Word w) { return w << term.lift; });
    return out;
  }
  std::copy(x.begin(), x.end(), out.data());
  if (term.kind == Term::Kind::Matrix) {
    const RingTensor in({1, x.size()}, std::move(out));
    return evaluate(compute, Bilinear::matmul(false, true), Field::Ring, in, *weights).words;
  }
  const RingTensor in(with_batch(term.in), std::move(out));
  if (term.kind == Term::Kind::Convolution)
    return evaluate(compute, Bilinear::convolution(term.geometry), Field::Ring, in, *weights).words;
  const RingTensor ones(term.kernel, Words(elements(term.kernel), term.factor));
  return evaluate(compute, Bilinear::convolution(term.geometry), Field::Ring, in, ones).words;
}

void add_bias(const Stage& stage, const RingTensor& bias, std::span<Word> sum) {
  const std::size_t each = sum.size() / bias.size();
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += bias.words.data()[i / each] << stage.bias_lift;
}

ClearRun clear_run(const Compute& compute, const Model& model, std::span<const Word> x) {
  const Network& net = model.network;
  const std::vector<Word> input(x.begin(), x.end());
  ClearRun run;
  for (const Stage& stage : net.stages) {
    std::vector<Word> sum(elements(stage.sum), 0);
    for (const Term& term : stage.terms) {
      const RingTensor* w = term.is_private() ? &model.weights[term.weights] : nullptr;
      const Words part = apply(compute, term, w, term.value == 0 ? input : run.values[term.value - 1]);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part.data()[i];
    }
    if (stage.bias) add_bias(stage, model.weights[*stage.bias], sum);
    for (Word& w : sum) w &= net.numbers.mask();
    std::vector<Word> out(stage.outputs());
    if (stage.activation.places > 0) {
      std::vector<std::int64_t> scores;
      for (const Word w : sum) scores.push_back(rounded(net.numbers, stage.activation, w));
      std::vector<Word> order(scores.size());
      std::iota(order.begin(), order.end(), Word{0});
      std::stable_sort(order.begin(), order.end(), [&](Word a, Word b) { return scores[a] > scores[b]; });
      std::copy_n(order.begin(), out.size(), out.begin());
    } else {
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = activated(net.numbers, stage.activation, sum, i, out.size());
    }
    run.sums.push_back(std::move(sum));
    run.values.push_back(std::move(out));
  }
  return run;
}

std::vector<Word> clear_answer(const Compute& compute, const Model& model, std::span<const Word> x) {
  return clear_run(compute, model, x).values.back();
}

namespace {

void check_term(const Network& n, const Stage& stage, std::size_t number, const Term& t) {
  auto fits = [](bool condition) { require(condition, "a term that does not fit its network"); };
  fits(t.value <= number && elements(t.in) == elements(shape_of(n, t.value)));
  const Shape sum = with_batch(stage.sum);
  switch (t.kind) {
    case Term::Kind::Convolution:
      fits(t.weights < n.weights.size() && n.weights[t.weights].size() == 4 && t.in.size() == 3);
      fits(Bilinear::convolution(t.geometry).output_shape(with_batch(t.in), n.weights[t.weights]) == sum);
      return;
    case Term::Kind::Matrix:
      fits(t.weights < n.weights.size() && n.weights[t.weights].size() == 2);
      fits(n.weights[t.weights] == Shape{elements(stage.sum), elements(t.in)});
      return;
    case Term::Kind::AveragePool:
      fits(t.in.size() == 3 && t.kernel.size() == 4);
      fits(Bilinear::convolution(t.geometry).output_shape(with_batch(t.in), t.kernel) == sum);
      return;
    case Term::Kind::Same:
      fits(elements(t.in) == elements(stage.sum) && t.lift < 64);
      return;
  }
  fits(false);
}

}  // namespace

void check(const Network& n) {
  auto fits = [](bool condition) { require(condition, "a network that does not fit together"); };
  fits(n.numbers.bits >= 16 && n.numbers.bits <= 48 && n.numbers.fraction < n.numbers.bits);
  fits(!n.stages.empty() && !n.input.empty());
  for (std::size_t s = 0; s < n.stages.size(); ++s) {
    const Stage& stage = n.stages[s];
    const Activation& a = stage.activation;
    fits(!stage.sum.empty() && elements(stage.sum) > 0 && stage.outputs() > 0);
    for (const Term& t : stage.terms) check_term(n, stage, s, t);
    if (stage.bias) {
      fits(*stage.bias < n.weights.size() && n.weights[*stage.bias] == Shape{stage.sum[0]});
      fits(stage.bias_lift < n.numbers.bits);
    }
    fits(a.truncate < n.numbers.bits);
    if (a.places > 0)
      fits(s + 1 == n.stages.size() && a.windows.empty() && a.places <= elements(stage.sum) &&
           stage.out == Shape{a.places} && place_bits(elements(stage.sum)) < n.numbers.bits);
    if (a.windows.empty())
      fits(a.positions == 1 && (a.places > 0 || elements(stage.sum) == stage.outputs()));
    else
      fits(a.positions > 0 && a.windows.size() == a.positions * stage.outputs());
    for (const std::size_t place : a.windows) fits(place < elements(stage.sum));
  }
}

}  // namespace tacit::seco
