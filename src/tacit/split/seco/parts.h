// The provider's work: a model cut into one part a server. A part has what all servers know (the network's
// structure and who holds what) and the server's own share of the weights. All shares of a layer together are
// its weights; fewer of them are uniform numbers.
#pragma once

#include "tacit/crypto/hash.h"
#include "tacit/split/seco/linear.h"

namespace tacit::seco {

struct Part {
  std::string model;                 ///< its name
  std::vector<std::string> servers;  ///< in the order of their numbers; the first is the gateway
  std::size_t self = 0;
  Network network;
  Holders holders;  ///< a stage
  Weights weights;  ///< empty tensors where the server holds nothing
  /// The same in all parts of one cut, and in no other.
  Digest cut{};
};

/// Layers with weights.
std::size_t layers_of(const Network& network);

/// Who holds what: the gateway alone the weights of the first `gateway_layers` layers, the other servers a
/// share each of the rest, and the gateway one, too, if it is to. UsageError for layers that are not there,
/// or that nobody would hold.
Holders place_layers(const Network& network, std::size_t servers, std::size_t gateway_layers,
                     bool gateway_shares);

/// Cuts the model, with shares from the operating system's randomness.
std::vector<Part> cut(const Model& model, std::string name, std::vector<std::string> servers,
                      Holders holders);

/// A part as a file's bytes, and back. `name` is the file's, for messages. UsageError for bytes that are no
/// part, or damaged.
Bytes to_bytes(const Part& part);
Part read_part(ByteView bytes, std::string_view name);

}  // namespace tacit::seco
