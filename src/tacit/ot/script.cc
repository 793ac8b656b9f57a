#include "tacit/ot/script.h"

#include <algorithm>

#include "tacit/ot/base/base_ot.h"
#include "tacit/ot/extension/seed_trees.h"
#include "tacit/ot/extension/softspoken.h"
#include "tacit/ot/silent/ferret.h"
#include "tacit/ot/silent/supply.h"
#include "tacit/ot/transfer/transfer.h"

namespace tacit::ot {

namespace {

constexpr Threat kThreat = Threat::SemiHonest;

/// The sender of extended transfers is the receiver of the base transfers.
void softspoken_set_up(Script& script, Groups groups, std::size_t sender, std::size_t receiver) {
  script.send(sender, receiver, base_ot_receiver_bytes(Groups::kBits));
  script.send(receiver, sender, kBaseOtSenderBytes);
  script.receive(sender, receiver);
  script.receive(receiver, sender);
  if (const std::size_t trees = seed_tree_bytes(groups, kThreat); trees > 0)
    script.pass(receiver, sender, trees);
}

std::uint64_t portion_bytes(const Lpn& lpn, std::size_t rows) {
  std::size_t trees = 0;
  for (const std::size_t portion : Supply::portions(lpn, kThreat, rows)) trees += portion;
  return trees * (lpn.depth - 1) * sizeof(Block);
}

}  // namespace

ScriptedSource::ScriptedSource(Script& script, Source source, std::size_t sender, std::size_t receiver,
                               const SourceSeconds& seconds)
    : source_(source), sender_(sender), receiver_(receiver), seconds_(seconds) {
  const auto [groups, lpn] = parameters_of(source);
  softspoken_set_up(script, lpn != nullptr ? kFerretBootstrap : groups, sender, receiver);
  if (lpn != nullptr)
    script.pass(receiver, sender,
                softspoken_transfers(kFerretBootstrap, kThreat, Supply::needed(*lpn, kThreat)).bytes);
  for (const std::size_t end : {sender, receiver}) script.work(end, seconds_.set_up);
}

void ScriptedSource::transfer(Script& script, std::size_t n) {
  if (n == 0) return;
  const auto [groups, lpn] = parameters_of(source_);
  const double work = seconds_.transfer * static_cast<double>(n);
  if (lpn == nullptr) {
    script.work(receiver_, work);
    script.pass(receiver_, sender_, softspoken_transfers(groups, kThreat, n).bytes);
    script.work(sender_, work);
    return;
  }
  // What an earlier call has left over is used up first: portions go on where they stopped.
  const std::uint64_t before = portion_bytes(*lpn, made_), after = portion_bytes(*lpn, made_ + n);
  made_ += n;
  script.work(sender_, work);
  if (after > before) script.pass(sender_, receiver_, after - before);
  script.work(receiver_, work);
  script.pass(receiver_, sender_, (n + 63) / 64 * sizeof(Word));
}

void ScriptedSource::correlated_bits(Script& script, std::size_t n) {
  for (std::size_t first = 0; first < n; first += kTransfersAtOnce)
    transfer(script, std::min(kTransfersAtOnce, n - first));
  if (n > 0) script.pass(sender_, receiver_, correlated_bits_traffic(n).bytes);
}

}  // namespace tacit::ot
