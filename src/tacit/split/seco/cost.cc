#include "tacit/split/seco/cost.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/split/seco/correlation_store.h"
#include "tacit/split/seco/garbled_activation.h"
#include "tacit/split/seco/gmw_activation.h"

namespace tacit::seco {

namespace {

bool is_last(const Network& network, std::size_t stage) { return stage + 1 == network.stages.size(); }

}  // namespace

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
      sum_(sum_circuit(network.numbers, servers)),
      masks_(mask_parameters(network), isa),
      replies_(reply_parameters(network, masks_), isa) {
  for (std::size_t s = 0; s < network.stages.size(); ++s) {
    shared_.push_back(shared_activation(network, s));
    garbled_.push_back(joint_activation(network, s));
    instances_.push_back(instance_copies(garbled_[s], circuit_shape(network.stages[s]).copies));
    auto& sizes = linear_.emplace_back();
    for (const Term& t : network.stages[s].terms)
      sizes.push_back(t.is_private() ? linear_term(network, t, masks_, replies_) : LinearTerm{});
  }
  for (const ActivationBy by : all_activations())
    activations_.push_back(make_activations(by, network, servers));
}

std::size_t NetworkSizes::plane_words_ahead() const {
  std::size_t words = 0;
  for (std::size_t s = 0; s < network_.stages.size(); ++s) {
    const auto [positions, copies] = circuit_shape(network_.stages[s]);
    words += (positions + (is_last(network_, s) ? 0 : 1)) * plane_words(copies);
  }
  return words;
}

std::uint64_t NetworkSizes::prepared_bytes(ActivationBy by, PartyId self) const {
  const auto found =
      std::find_if(activations_.begin(), activations_.end(), [by](const auto& a) { return a->by() == by; });
  ensure(found != activations_.end(), "activations in every way");
  return saved_size(network_, **found, self);
}

ScriptedServers::ScriptedServers(Script& script, const NetworkSizes& sizes, const Holders& holders,
                                 ot::Source source, ActivationBy by, const UnitCosts& units)
    : script_(script),
      sizes_(sizes),
      holders_(holders),
      by_(by),
      units_(units),
      pairs_(script, sizes.servers(), source, units.transfers) {
  script.trade(sizes.servers(), [&](std::size_t, std::size_t) { return linear_key_bytes(sizes.masks()); });
  if (by == ActivationBy::Garbled)
    bmr_.emplace(script, sizes.servers(), kEvaluator, source, units.transfers, units.garbled);
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

/// All instances of a stage, which do not depend on one another.
void ScriptedServers::garble(std::size_t s) {
  const std::size_t servers = sizes_.servers();
  for (std::size_t p = 0; p < servers; ++p) script_.fork(p);
  for (const std::size_t copies : sizes_.instances(s)) {
    bmr_->garble(script_, sizes_.garbled(s), copies);
    for (std::size_t p = 0; p < servers; ++p) script_.branch(p);
  }
  for (std::size_t p = 0; p < servers; ++p) script_.join(p);
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
    if (by_ == ActivationBy::Gmw)
      activations += sizes_.shared(s).triples(plane_words(circuit_shape(stage).copies));
    if (after_stage) after_stage(s);
  }
  const std::size_t words = sizes_.plane_words_ahead();
  const gc::GmwPlan& sum = sizes_.sum();
  gc::script_triples(script_, pairs_, sum.triples(words));
  work_all(planes(64 * words));
  gc::script_evaluate(script_, sizes_.servers(), sum, words, units_.gmw);
  if (by_ == ActivationBy::Gmw) gc::script_triples(script_, pairs_, activations);
  if (by_ == ActivationBy::Garbled)
    for (std::size_t s = 0; s < network.stages.size(); ++s) garble(s);
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
    if (by_ == ActivationBy::Garbled) {
      bmr_->evaluate(script_, sizes_.garbled(s), sizes_.instances(s));
    } else {
      const gc::GmwPlan& plan = sizes_.shared(s);
      gc::script_evaluate(script_, servers, plan, plane_words(copies), units_.gmw);
      gc::script_open(script_, servers, plan.circuit().outputs.size() * plane_words(copies));
    }
    if (after_stage) after_stage(s);
  }
}

}  // namespace tacit::seco
