// Shares become secrets in fn/ only.
// expect: Secret\(.*\).* is private
#include "tacit/secret/secret.h"

std::size_t make(tacit::Share share) {
#ifdef MUST_FAIL
  tacit::Secret<tacit::Real> x(std::move(share));
  return x.size();
#else
  return share.size();
#endif
}
