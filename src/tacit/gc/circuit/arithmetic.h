// Numbers in circuits, with the And gates that each costs for n bits. Signed numbers are in two's complement.
#pragma once

#include "tacit/gc/circuit/builder.h"

namespace tacit::gc {

Bits constant(Word value, std::size_t bits);

/// a + b (+ carry) modulo 2^n: n - 1.
Bits add(Builder& c, const Bits& a, const Bits& b, Bit carry = false);
/// With the carry as one bit more: n.
Bits add_wide(Builder& c, const Bits& a, const Bits& b);
/// a - b modulo 2^n: n - 1.
Bits subtract(Builder& c, const Bits& a, const Bits& b);
/// -a modulo 2^n: n - 2.
Bits negate(Builder& c, const Bits& a);

/// a < b, unsigned and signed: n.
Bit less(Builder& c, const Bits& a, const Bits& b);
Bit less_signed(Builder& c, const Bits& a, const Bits& b);
/// a == b: n - 1.
Bit equal(Builder& c, const Bits& a, const Bits& b);
/// One of two: n.
Bits select(Builder& c, Bit which, const Bits& if_set, const Bits& otherwise);

/// max(a, 0) of a signed number: n - 1.
Bits relu(Builder& c, const Bits& a);
/// The larger of two signed numbers: 2n.
Bits larger(Builder& c, const Bits& a, const Bits& b);
/// The largest of some: 2n for each but one, in a tree.
Bits maximum(Builder& c, const std::vector<Bits>& numbers);
/// A signed number kept within [low, high]: at most 3n between constants, else 4n.
Bits clip(Builder& c, const Bits& a, const Bits& low, const Bits& high);
/// Compares two signed numbers.
using Less = Bit (*)(Builder&, const Bits&, const Bits&);
/// The place of the largest of some signed numbers, the first of equals: about 2n + log k each.
Bits argmax(Builder& c, const std::vector<Bits>& numbers, Less less = less_signed);

/// min(max(a, 0), top) of a signed number and a positive constant: 2n - 1 at most.
Bits relu_to(Builder& c, const Bits& a, Word top);
/// The places of the k largest of m signed numbers, the largest first and equal ones in their order: at most
/// 2n + log m + 1 for each of m·k - k(k + 1)/2 exchanges.
std::vector<Bits> top_places(Builder& c, const std::vector<Bits>& numbers, std::size_t k,
                             Less less = less_signed);

/// floor(a / 2^by + 1/2) of a signed number, in n - by bits: halves are rounded up; n - by - 1.
Bits round_shift(Builder& c, const Bits& a, std::size_t by);
/// a mod p of a < 2p, in the bits of p: 2n.
Bits reduce_once(Builder& c, const Bits& a, Word p);
/// a + b mod p of two numbers below p: 3n.
Bits add_mod(Builder& c, const Bits& a, const Bits& b, Word p);
/// a - b mod p of two numbers below p: 2n.
Bits subtract_mod(Builder& c, const Bits& a, const Bits& b, Word p);

// For evaluation in rounds, as GMW does it: depth by logarithms, for more And gates.

/// a + b (+ carry) modulo 2^n: depth log n + 1 at most, about n log n gates (151 for 32 bits).
Bits shallow_add(Builder& c, const Bits& a, const Bits& b, Bit carry = false);
Bits shallow_subtract(Builder& c, const Bits& a, const Bits& b);
/// a < b: depth log n + 1, at most 3n gates.
Bit shallow_less(Builder& c, const Bits& a, const Bits& b);
Bit shallow_less_signed(Builder& c, const Bits& a, const Bits& b);

}  // namespace tacit::gc
