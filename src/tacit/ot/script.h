// What oblivious transfer sends, message by message, for estimates (net/script.h); semi-honest.
#pragma once

#include "tacit/net/script.h"
#include "tacit/ot/source.h"

namespace tacit::ot {

/// Seconds of work at each end.
struct SourceSeconds {
  double set_up = 0;
  double transfer = 0;
};

/// One sender and one receiver of some source. What it writes depends on what it has written before, as a
/// silent source keeps what is left over.
class ScriptedSource {
 public:
  /// Writes the set-up down.
  ScriptedSource(Script& script, Source source, std::size_t sender, std::size_t receiver,
                 const SourceSeconds& seconds = {});
  std::size_t sender() const { return sender_; }
  std::size_t receiver() const { return receiver_; }

  /// CotSender::send and CotReceiver::receive of n.
  void transfer(Script& script, std::size_t n);
  /// TransferSender::correlated_bits and its namesake.
  void correlated_bits(Script& script, std::size_t n);

 private:
  Source source_;
  std::size_t sender_, receiver_;
  SourceSeconds seconds_;
  std::size_t made_ = 0;
};

}  // namespace tacit::ot
