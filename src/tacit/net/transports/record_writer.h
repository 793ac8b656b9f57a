// Cuts what a link sends into records of its connection, each record in TLS records that are as full as can
// be, without ever blocking. The first TLS record of a turn is put together here; the others lie where the
// caller's message does.
#pragma once

#include <optional>

#include "tacit/net/transports/link_record.h"
#include "tacit/net/transports/replay_window.h"
#include "tacit/net/transports/tls_stream.h"

namespace tacit {

class RecordWriter {
 public:
  /// `lasting`: the link outlives its connection, so that what was written is kept until it is acknowledged,
  /// and the peer is told what was received.
  explicit RecordWriter(bool lasting) : lasting_(lasting) {}

  /// The stream of frames.
  ReplayWindow& window() { return window_; }
  const ReplayWindow& window() const { return window_; }

  /// A turn: what is under way, or else the next data record, as far as the socket takes it. It is bounded,
  /// so that reading gets its turn while the data are still in the cache. What was `received` is told along
  /// with data; `beat`: in any case. `moved` is set if something was written.
  TlsStream::Outcome write(TlsStream& stream, std::uint64_t received, bool beat, bool& moved);
  /// A record of another kind, to be written next; only when idle().
  void put(RecordHead::Kind kind, ByteView body);
  /// Between records.
  bool idle() const { return !due_; }
  /// Whether so much came since the peer was told that it is worth a record of its own.
  bool much_to_tell(std::uint64_t received) const;
  /// Of poll(), what writing waits for: room in the socket, acknowledgements (which come in), or nothing (0).
  short wants() const;
  /// For another connection, on which the peer has been told what was received.
  void reset(std::uint64_t received);

 private:
  /// The TLS record that is being written.
  struct Due {
    std::size_t payload = 0;  ///< bytes of the stream of frames in it
    bool made = false;        ///< it lies in room_, with what else it has; else it is the stream's next bytes
  };
  bool next_due(std::uint64_t received, bool beat);
  std::size_t data_size() const;

  bool lasting_;
  ReplayWindow window_;
  Bytes room_;
  std::optional<Due> due_;
  std::size_t left_ = 0;             ///< of the data record that is being written, behind what is due
  std::uint64_t told_received_ = 0;  ///< the peer was told so
};

}  // namespace tacit
