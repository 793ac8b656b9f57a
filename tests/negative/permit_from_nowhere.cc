// Only the policy mints permits.
// expect: RevealPermit::RevealPermit\(.*\).* is private
#include "tacit/secret/policy.h"

tacit::RevealPermit forge(tacit::RevealPolicy& policy) {
#ifdef MUST_FAIL
  return tacit::RevealPermit(tacit::ReleaseRule(), tacit::PartySet());
#else
  return policy.permit("model");
#endif
}
