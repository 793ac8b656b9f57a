#include "tacit/job/same_rows.h"

#include "tacit/base/error.h"

namespace tacit {

ReleaseRule same_rows_rule(const Job& job) {
  return {"same rows", job.names(), "to know that all owners of columns have the same rows in the same order",
          1};
}

void require_same_rows(fn::Ctx& ctx, std::span<const Upload> uploads, Releases& releases) {
  auto ids = [&](const Upload& u) { return fn::adopt(ctx, u.ids, {kIdNumbers}); };
  std::vector<Secret<Bit>> different;
  const Secret<Real> first = ids(uploads.front());
  for (std::size_t u = 1; u < uploads.size(); ++u) {
    const Secret<Real> d = fn::sub(ctx, ids(uploads[u]), first);
    different.push_back(fn::bit_xor(ctx, fn::is_negative(ctx, d), fn::is_negative(ctx, fn::negate(ctx, d))));
  }
  if (different.empty()) return;
  // The disjunction of all bits, half by half.
  std::vector<const Secret<Bit>*> list;
  for (const auto& b : different) list.push_back(&b);
  Secret<Bit> any = fn::join<Bit>(ctx, list);
  while (any.size() > 1) {
    const std::size_t half = any.size() / 2, rest = any.size() - 2 * half;
    const Shape shapes[] = {{half}, {half}, {rest}};
    const auto parts = fn::split(ctx, any, shapes);
    Secret<Bit> either =
        fn::bit_xor(ctx, fn::bit_xor(ctx, parts[0], parts[1]), fn::bit_and(ctx, parts[0], parts[1]));
    const Secret<Bit>* both[] = {&either, &parts[2]};
    any = rest == 0 ? std::move(either) : fn::join<Bit>(ctx, both);
  }
  // As a number: owners, who are told by summands, are told no bits.
  const auto told = releases.release("same rows", "1 if they differ", fn::to_real(ctx, any));
  require(told && told->values.at(0) == 0,
          "the owners' ids differ: all must have the same rows in the same order");
}

}  // namespace tacit
