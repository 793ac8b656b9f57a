// Where garbled tables go, and where they come from: piece by piece, in the order in which gates are garbled,
// so that neither end holds a whole circuit's. In memory, or over a channel.
#pragma once

#include "tacit/gc/garble/label.h"
#include "tacit/net/channel.h"

namespace tacit::gc {

class TableSink {
 public:
  virtual ~TableSink() = default;
  /// Room for the next `count` rows. What was given before is complete by then.
  virtual std::span<Label> next(std::size_t count) = 0;
  /// After the last.
  virtual void finish() {}
};

class TableSource {
 public:
  virtual ~TableSource() = default;
  /// The next `count` rows, to be read before the next call.
  virtual std::span<const Label> next(std::size_t count) = 0;
};

/// All rows of a garbled circuit in one piece.
using Tables = std::vector<Label>;

class MemorySink : public TableSink {
 public:
  /// `tables` has the size that is due already.
  explicit MemorySink(std::span<Label> tables) : left_(tables) {}
  std::span<Label> next(std::size_t count) override;

 private:
  std::span<Label> left_;
};
class MemorySource : public TableSource {
 public:
  explicit MemorySource(std::span<const Label> tables) : left_(tables) {}
  /// UsageError if there are not as many.
  std::span<const Label> next(std::size_t count) override;

 private:
  std::span<const Label> left_;
};

/// Pieces become messages of kTableMessage rows, but for the last.
constexpr std::size_t kTableMessage = 1 << 14;
class ChannelSink : public TableSink {
 public:
  ChannelSink(Channel& to, std::string_view tag) : to_(to), tag_(tag) {}
  std::span<Label> next(std::size_t count) override;
  void finish() override;

 private:
  void send(std::size_t at_least);
  Channel& to_;
  std::string tag_;
  Labels waiting_;
  std::size_t used_ = 0;
};
class ChannelSource : public TableSource {
 public:
  /// `total`: all rows that will be asked for. PeerError for messages that do not fit.
  ChannelSource(Channel& from, std::string_view tag, std::size_t total)
      : from_(from), tag_(tag), left_(total) {}
  std::span<const Label> next(std::size_t count) override;

 private:
  Channel& from_;
  std::string tag_;
  std::size_t left_;
  Labels here_;
  std::size_t used_ = 0;
};

}  // namespace tacit::gc
