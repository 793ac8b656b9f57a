#include "tacit/base/error.h"
#include "tacit/gc/multiparty/context.h"

namespace tacit::gc {

namespace {

constexpr std::string_view kMasked = "bmr.masked", kLabels = "bmr.labels", kOutputMasks = "bmr.output-masks",
                           kOutputs = "bmr.outputs";

/// One evaluation, at one party.
struct Online {
  Party& party;
  const JointCircuit& circuit;
  const GarbledInstance& instance;
  Roles roles;

  std::size_t copies() const { return instance.copies; }
  PartyId self() const { return party.id(); }
  template <class Body>
  void each_peer(Body body) const {
    for (std::size_t i = 0; i < roles.parties; ++i)
      if (party_id(i) != self()) body(party_id(i));
  }
  /// A message begins with this word, so that nobody mixes two instances, not even of two sessions.
  Word name() const { return instance.salt.low + instance.number; }
  void check_name(PartyId from, Word told) const {
    if (told != name())
      throw PeerError(party.name(from),
                      fmt::format("{} evaluates another garbled circuit than that of number {}",
                                  party.name(from), instance.number));
  }
};

/// First round: everybody tells its share of the masked inputs. Gives one's own, and public inputs.
std::vector<Word> tell_inputs(const Online& o, std::span<const Word> inputs) {
  const std::size_t n = o.copies();
  std::vector<Word> masked(words_for(o.circuit.inputs.size() * n));
  std::vector<Word> told(1 + words_for(o.circuit.told_inputs(o.self()) * n));
  told[0] = o.name();
  std::size_t at = 64;
  for (std::size_t i = 0; i < o.circuit.inputs.size(); ++i) {
    if (o.circuit.inputs[i].kind == InputFrom::Kind::Public)
      copy_bits(inputs.data(), i * n, masked.data(), i * n, n);
    if (!o.circuit.tells(o.self(), i)) continue;
    copy_bits(inputs.data(), i * n, masked.data(), i * n, n);
    xor_bits(o.instance.input_masks.data(), i * n, masked.data(), i * n, n);
    copy_bits(masked.data(), i * n, told.data(), at, n);
    at += n;
  }
  if (at > 64)
    o.each_peer([&](PartyId p) { o.party.to(p).send(kMasked, packed(std::span<const Word>(told), at)); });
  return masked;
}
/// Adds what the others told: the masked inputs, known to all.
void hear_inputs(const Online& o, std::vector<Word>& masked) {
  const std::size_t n = o.copies();
  o.each_peer([&](PartyId p) {
    const std::size_t bits = o.circuit.told_inputs(p) * n;
    if (bits == 0) return;
    std::vector<Word> heard(1 + words_for(bits));
    o.party.to(p).receive(kMasked, packed(std::span<Word>(heard), 64 + bits));
    o.check_name(p, heard[0]);
    std::size_t from = 64;
    for (std::size_t i = 0; i < o.circuit.inputs.size(); ++i) {
      if (!o.circuit.tells(p, i)) continue;
      xor_bits(heard.data(), from, masked.data(), i * n, n);
      from += n;
    }
  });
}

/// Second round: each garbler sends the evaluator the labels of the masked inputs, ...
void garbler_step(const Online& o, std::span<const Word> masked) {
  const std::size_t n = o.copies();
  Labels labels(1 + o.circuit.labelled_inputs() * n);
  labels[0].low = o.name();
  std::size_t at = 1;
  for (std::size_t input = 0; input < o.circuit.inputs.size(); ++input) {
    if (!o.circuit.labelled(input)) continue;
    for (std::size_t i = input * n; i < (input + 1) * n; ++i)
      labels[at++] = o.instance.zeros[i] ^ (o.instance.delta[0] & (masked[i / 64] >> (i % 64) & 1));
  }
  o.party.to(o.roles.evaluator).send(kLabels, words(std::span<const Label>(labels)));
}
Labels labels_from(const Online& o, PartyId garbler) {
  const std::size_t n = o.copies();
  Labels told(1 + o.circuit.labelled_inputs() * n), labels(o.circuit.inputs.size() * n);
  o.party.to(garbler).receive(kLabels, words(std::span<Label>(told)));
  o.check_name(garbler, told[0].low);
  const Label* from = told.data() + 1;
  for (std::size_t input = 0; input < o.circuit.inputs.size(); ++input)
    if (o.circuit.labelled(input)) {
      std::copy_n(from, n, labels.data() + input * n);
      from += n;
    }
  return labels;
}

/// ... and everybody but the evaluator sends its share of an output's mask to those who learn the output.
/// The evaluator's, to which the masked value is added, is all that remains for the third round.
std::vector<Word> chosen_outputs(const Online& o, std::span<const Word> bits, PartyId learner) {
  const std::size_t n = o.copies();
  std::vector<Word> out(words_for(o.circuit.learnt_outputs(learner) * n));
  std::size_t at = 0;
  for (std::size_t i = 0; i < o.circuit.outputs.size(); ++i) {
    if (!o.circuit.learns(learner, i)) continue;
    copy_bits(bits.data(), i * n, out.data(), at, n);
    at += n;
  }
  return out;
}
void tell_outputs(const Online& o, std::string_view tag, std::span<const Word> bits) {
  o.each_peer([&](PartyId p) {
    const std::size_t count = o.circuit.learnt_outputs(p) * o.copies();
    if (count == 0) return;
    const std::vector<Word> told = chosen_outputs(o, bits, p);
    o.party.to(p).send(tag, packed(std::span<const Word>(told), count));
  });
}
/// One's outputs, from one's own share and those of the others.
std::vector<Word> hear_outputs(const Online& o, std::span<const Word> own) {
  const std::size_t n = o.copies(), count = o.circuit.learnt_outputs(o.self()) * n;
  std::vector<Word> sum = chosen_outputs(o, own, o.self());
  auto hear = [&](PartyId from, std::string_view tag) {
    std::vector<Word> heard(sum.size());
    o.party.to(from).receive(tag, packed(std::span<Word>(heard), count));
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= heard[i];
  };
  if (count > 0) o.each_peer([&](PartyId p) { hear(p, p == o.roles.evaluator ? kOutputs : kOutputMasks); });
  std::vector<Word> out(words_for(o.circuit.outputs.size() * n));
  std::size_t at = 0;
  for (std::size_t i = 0; i < o.circuit.outputs.size(); ++i) {
    if (o.circuit.outputs[i].kind == OutputTo::Kind::Shared)
      copy_bits(own.data(), i * n, out.data(), i * n, n);
    if (!o.circuit.learns(o.self(), i)) continue;
    copy_bits(sum.data(), at, out.data(), i * n, n);
    at += n;
  }
  return out;
}

/// Masked values and labels of a block's wires, as who evaluates knows them. A masked value is a label of all
/// zeros or all ones.
struct Active {
  BlockLabels masked;
  std::vector<BlockLabels> labels;  ///< each garbler's

  Active(const Plan& plan, std::size_t garblers, std::size_t copies) : masked(plan, copies) {
    for (std::size_t j = 0; j < garblers; ++j) labels.emplace_back(plan, copies);
  }
};

/// Spreads bits [at, at + copies).
void spread(std::span<const Word> bits, std::size_t at, std::size_t copies, Label* out) {
  for (std::size_t k = 0; k < copies; ++k)
    out[k] = Label{~Word{0}, ~Word{0}} & (bits[(at + k) / 64] >> ((at + k) % 64) & 1);
}

/// The masked outputs, gate by gate. `labels`: each garbler's, of the masked inputs.
std::vector<Word> evaluate_gates(const Online& o, std::span<const Word> masked,
                                 std::span<const Labels> labels) {
  const Plan& plan = o.circuit.plan;
  const std::size_t n = o.copies();
  const std::vector<PartyId> garblers = o.roles.garblers();
  const GateHash hash(o.instance.salt, o.party.compute().kernels.isa);
  const GateKernels& k = hash.kernels();
  std::vector<Word> out(words_for(plan.outputs.size() * n));
  const Label* rows = o.instance.rows.data();
  for_blocks(n, [&](CopyBlock b) {
    Active at(plan, garblers.size(), b.copies);
    for (std::size_t i = 0; i < plan.inputs; ++i)
      spread(masked, i * n + b.first, b.copies, at.masked.room(static_cast<std::uint32_t>(i)));
    for (std::size_t j = 0; j < garblers.size(); ++j) at.labels[j].refer_inputs(plan, labels[j].data(), n, b);
    std::vector<GateKeys> keys;  // of garbler i's hashes for garbler t's label
    for (PartyId t : garblers)
      for (PartyId i : garblers)
        keys.emplace_back(hash, GateHash::Purpose{o.instance.number, b.number(), row_use(i, t)},
                          plan.ands.size());
    walk(
        plan,
        [&](std::size_t gate, const GatePlaces& g) {
          for (std::size_t t = 0; t < garblers.size(); ++t) {
            const Label *x = rows, *y = x + b.copies, *z = y + b.copies;
            rows = z + b.copies;
            Label* w = at.labels[t].room(g.out);
            std::copy_n(z, b.copies, w);
            k.choose(in(x), in(at.masked.at(g.a)), in(y), in(at.labels[t].at(g.a)), in(at.masked.at(g.b)),
                     in(w), b.copies);
            for (std::size_t i = 0; i < garblers.size(); ++i)
              k.unmask({keys[t * garblers.size() + i].of(gate), b.first, b.copies, in(at.labels[i].at(g.a)),
                        in(at.labels[i].at(g.b))},
                       in(w));
          }
          Label* m = at.masked.room(g.out);
          spread(o.instance.colours, gate * n + b.first, b.copies, m);
          const Label* pointer = at.labels[0].at(g.out);
          for (std::size_t c = 0; c < b.copies; ++c)
            m[c] = m[c] ^ (Label{~Word{0}, ~Word{0}} & colour(pointer[c]));
        },
        [&](const FreePlaces& g) {
          at.masked.add(k, g);
          for (BlockLabels& l : at.labels) l.add(k, g);
        },
        [&](const FreePlaces& g) {
          at.masked.flip(g, {~Word{0}, ~Word{0}});
          for (BlockLabels& l : at.labels) l.copy(g);
        });
    for (std::size_t i = 0; i < plan.outputs.size(); ++i)
      put_colours({at.masked.at(plan.outputs[i]), b.copies}, out.data(), i * n + b.first);
  });
  return out;
}

void check_fits(const Party& party, const JointCircuit& circuit, const GarbledInstance& used,
                std::span<const Word> inputs) {
  require(used.parties == party.count() && used.self == party.id(),
          "a garbled circuit of another party, or of other parties");
  const std::size_t ands = circuit.plan.ands.size() * used.copies;
  const Roles roles{used.parties, used.evaluator};
  const bool garbles = roles.garbles(party.id());
  require(used.input_masks.size() == words_for(circuit.inputs.size() * used.copies) &&
              used.output_masks.size() == words_for(circuit.outputs.size() * used.copies) &&
              used.zeros.size() == (garbles ? circuit.inputs.size() * used.copies : 0) &&
              used.rows.size() == (garbles ? 0 : roles.rows_kept() * ands),
          "a garbled circuit of another circuit");
  require(inputs.size() == words_for(circuit.inputs.size() * used.copies),
          "inputs of {} words, where {} are due", inputs.size(),
          words_for(circuit.inputs.size() * used.copies));
}

/// Takes the garblers' labels and walks the circuit. What comes out is added to the share of the outputs.
void evaluator_step(const Online& o, std::span<const Word> masked, std::vector<Word>& own) {
  std::vector<Labels> labels;
  for (PartyId g : o.roles.garblers()) labels.push_back(labels_from(o, g));
  const std::vector<Word> values = evaluate_gates(o, masked, labels);
  for (std::size_t i = 0; i < own.size(); ++i) own[i] ^= values[i];
  tell_outputs(o, kOutputs, own);
}

}  // namespace

std::vector<std::vector<Word>> evaluate(Party& party, const JointCircuit& circuit,
                                        std::vector<GarbledInstance>&& instances,
                                        std::span<const std::vector<Word>> inputs) {
  const std::vector<GarbledInstance> used = std::move(instances);
  require(used.size() == inputs.size(), "inputs for every garbled circuit");
  std::vector<Online> all;
  for (std::size_t i = 0; i < used.size(); ++i) {
    check_fits(party, circuit, used[i], inputs[i]);
    all.push_back({party, circuit, used[i], Roles{used[i].parties, used[i].evaluator}});
  }
  // Each step of all instances before the next, so that nobody waits once for each.
  std::vector<std::vector<Word>> masked, own, out;
  for (std::size_t i = 0; i < all.size(); ++i) masked.push_back(tell_inputs(all[i], inputs[i]));
  for (std::size_t i = 0; i < all.size(); ++i) hear_inputs(all[i], masked[i]);
  for (const Online& o : all) {
    const std::span<const Word> masks = o.instance.output_masks.all();
    own.emplace_back(masks.begin(), masks.end());
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].roles.garbles(party.id()))
      garbler_step(all[i], masked[i]);
    else
      evaluator_step(all[i], masked[i], own[i]);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].roles.garbles(party.id())) tell_outputs(all[i], kOutputMasks, own[i]);
  for (std::size_t i = 0; i < all.size(); ++i) out.push_back(hear_outputs(all[i], own[i]));
  return out;
}

std::vector<Word> evaluate(Party& party, const JointCircuit& circuit, GarbledInstance&& instance,
                           std::span<const Word> inputs) {
  std::vector<GarbledInstance> one;
  one.push_back(std::move(instance));
  const std::vector<Word> given(inputs.begin(), inputs.end());
  return std::move(evaluate(party, circuit, std::move(one), std::span(&given, 1))[0]);
}

}  // namespace tacit::gc
