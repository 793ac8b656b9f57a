// The layout: a word that names it, the fields of known size, then the sizes of the arrays and the arrays.
#include "tacit/gc/multiparty/instance.h"

#include "tacit/base/error.h"
#include "tacit/base/secret_bytes.h"
#include "tacit/gc/multiparty/context.h"

namespace tacit::gc {

namespace {

constexpr Word kName = 0x31524d4274696361;  // "acitBMR1"

struct Head {
  Word name = kName, number = 0;
  Label salt;
  Word self = 0, evaluator = 0, parties = 0, copies = 0;
  Word inputs = 0, ands = 0, outputs = 0, unused = 0;
};
static_assert(std::has_unique_object_representations_v<Head>);

/// How many words each array has.
struct Sizes {
  std::size_t input_masks, output_masks, delta, zeros, rows, colours;

  explicit Sizes(const Head& h) {
    const bool garbles = h.self != h.evaluator;
    input_masks = words_for(h.inputs * h.copies);
    output_masks = words_for(h.outputs * h.copies);
    delta = garbles ? 2 : 0;
    zeros = garbles ? 2 * h.inputs * h.copies : 0;
    rows = garbles ? 0 : 2 * Roles{h.parties, party_id(h.evaluator)}.rows_kept() * h.ands * h.copies;
    colours = garbles ? 0 : words_for(h.ands * h.copies);
  }
  std::size_t total() const { return input_masks + output_masks + delta + zeros + rows + colours; }
};

Head head_of(const JointCircuit& circuit, std::size_t copies, std::size_t parties, PartyId self,
             PartyId evaluator) {
  Head head;
  head.self = index(self);
  head.evaluator = index(evaluator);
  head.parties = parties;
  head.copies = copies;
  head.inputs = circuit.plan.inputs;
  head.ands = circuit.plan.ands.size();
  head.outputs = circuit.plan.outputs.size();
  return head;
}

}  // namespace

std::size_t serialised_size(const JointCircuit& circuit, std::size_t copies, std::size_t parties,
                            PartyId self, PartyId evaluator) {
  return sizeof(Head) + Sizes(head_of(circuit, copies, parties, self, evaluator)).total() * sizeof(Word);
}

SecretBytes serialise(const GarbledInstance& instance, const JointCircuit& circuit) {
  Head head = head_of(circuit, instance.copies, instance.parties, instance.self, instance.evaluator);
  head.salt = instance.salt;
  head.number = instance.number;
  SecretBytes out(sizeof(Head) + Sizes(head).total() * sizeof(Word));
  std::memcpy(out.bytes().data(), &head, sizeof(Head));
  ByteSpan left = out.bytes().subspan(sizeof(Head));
  auto put = [&](std::span<const Word> words) {
    ensure(words.size_bytes() <= left.size(), "an instance of this circuit");
    if (!words.empty()) std::memcpy(left.data(), words.data(), words.size_bytes());
    left = left.subspan(words.size_bytes());
  };
  put(instance.input_masks.all());
  put(instance.output_masks.all());
  put(words(instance.delta.all()));
  put(words(instance.zeros.all()));
  put(words(std::span<const Label>(instance.rows)));
  put(instance.colours);
  ensure(left.empty(), "an instance of this circuit");
  return out;
}

GarbledInstance deserialise(ByteView bytes, const JointCircuit& circuit) {
  require(bytes.size() >= sizeof(Head), "not a garbled circuit: it is too short");
  const Head head = read_at<Head>(bytes, 0);
  require(head.name == kName, "not a garbled circuit");
  require(head.inputs == circuit.plan.inputs && head.ands == circuit.plan.ands.size() &&
              head.outputs == circuit.plan.outputs.size(),
          "a garbled circuit of another circuit");
  require(head.parties >= 2 && head.parties <= 256 && head.self < head.parties &&
              head.evaluator < head.parties && head.copies > 0 && head.copies <= bytes.size() * 8,
          "a garbled circuit whose head is damaged");
  const Sizes sizes(head);
  require(bytes.size() == sizeof(Head) + sizes.total() * sizeof(Word),
          "a garbled circuit of {} bytes, where {} are due", bytes.size(),
          sizeof(Head) + sizes.total() * sizeof(Word));
  GarbledInstance out;
  out.salt = head.salt;
  out.number = head.number;
  out.self = party_id(head.self);
  out.evaluator = party_id(head.evaluator);
  out.parties = head.parties;
  out.copies = head.copies;
  out.input_masks = WipedWords(sizes.input_masks);
  out.output_masks = WipedWords(sizes.output_masks);
  out.delta = WipedLabels(sizes.delta / 2);
  out.zeros = WipedLabels(sizes.zeros / 2);
  out.rows.resize(sizes.rows / 2);
  out.colours.resize(sizes.colours);
  ByteView left = bytes.subspan(sizeof(Head));
  auto take = [&](std::span<Word> words) {
    if (!words.empty()) std::memcpy(words.data(), left.data(), words.size_bytes());
    left = left.subspan(words.size_bytes());
  };
  take(out.input_masks.all());
  take(out.output_masks.all());
  take(words(out.delta.all()));
  take(words(out.zeros.all()));
  take(words(std::span<Label>(out.rows)));
  take(out.colours);
  return out;
}

}  // namespace tacit::gc
