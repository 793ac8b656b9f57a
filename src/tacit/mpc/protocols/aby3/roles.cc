#include "tacit/mpc/protocols/aby3/roles.h"

#include "tacit/base/error.h"

namespace tacit::aby3 {

Blocks::Blocks(std::size_t n) {
  const std::size_t w = plane_words(n);
  for (std::size_t j = 0; j < 3; ++j) {
    words[j] = {w * j / 3, w * (j + 1) / 3};
    elements[j] = {std::min(n, 64 * words[j].begin), std::min(n, 64 * words[j].end)};
  }
}

RoleStreams RoleStreams::draw(Party& party) {
  // Of a pair (i, i+1), the first number serves block i, where i deals and i+1 is L; the second serves block
  // i+1, where i+1 deals and i is R.
  Coins& coins = party.coins();
  Stream dealer_left = coins.with(party.next()), right_dealer = coins.with(party.next());
  Stream left_dealer = coins.with(party.prev()), dealer_right = coins.with(party.prev());
  return {std::move(dealer_left), std::move(dealer_right), std::move(left_dealer), std::move(right_dealer)};
}

Word* Cursor::words(std::size_t n) {
  ensure(n <= static_cast<std::size_t>(end_ - at_), "a message's regions");
  Word* p = at_;
  at_ += n;
  return p;
}

}  // namespace tacit::aby3
