// Activations, in either of two ways that give the same bits: `gmw`, circuits on XOR shares (gc/gmw/), a
// round for each level of And gates; and `garbled`, circuits garbled by all servers but one (gc/multiparty/),
// in constant rounds, for links on which a round is dear. A deployment chooses. What one server prepares for
// one stage of one query is a PreparedActivation, whichever it is.
//
// Passive security against all servers but one, by either.
#pragma once

#include <memory>

#include "tacit/base/secret_bytes.h"
#include "tacit/gc/garble/label.h"
#include "tacit/gc/gmw/bit_triples.h"
#include "tacit/split/seco/activation.h"

namespace tacit::seco {

enum class ActivationBy { Gmw, Garbled };
std::vector<ActivationBy> all_activations();
std::string_view to_string(ActivationBy by);

/// One server's part of a stage's activation in one query: secret, for one use, and wiped when it goes.
class PreparedActivation {
 public:
  PreparedActivation() = default;
  virtual ~PreparedActivation() = default;
  PreparedActivation(const PreparedActivation&) = delete;
  PreparedActivation& operator=(const PreparedActivation&) = delete;

  /// All servers at once. `sum`: Y = y + p, opened, [numbers of the stage's sum]. Gives the next value less
  /// its mask, [outputs], or at the last stage planes of the answer's bits under the answer's mask: what all
  /// servers know then. UsageError when it was used before; PeerError, naming the peer.
  virtual std::vector<Word> evaluate(Party& party, std::span<const Word> sum) && = 0;
  /// As bytes, for a disk of one's own: they hold all that this does. Who keeps them sees to it that they are
  /// whole and gone before they are used.
  virtual SecretBytes save() const = 0;
};

/// Prepares, together with all other servers.
class ActivationMaker {
 public:
  ActivationMaker() = default;
  virtual ~ActivationMaker() = default;
  ActivationMaker(const ActivationMaker&) = delete;
  ActivationMaker& operator=(const ActivationMaker&) = delete;
  /// `masks`, a stage: this server's XOR shares of bits, as CircuitPorts::mask_planes says.
  virtual std::vector<std::unique_ptr<PreparedActivation>> make(std::vector<gc::WipedWords> masks) = 0;
};

/// A network's activations in one way, as public data. Outlives all that is made from it.
class Activations {
 public:
  Activations() = default;
  virtual ~Activations() = default;
  Activations(const Activations&) = delete;
  Activations& operator=(const Activations&) = delete;

  virtual ActivationBy by() const = 0;
  /// Sets up with all servers what making takes. `transfers` outlives it.
  virtual std::unique_ptr<ActivationMaker> maker(Party& party, gc::PairwiseTransfers& transfers) const = 0;
  /// The reverse of `save`, at server `self`. UsageError for bytes that are nothing of this stage and server.
  virtual std::unique_ptr<PreparedActivation> load(std::size_t stage, PartyId self, ByteView bytes) const = 0;
  /// Of what `save` gives.
  virtual std::size_t saved_size(std::size_t stage, PartyId self) const = 0;
};
std::unique_ptr<Activations> make_activations(ActivationBy by, const Network& network, std::size_t parties);

}  // namespace tacit::seco
