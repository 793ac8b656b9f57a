// Labels: what a wire of a garbled circuit carries. The garbler knows a wire's label for 0, and that for 1 as
// its sum with delta; who evaluates knows one of them and cannot tell which.
#pragma once

#include <vector>

#include "tacit/crypto/block.h"
#include "tacit/crypto/prg.h"

namespace tacit::gc {

using Label = Block;
/// Its lowest bit: the wire's colour.
inline Word colour(Label l) { return l.low & 1; }

/// Labels of some wires in some copies: wire after wire, copies side by side.
using Labels = std::vector<Label>;

/// Labels that are zeroed before their memory is given back.
class SecretLabels {
 public:
  SecretLabels() = default;
  explicit SecretLabels(std::size_t count) : labels_(count) {}
  SecretLabels(SecretLabels&&) = default;
  SecretLabels& operator=(SecretLabels&& other) noexcept;
  SecretLabels(const SecretLabels&) = delete;
  SecretLabels& operator=(const SecretLabels&) = delete;
  ~SecretLabels() { wipe(); }

  std::size_t size() const { return labels_.size(); }
  Label* data() { return labels_.data(); }
  const Label* data() const { return labels_.data(); }
  Label& operator[](std::size_t i) { return labels_[i]; }
  const Label& operator[](std::size_t i) const { return labels_[i]; }
  operator std::span<Label>() { return labels_; }
  operator std::span<const Label>() const { return labels_; }

 private:
  void wipe() noexcept;
  Labels labels_;
};

/// Fresh labels, uniform; and a delta, of colour 1.
Labels random_labels(const Stream& stream, std::size_t count);
Label random_delta(const Stream& stream);

}  // namespace tacit::gc
