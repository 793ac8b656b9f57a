#include "tacit/split/seco/cost.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/gc/circuit/arithmetic.h"

namespace tacit::seco {

namespace {

/// Who garbled circuits are evaluated by.
constexpr PartyId kEvaluator = party_id(0);

bool is_last(const Network& network, std::size_t stage) { return stage + 1 == network.stages.size(); }

}  // namespace

std::string_view to_string(Evaluation evaluation) {
  return evaluation == Evaluation::Gmw ? "gmw" : "garbled";
}

gc::Circuit garbling_circuit(const Numbers& n, const Stage& stage, bool last) {
  using gc::Bits;
  const Activation& a = stage.activation;
  const std::size_t positions = circuit_shape(stage).positions, answer_bits = output_bits(n, stage);
  gc::Builder c;
  std::vector<Bits> open, mask, values;
  for (std::size_t i = 0; i < positions; ++i) open.push_back(c.inputs(n.bits));
  for (std::size_t i = 0; i < positions; ++i) mask.push_back(c.inputs(n.bits));
  const Bits next = c.inputs(last ? answer_bits : n.bits);
  for (std::size_t i = 0; i < positions; ++i) {
    const Bits x = gc::subtract(c, open[i], mask[i]);
    values.emplace_back(x.begin() + a.truncate, x.end());
  }
  Bits z;
  if (a.largest_place) {
    z = gc::argmax(c, values);
    z.resize(answer_bits, false);
  } else {
    z = gc::maximum(c, values);
    if (a.relu) z = a.ceiling ? gc::relu_to(c, z, *a.ceiling) : gc::relu(c, z);
    if (!a.relu && a.ceiling) {
      const Bits top = gc::constant(*a.ceiling, z.size());
      z = gc::select(c, gc::less_signed(c, top, z), top, z);
    }
    z.resize(n.bits, z.back());
  }
  if (last)
    for (std::size_t i = 0; i < z.size(); ++i) z[i] = c.bit_xor(z[i], next[i]);
  else
    z = gc::subtract(c, z, next);
  return c.finish(z);
}

gc::JointCircuit joint_circuit(const Numbers& n, const Stage& stage, bool last) {
  const gc::Circuit circuit = garbling_circuit(n, stage, last);
  std::vector<gc::InputFrom> from(circuit.inputs, gc::InputFrom::all());
  std::fill_n(from.begin(), circuit_shape(stage).positions * n.bits, gc::InputFrom::everybody());
  return {circuit, std::move(from), std::vector<gc::OutputTo>(circuit.outputs.size())};
}

std::uint64_t multiply_adds(const Network& network, const Stage& stage, const Term& term) {
  const std::uint64_t outputs = elements(stage.sum);
  switch (term.kind) {
    case Term::Kind::Same:
      return 0;
    case Term::Kind::Matrix:
      return outputs * network.weights[term.weights][1];
    case Term::Kind::Convolution: {
      const Shape& w = network.weights[term.weights];
      return outputs * w[1] * w[2] * w[3];
    }
    case Term::Kind::AveragePool:
      return outputs * elements(term.kernel) / term.kernel[0];
  }
  return 0;
}

NetworkSizes::NetworkSizes(const Network& network, std::size_t servers, Isa isa)
    : network_(network),
      servers_(servers),
      circuits_(network, servers),
      masks_(mask_parameters(network), isa),
      replies_(reply_parameters(network, masks_), isa) {
  for (std::size_t s = 0; s < network.stages.size(); ++s) {
    const Stage& stage = network.stages[s];
    garbled_.push_back(joint_circuit(network.numbers, stage, is_last(network, s)));
    auto& sizes = linear_.emplace_back();
    for (const Term& t : stage.terms)
      sizes.push_back(t.is_private() ? linear_term(network, t, masks_, replies_) : LinearTerm{});
  }
}

std::size_t NetworkSizes::plane_words_ahead() const {
  std::size_t words = 0;
  for (std::size_t s = 0; s < network_.stages.size(); ++s) {
    const auto [positions, copies] = circuit_shape(network_.stages[s]);
    words += (positions + (is_last(network_, s) ? 0 : 1)) * plane_words(copies);
  }
  return words;
}

ScriptedServers::ScriptedServers(Script& script, const NetworkSizes& sizes, const Holders& holders,
                                 ot::Source source, Evaluation evaluation, const UnitCosts& units)
    : script_(script),
      sizes_(sizes),
      holders_(holders),
      evaluation_(evaluation),
      units_(units),
      triples_(script, sizes.servers(), source, units.transfers) {
  if (evaluation == Evaluation::Garbled)
    bmr_.emplace(script, sizes.servers(), kEvaluator, source, units.transfers, units.garbled);
  script.trade(sizes.servers(), [&](std::size_t, std::size_t) { return linear_key_bytes(sizes.masks()); });
}

bool ScriptedServers::holds(std::size_t stage, std::size_t server) const {
  const auto& who = holders_[stage];
  return std::find(who.begin(), who.end(), party_id(server)) != who.end();
}
void ScriptedServers::work_all(double seconds) {
  for (std::size_t p = 0; p < sizes_.servers(); ++p) script_.work(p, seconds);
}
double ScriptedServers::planes(std::size_t numbers) const {
  return units_.plane_bit * static_cast<double>(numbers * sizes_.network().numbers.bits);
}

double ScriptedServers::linear(std::size_t s, const Term& term) const {
  const Network& network = sizes_.network();
  return (term.kind == Term::Kind::Matrix ? units_.matrix_add : units_.convolution_add) *
         static_cast<double>(multiply_adds(network, network.stages[s], term));
}

void ScriptedServers::share_term(std::size_t s, const Term& term, const LinearTerm& size) {
  const std::size_t servers = sizes_.servers(), holders = holders_[s].size();
  const auto times = [](double seconds, std::size_t n) { return seconds * static_cast<double>(n); };
  for (std::size_t p = 0; p < servers; ++p)
    if (holders > (holds(s, p) ? 1 : 0)) script_.work(p, times(units_.encrypt, size.inputs));
  script_.trade(servers, [&](std::size_t, std::size_t to) { return holds(s, to) ? size.mask_bytes : 0; });
  for (std::size_t p = 0; p < servers; ++p)
    if (holds(s, p))
      script_.work(p, times(times(units_.expand, size.inputs) + times(units_.product, size.products) +
                                times(units_.hide, size.outputs),
                            servers - 1));
  script_.trade(servers,
                [&](std::size_t from, std::size_t) { return holds(s, from) ? size.product_bytes : 0; });
  const double local = linear(s, term);
  for (std::size_t p = 0; p < servers; ++p) {
    const std::size_t answers = holders - (holds(s, p) ? 1 : 0);
    script_.work(p, times(units_.decrypt, answers * size.outputs) + (holds(s, p) ? local : 0));
  }
}

void ScriptedServers::prepare(const AfterStage& after_stage) {
  const Network& network = sizes_.network();
  std::size_t activations = 0;
  for (std::size_t s = 0; s < network.stages.size(); ++s) {
    const Stage& stage = network.stages[s];
    for (std::size_t t = 0; t < stage.terms.size(); ++t) {
      if (stage.terms[t].is_private())
        share_term(s, stage.terms[t], sizes_.linear(s)[t]);
      else
        work_all(linear(s, stage.terms[t]));
    }
    if (evaluation_ == Evaluation::Gmw)
      activations += sizes_.circuits().stage(s).triples(plane_words(circuit_shape(stage).copies));
    if (after_stage) after_stage(s);
  }
  const std::size_t words = sizes_.plane_words_ahead();
  const gc::GmwPlan& sum = sizes_.circuits().sum();
  triples_.make(script_, sum.triples(words) + activations);
  work_all(planes(64 * words));
  gc::script_evaluate(script_, sizes_.servers(), sum, words, units_.gmw);
  if (bmr_)
    for (std::size_t s = 0; s < network.stages.size(); ++s)
      bmr_->garble(script_, sizes_.garbled(s), circuit_shape(network.stages[s]).copies);
  if (after_stage) after_stage(network.stages.size());
}

void ScriptedServers::answer(const AfterStage& after_stage) {
  const Network& network = sizes_.network();
  const std::size_t servers = sizes_.servers();
  for (std::size_t s = 0; s < network.stages.size(); ++s) {
    const Stage& stage = network.stages[s];
    for (const Term& term : stage.terms) {
      for (std::size_t p = 0; p < servers; ++p)
        if (term.is_private() ? holds(s, p) : p == 0) script_.work(p, linear(s, term));
    }
    script_.trade(servers,
                  [&](std::size_t, std::size_t) { return elements(stage.sum) * network.numbers.bytes(); });
    const auto [positions, copies] = circuit_shape(stage);
    work_all(planes((positions + 1) * copies));
    if (bmr_) {
      bmr_->evaluate(script_, sizes_.garbled(s), copies);
    } else {
      const gc::GmwPlan& plan = sizes_.circuits().stage(s);
      gc::script_evaluate(script_, servers, plan, plane_words(copies), units_.gmw);
      gc::script_open(script_, servers, plan.circuit().outputs.size() * plane_words(copies));
    }
    if (after_stage) after_stage(s);
  }
}

std::uint64_t ScriptedServers::memory(std::size_t server) const {
  const Network& network = sizes_.network();
  std::uint64_t words = 0, garbled = 0;
  for (std::size_t s = 0; s < network.stages.size(); ++s) {
    const Stage& stage = network.stages[s];
    const auto [positions, copies] = circuit_shape(stage);
    words += elements(stage.sum);
    words += (positions + (is_last(network, s) ? 0 : 1)) * plane_words(copies) * network.numbers.bits;
    if (evaluation_ == Evaluation::Gmw)
      words += 3 * sizes_.circuits().stage(s).triples(plane_words(copies));
    else
      garbled +=
          gc::instance_bytes(sizes_.garbled(s), copies, sizes_.servers(), kEvaluator, party_id(server));
  }
  return words * sizeof(Word) + garbled + 2 * Prg::kKeySize;
}

}  // namespace tacit::seco
