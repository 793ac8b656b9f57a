#include "tacit/split/seco/garbled_activation.h"

#include "tacit/base/error.h"
#include "tacit/gc/multiparty/bits.h"

namespace tacit::seco {

namespace {

using gc::GarbledInstance;
using gc::WipedWords;

constexpr Word kName = 0x31524d4274696361 ^ 0x20;  // an instance's, but for a bit

/// And gates and copies of one instance: garbling takes 80 bytes of each for every other server.
constexpr std::size_t kAndsAtOnce = std::size_t{1} << 18;

struct StageCircuit {
  CircuitPorts ports;
  gc::JointCircuit circuit;
  std::vector<std::size_t> instances;  ///< their copies

  StageCircuit(const Network& network, std::size_t stage)
      : ports(network, stage),
        circuit(joint_activation(network, stage)),
        instances(instance_copies(circuit, ports.copies)) {}
};

/// Bits of `planes`, wire after wire in some copies, as wires [first, ...) of an instance's inputs.
void put_wires(const StageCircuit& stage, std::span<const Word> planes, std::size_t first_copy,
               std::size_t copies, std::size_t first_wire, std::span<Word> inputs) {
  const std::size_t words = stage.ports.words();
  for (std::size_t w = 0; w * words < planes.size(); ++w)
    gc::copy_bits(planes.data() + w * words, first_copy, inputs.data(), (first_wire + w) * copies, copies);
}

class Prepared final : public PreparedActivation {
 public:
  Prepared(const StageCircuit& stage, std::vector<GarbledInstance> instances)
      : stage_(stage), instances_(std::move(instances)) {}

  std::vector<Word> evaluate(Party& party, std::span<const Word> sum) && override {
    require(!instances_.empty(), "an activation that was used before");
    const std::vector<Word> opened = stage_.ports.opened(sum);
    const std::size_t wires = stage_.circuit.inputs.size(), words = stage_.ports.words();
    std::vector<std::vector<Word>> inputs;
    std::size_t at = 0;
    for (const std::size_t copies : stage_.instances) {
      inputs.emplace_back(gc::words_for(wires * copies));
      put_wires(stage_, opened, at, copies, 0, inputs.back());
      at += copies;
    }
    const auto outputs = gc::evaluate(party, stage_.circuit, std::move(instances_), inputs);
    std::vector<Word> planes(stage_.circuit.outputs.size() * words);
    at = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::size_t copies = stage_.instances[i];
      for (std::size_t o = 0; o < stage_.circuit.outputs.size(); ++o)
        gc::copy_bits(outputs[i].data(), o * copies, planes.data() + o * words, at, copies);
      at += copies;
    }
    return stage_.ports.result(std::move(planes));
  }

  // Name, and one instance after the other: their sizes follow from the stage.
  SecretBytes save() const override {
    std::vector<SecretBytes> parts;
    std::size_t size = sizeof(Word);
    for (const GarbledInstance& instance : instances_) {
      parts.push_back(gc::serialise(instance, stage_.circuit));
      size += parts.back().size();
    }
    SecretBytes out(size);
    std::memcpy(out.bytes().data(), &kName, sizeof(Word));
    std::size_t at = sizeof(Word);
    for (const SecretBytes& part : parts) {
      std::memcpy(out.bytes().data() + at, part.bytes().data(), part.size());
      at += part.size();
    }
    return out;
  }

 private:
  const StageCircuit& stage_;
  std::vector<GarbledInstance> instances_;
};

class Maker final : public ActivationMaker {
 public:
  /// Garbling has transfers of its own: all of a garbler's have one delta, which serves nothing else.
  Maker(const std::vector<StageCircuit>& stages, Party& party, ot::Source source)
      : stages_(stages),
        party_(party),
        delta_(drawn(party)),
        transfers_(party, source, delta_.data(), kEvaluator),
        bmr_(party, kEvaluator, ends(party)) {}

  std::vector<std::unique_ptr<PreparedActivation>> make(std::vector<WipedWords> masks) override {
    ensure(masks.size() == stages_.size(), "masks of every stage");
    std::vector<std::unique_ptr<PreparedActivation>> out;
    for (std::size_t s = 0; s < stages_.size(); ++s)
      out.push_back(std::make_unique<Prepared>(stages_[s], garble(stages_[s], std::move(masks[s]))));
    return out;
  }

 private:
  static gc::WipedLabels drawn(Party& party) {
    gc::WipedLabels out(1);
    out[0] = gc::random_delta(party.coins().mine());
    return out;
  }
  std::vector<gc::CotEnds> ends(const Party& party) {
    std::vector<gc::CotEnds> out(party.count());
    for (std::size_t p = 0; p < party.count(); ++p)
      if (party_id(p) != party.id())
        out[p] = {transfers_.with(p).sender_source.get(), transfers_.with(p).receiver_source.get()};
    return out;
  }
  std::vector<GarbledInstance> garble(const StageCircuit& stage, const WipedWords& masks) {
    Meter::Branches independent(party_.meter());
    std::vector<GarbledInstance> out;
    std::size_t at = 0;
    for (const std::size_t copies : stage.instances) {
      WipedWords ahead(gc::words_for(stage.circuit.inputs.size() * copies));
      put_wires(stage, masks.all(), at, copies, stage.ports.opened_planes(), ahead.all());
      out.push_back(bmr_.garble(stage.circuit, copies, ahead.all()));
      independent.next();
      at += copies;
    }
    return out;
  }

  const std::vector<StageCircuit>& stages_;
  Party& party_;
  gc::WipedLabels delta_;
  gc::PairwiseTransfers transfers_;
  gc::Bmr bmr_;
};

class GarbledActivations final : public Activations {
 public:
  GarbledActivations(const Network& network, std::size_t parties) : parties_(parties) {
    for (std::size_t s = 0; s < network.stages.size(); ++s) stages_.emplace_back(network, s);
  }
  ActivationBy by() const override { return ActivationBy::Garbled; }
  std::unique_ptr<ActivationMaker> maker(Party& party, gc::PairwiseTransfers& transfers) const override {
    return std::make_unique<Maker>(stages_, party, transfers.source());
  }
  std::size_t saved_size(std::size_t stage, PartyId self) const override {
    std::size_t size = sizeof(Word);
    for (const std::size_t copies : stages_[stage].instances) size += size_of(stage, self, copies);
    return size;
  }
  std::unique_ptr<PreparedActivation> load(std::size_t stage, PartyId self, ByteView bytes) const override {
    const std::size_t due = saved_size(stage, self);
    require(bytes.size() == due, "a garbled activation of {} bytes, where {} are due", bytes.size(), due);
    require(read_at<Word>(bytes, 0) == kName, "not a garbled activation");
    std::vector<GarbledInstance> instances;
    std::size_t at = sizeof(Word);
    for (const std::size_t copies : stages_[stage].instances) {
      const std::size_t size = size_of(stage, self, copies);
      instances.push_back(gc::deserialise(bytes.subspan(at, size), stages_[stage].circuit));
      const GarbledInstance& got = instances.back();
      require(
          got.copies == copies && got.parties == parties_ && got.self == self && got.evaluator == kEvaluator,
          "a garbled activation of another server, or of other servers");
      at += size;
    }
    return std::make_unique<Prepared>(stages_[stage], std::move(instances));
  }

 private:
  std::size_t size_of(std::size_t stage, PartyId self, std::size_t copies) const {
    return gc::serialised_size(stages_[stage].circuit, copies, parties_, self, kEvaluator);
  }
  std::size_t parties_;
  std::vector<StageCircuit> stages_;
};

}  // namespace

std::unique_ptr<Activations> garbled_activations(const Network& network, std::size_t parties) {
  return std::make_unique<GarbledActivations>(network, parties);
}

gc::JointCircuit joint_activation(const Network& network, std::size_t stage) {
  const CircuitPorts ports(network, stage);
  const gc::Circuit circuit =
      activation_circuit(network.numbers, network.stages[stage], ports.last, Fewest::Gates);
  std::vector<gc::InputFrom> from(circuit.inputs, gc::InputFrom::ahead());
  std::fill_n(from.begin(), ports.opened_planes(), gc::InputFrom::everybody());
  return {circuit, from, std::vector<gc::OutputTo>(circuit.outputs.size(), gc::OutputTo::all())};
}

std::vector<std::size_t> instance_copies(const gc::JointCircuit& circuit, std::size_t copies) {
  // Whole blocks of copies that share keys.
  constexpr std::size_t kBlock = gc::GateHash::kCopiesPerKey;
  const std::size_t ands = std::max<std::size_t>(1, circuit.plan.ands.size());
  const std::size_t most = std::max<std::size_t>(1, kAndsAtOnce / ands / kBlock) * kBlock;
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at < copies; at += most) out.push_back(std::min(most, copies - at));
  return out;
}

}  // namespace tacit::seco
