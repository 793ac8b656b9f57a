// Only the runtime gets the text of a sealed model: nothing else can write it anywhere.
// expect: RuntimeKey::RuntimeKey\(\).* is private
#include "tacit/sealed/open.h"

std::uint64_t steal(tacit::sealed::OpenedModel& model, tacit::ByteSpan to) {
#ifdef MUST_FAIL
  model.text(tacit::sealed::RuntimeKey())->read(to);
#else
  static_cast<void>(to);
#endif
  return model.header().text_size;
}
