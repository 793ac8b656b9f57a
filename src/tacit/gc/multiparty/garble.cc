#include "tacit/base/error.h"
#include "tacit/gc/multiparty/products.h"
#include "tacit/gc/multiparty/rows.h"

namespace tacit::gc {

Bmr::Bmr(Party& party, PartyId evaluator, std::vector<CotEnds> cots)
    : party_(party), evaluator_(evaluator), cots_(std::move(cots)) {
  const std::size_t n = party.count();
  require(n >= 2 && n <= 256 && index(evaluator) < n && cots_.size() == n,
          "garbling is for 2 to 256 parties, one of them evaluating, with transfers between all");
  const CotEnds* first = nullptr;
  for (std::size_t i = 0; i < n; ++i) {
    const PartyId p = party_id(i);
    if (p == party.id()) continue;
    require(p == evaluator || cots_[i].receiver != nullptr, "no transfers from {}", party.name(p));
    if (party.id() == evaluator) continue;
    require(cots_[i].sender != nullptr, "no transfers to {}", party.name(p));
    if (first == nullptr) first = &cots_[i];
    require(cots_[i].sender->delta() == first->sender->delta(),
            "all of a garbler's transfers have one delta");
    require(colour(cots_[i].sender->delta()) == 1,
            "the delta of a garbler's transfers has its lowest bit set");
  }
  salt_ = random_labels(party.coins().common(), 1)[0];
}

GarbledInstance Bmr::garble(const JointCircuit& circuit, std::size_t copies, std::span<const Word> ahead) {
  require(copies > 0, "garbling makes at least one copy");
  if (circuit.labelled_inputs() < circuit.inputs.size())
    require(ahead.size() == words_for(circuit.inputs.size() * copies),
            "inputs of {} words that are known ahead, where {} are due", ahead.size(),
            words_for(circuit.inputs.size() * copies));
  const Roles roles{party_.count(), evaluator_};
  const GateHash hash(salt_, party_.compute().kernels.isa);
  const bool garbles = roles.garbles(party_.id());
  WipedLabels delta(1);
  if (garbles) {
    const PartyId other = party_.next();
    delta[0] = cots_[index(other)].sender->delta();
  }
  const Context c{party_, circuit, copies, roles, cots_, hash, next_++, delta[0], ahead};

  GarbledInstance out;
  out.salt = salt_;
  out.number = c.number;
  out.self = party_.id();
  out.evaluator = evaluator_;
  out.parties = roles.parties;
  out.copies = copies;

  Masks masks = draw_masks(c);
  const WipedWords products = multiply_masks(c, masks);
  masks.keys.clear();
  const std::vector<WipedLabels> product_shares = transfer_ands(c, products);

  out.input_masks = WipedWords(words_for(c.inputs() * copies));
  for (std::size_t i = 0; i < c.inputs(); ++i)
    if (circuit.labelled(i))
      copy_bits(masks.bits.data(), i * copies, out.input_masks.data(), i * copies, copies);
  out.output_masks = output_masks(c, masks.bits);
  if (garbles) {
    out.zeros = WipedLabels(c.inputs() * copies);
    party_.coins().mine().fill(0, words(out.zeros.all()));
    for (std::size_t i = 0; i < c.inputs(); ++i)
      if (!circuit.labelled(i)) std::fill_n(out.zeros.data() + i * copies, copies, Label{});
    garbler_rows(c, {masks.shares, product_shares}, out.zeros.all());
    out.delta = std::move(delta);
  } else {
    KeptRows kept = evaluator_rows(c, {masks.shares, product_shares});
    out.rows = std::move(kept.rows);
    out.colours = std::move(kept.colours);
  }
  return out;
}

}  // namespace tacit::gc
