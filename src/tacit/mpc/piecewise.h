// A smooth function of one variable on an interval that is cut into 2^pieces_log2 pieces of width
// 2^step_log2, to be replaced on each piece by a polynomial.
#pragma once

namespace tacit {

struct Piecewise {
  const char* name;
  double (*f)(double);   ///< without branches and tables: a dealer evaluates it on its share
  double low;            ///< the interval begins here ...
  int step_log2;         ///< ... in pieces of this width ...
  unsigned pieces_log2;  ///< ... and ends one piece before low + 2^(pieces_log2 + step_log2)
  unsigned degree;       ///< of the polynomials, at most 7
  double bound;          ///< |f| stays below this on the interval, and f is smooth one piece beyond both ends
  double error;          ///< the polynomials differ from f by no more (checked by a test)
  /// If f(x + t) = f(x) · factor(t), as for exp: one number a piece does where a polynomial would.
  double (*factor)(double) = nullptr;

  double high() const;  ///< the interval's end (exclusive)
};

}  // namespace tacit
