#include "tacit/split/seco/gmw_activation.h"

#include "tacit/base/error.h"

namespace tacit::seco {

namespace {

struct StageCircuit {
  CircuitPorts ports;
  gc::GmwPlan plan;

  StageCircuit(const Network& network, std::size_t stage)
      : ports(network, stage), plan(shared_activation(network, stage)) {}
  std::size_t triples() const { return plan.triples(ports.words()); }
  std::size_t masks() const { return ports.mask_planes() * ports.words(); }
};

class Prepared final : public PreparedActivation {
 public:
  Prepared(const StageCircuit& stage, gc::WipedWords masks, gc::BitTriples triples)
      : stage_(stage), masks_(std::move(masks)), triples_(std::move(triples)) {
    ensure(masks_.size() == stage.masks() && triples_.left() == stage.triples(), "what the stage takes");
  }

  std::vector<Word> evaluate(Party& party, std::span<const Word> sum) && override {
    require(!masks_.empty(), "an activation that was used before");
    const gc::WipedWords masks = std::move(masks_);
    gc::BitTriples triples = std::move(triples_);
    gc::Gmw gmw(party);
    const std::vector<Word> shares =
        gmw.evaluate(stage_.plan, stage_.ports.words(), stage_.ports.opened(sum), masks.all(), triples);
    return stage_.ports.result(gmw.open(shares));
  }

  // Name, and the words: masks, then the triples' a, b and c.
  SecretBytes save() const override {
    const gc::BitTriples::Taken t = triples_.rest();
    SecretBytes out((1 + masks_.size() + 3 * t.a.size()) * sizeof(Word));
    ByteSpan left = out.bytes();
    auto put = [&](std::span<const Word> words) {
      if (!words.empty()) std::memcpy(left.data(), words.data(), words.size_bytes());
      left = left.subspan(words.size_bytes());
    };
    put(std::span(&kGmwName, 1));
    put(masks_.all());
    for (const std::span<const Word> words : {t.a, t.b, t.c}) put(words);
    return out;
  }

 private:
  const StageCircuit& stage_;
  gc::WipedWords masks_;
  gc::BitTriples triples_;
};

class Maker final : public ActivationMaker {
 public:
  Maker(const std::vector<StageCircuit>& stages, Party& party, gc::PairwiseTransfers& transfers)
      : stages_(stages), triples_(party, transfers) {}

  std::vector<std::unique_ptr<PreparedActivation>> make(std::vector<gc::WipedWords> masks) override {
    ensure(masks.size() == stages_.size(), "masks of every stage");
    std::size_t words = 0;
    for (const StageCircuit& stage : stages_) words += stage.triples();
    gc::BitTriples all = triples_.make(words);
    std::vector<std::unique_ptr<PreparedActivation>> out;
    for (std::size_t s = 0; s < stages_.size(); ++s)
      out.push_back(
          std::make_unique<Prepared>(stages_[s], std::move(masks[s]), all.split(stages_[s].triples())));
    return out;
  }

 private:
  const std::vector<StageCircuit>& stages_;
  gc::TripleMaker triples_;
};

class GmwActivations final : public Activations {
 public:
  explicit GmwActivations(const Network& network) {
    for (std::size_t s = 0; s < network.stages.size(); ++s) stages_.emplace_back(network, s);
  }
  ActivationBy by() const override { return ActivationBy::Gmw; }
  std::unique_ptr<ActivationMaker> maker(Party& party, gc::PairwiseTransfers& transfers) const override {
    return std::make_unique<Maker>(stages_, party, transfers);
  }
  std::size_t saved_size(std::size_t stage, PartyId) const override {
    return (1 + stages_[stage].masks() + 3 * stages_[stage].triples()) * sizeof(Word);
  }
  std::unique_ptr<PreparedActivation> load(std::size_t stage, PartyId self, ByteView bytes) const override {
    require(bytes.size() == saved_size(stage, self), "an activation on shares of {} bytes, where {} are due",
            bytes.size(), saved_size(stage, self));
    require(read_at<Word>(bytes, 0) == kGmwName, "not an activation on shares");
    ByteView left = bytes.subspan(sizeof(Word));
    auto take = [&](std::size_t words) {
      gc::WipedWords out(words);
      if (words > 0) std::memcpy(out.data(), left.data(), words * sizeof(Word));
      left = left.subspan(words * sizeof(Word));
      return out;
    };
    gc::WipedWords masks = take(stages_[stage].masks());
    const std::size_t n = stages_[stage].triples();
    gc::WipedWords a = take(n), b = take(n), c = take(n);
    return std::make_unique<Prepared>(stages_[stage], std::move(masks),
                                      gc::BitTriples(std::move(a), std::move(b), std::move(c)));
  }

 private:
  std::vector<StageCircuit> stages_;
};

}  // namespace

gc::GmwPlan shared_activation(const Network& network, std::size_t stage) {
  const CircuitPorts ports(network, stage);
  return gc::GmwPlan(activation_circuit(network.numbers, network.stages[stage], ports.last, Fewest::Rounds),
                     ports.opened_planes());
}

std::unique_ptr<Activations> gmw_activations(const Network& network, std::size_t) {
  return std::make_unique<GmwActivations>(network);
}

}  // namespace tacit::seco
