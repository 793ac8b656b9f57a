// The garbled gates. For an And gate of u and v with output w, garbler i with labels U, V for 0, and each
// garbler t whose label is to be made, with H_t a hash of its own:
//   X = H_t(U) ^ H_t(U ^ D_i) ^ [m_v·D_t],    Y = H_t'(V) ^ H_t'(V ^ D_i) ^ [m_u·D_t]  (^ U if t is i)
//   Z = H_t(U) ^ H_t'(V) ^ [(m_u·m_v ^ m_w)·D_t]
// where m are masks and [] is i's share. X, Y and Z go to the evaluator, but for t = i, whose Z is i's label
// for 0 of w. The evaluator adds up what all sent for t, and its own shares.
#pragma once

#include "tacit/gc/multiparty/masks.h"

namespace tacit::gc {

/// Shares of what a garbled gate holds, for each garbler's delta: of the masked wires' masks, and of the
/// products of And gates' input masks.
struct RowShares {
  const std::vector<WipedLabels>& masks;
  const std::vector<WipedLabels>& products;
};

/// A garbler's: garbles from its inputs' labels for 0, and sends.
void garbler_rows(const Context& c, const RowShares& shares, std::span<const Label> zeros);

/// The evaluator's: receives and adds up, as GarbledInstance keeps it.
struct KeptRows {
  Labels rows;
  std::vector<Word> colours;
};
KeptRows evaluator_rows(const Context& c, const RowShares& shares);

}  // namespace tacit::gc
