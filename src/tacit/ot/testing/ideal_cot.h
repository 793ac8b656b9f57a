// For tests only: correlated transfer as a trusted dealer would give it. Both ends know one key, so this
// hides nothing from anybody.
#pragma once

#include <memory>

#include "tacit/crypto/prg.h"
#include "tacit/ot/cot.h"

namespace tacit::testing {

/// What both ends of one direction share.
struct IdealCot {
  Prg prg;
  Block delta;
  explicit IdealCot(ByteView key, Block d) : prg(key, detect_isa()), delta(d) {}
};

class IdealCotSender final : public ot::CotSender {
 public:
  explicit IdealCotSender(std::shared_ptr<const IdealCot> shared) : shared_(std::move(shared)) {}
  Block delta() const override { return shared_->delta; }
  void send(std::span<Block> keys) override {
    shared_->prg.fill(0, done_, words(keys));
    done_ += 2 * keys.size();
  }

 private:
  std::shared_ptr<const IdealCot> shared_;
  std::uint64_t done_ = 0;
};

class IdealCotReceiver final : public ot::CotReceiver {
 public:
  explicit IdealCotReceiver(std::shared_ptr<const IdealCot> shared) : shared_(std::move(shared)) {}
  void receive(std::span<const Word> choices, std::span<Block> out) override {
    shared_->prg.fill(0, done_, words(out));
    done_ += 2 * out.size();
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = out[i] ^ (shared_->delta & (choices[i / 64] >> i % 64 & 1));
  }

 private:
  std::shared_ptr<const IdealCot> shared_;
  std::uint64_t done_ = 0;
};

}  // namespace tacit::testing
