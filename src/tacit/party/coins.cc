#include "tacit/party/coins.h"

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"

namespace tacit {

Coins::Source Coins::source(ByteView key, std::string_view use, Isa isa) {
  if (key.empty()) return {};
  Source s{derive_key(key, "coins key " + std::string(use), 32), nullptr};
  s.prg = std::make_shared<Prg>(derive_key(s.key.bytes(), "generator", Prg::kKeySize).bytes(), isa);
  return s;
}

Coins::Coins(const SessionKeys& keys, Isa isa)
    : isa_(isa), mine_(source(keys.mine.bytes(), "", isa)), common_(source(keys.common.bytes(), "", isa)) {
  for (const auto& key : keys.pair) pair_.push_back(source(key.bytes(), "", isa));
}

Coins Coins::fork(std::string_view label) {
  ensure(labels_.insert(std::string(label)).second, "a label for coins is used once");
  SessionKeys none;
  Coins child(none, isa_);
  const std::string use = "fork " + std::string(label);
  child.mine_ = source(mine_.key.bytes(), use, isa_);
  child.common_ = source(common_.key.bytes(), use, isa_);
  for (const auto& s : pair_) child.pair_.push_back(source(s.key.bytes(), use, isa_));
  return child;
}

}  // namespace tacit
