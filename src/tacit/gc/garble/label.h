// Labels: what a wire of a garbled circuit carries. The garbler knows a wire's label for 0, and that for 1 as
// its sum with delta; who evaluates knows one of them and cannot tell which.
#pragma once

#include <string.h>

#include <vector>

#include "tacit/crypto/block.h"
#include "tacit/crypto/prg.h"

namespace tacit::gc {

using Label = Block;
/// Its lowest bit: the wire's colour.
inline Word colour(Label l) { return l.low & 1; }

/// Labels of some wires in some copies: wire after wire, copies side by side.
using Labels = std::vector<Label>;

/// Plain values, labels or bits, that are zeroed before their memory is given back.
template <class T>
class Wiped {
 public:
  Wiped() = default;
  explicit Wiped(std::size_t count) : values_(count) {}
  Wiped(Wiped&&) noexcept = default;
  Wiped& operator=(Wiped&& other) noexcept {
    values_.swap(other.values_);
    return *this;
  }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() {
    if (!values_.empty()) explicit_bzero(values_.data(), values_.size() * sizeof(T));
  }

  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  T& operator[](std::size_t i) { return values_[i]; }
  const T& operator[](std::size_t i) const { return values_[i]; }
  std::span<T> all() { return values_; }
  std::span<const T> all() const { return values_; }

 private:
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<T> values_;
};
using WipedLabels = Wiped<Label>;
using WipedWords = Wiped<Word>;

/// Fresh labels, uniform; and a delta, of colour 1.
Labels random_labels(const Stream& stream, std::size_t count);
Label random_delta(const Stream& stream);

}  // namespace tacit::gc
