#include "tacit/gc/garble/label.h"

namespace tacit::gc {

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
