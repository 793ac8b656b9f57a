#include "tacit/gc/garble/label.h"

#include <string.h>

namespace tacit::gc {

SecretLabels& SecretLabels::operator=(SecretLabels&& other) noexcept {
  wipe();
  labels_ = std::move(other.labels_);
  other.labels_.clear();
  return *this;
}
void SecretLabels::wipe() noexcept {
  if (!labels_.empty()) explicit_bzero(labels_.data(), labels_.size() * sizeof(Label));
}

Labels random_labels(const Stream& stream, std::size_t count) {
  Labels out(count);
  stream.fill(0, words(std::span(out)));
  return out;
}
Label random_delta(const Stream& stream) {
  Label out = random_labels(stream, 1)[0];
  out.low |= 1;
  return out;
}

}  // namespace tacit::gc
