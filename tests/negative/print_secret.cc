// A secret cannot be printed.
// expect: use of deleted function
#include <iostream>

#include "tacit/secret/secret.h"

void show(const tacit::Secret<tacit::Real>& x) {
#ifdef MUST_FAIL
  std::cout << x;
#else
  std::cout << x.size();
#endif
}
