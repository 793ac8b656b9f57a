// Double words, for products of two words.
#pragma once

namespace tacit::he {
__extension__ typedef unsigned __int128 Wide;
}  // namespace tacit::he
