// A stream of random words has one user: it moves, and cannot be copied.
// expect: use of deleted function .*Stream
#include "tacit/crypto/prg.h"

tacit::Stream second(tacit::Stream& stream) {
#ifdef MUST_FAIL
  return stream;
#else
  return std::move(stream);
#endif
}
