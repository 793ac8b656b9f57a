#include "tacit/party/coins.h"

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"

namespace tacit {

Coins::Source Coins::source(ByteView key, std::string_view use) const {
  if (key.empty()) return {};
  Source s{derive_key(key, "coins key " + std::string(use), 32), nullptr, watch_};
  s.prg = std::make_shared<Prg>(derive_key(s.key.bytes(), "generator", Prg::kKeySize).bytes(), isa_);
  return s;
}

Coins::Coins(const SessionKeys& keys, Isa isa, CoinsWatch watch)
    : isa_(isa),
      watch_(std::move(watch)),
      mine_(source(keys.mine.bytes(), "")),
      common_(source(keys.common.bytes(), "")) {
  for (const auto& key : keys.pair) pair_.push_back(source(key.bytes(), ""));
}

Coins Coins::fork(std::string_view label) {
  ensure(labels_.insert(std::string(label)).second, "a label for coins is used once");
  SessionKeys none;
  Coins child(none, isa_, watch_);
  const std::string use = "fork " + std::string(label);
  child.mine_ = source(mine_.key.bytes(), use);
  child.common_ = source(common_.key.bytes(), use);
  for (const auto& s : pair_) child.pair_.push_back(source(s.key.bytes(), use));
  return child;
}

}  // namespace tacit
