// Where long byte strings go to, or come from, piece by piece, so that they need not lie in memory whole.
#pragma once

#include "tacit/base/bytes.h"
#include "tacit/base/error.h"

namespace tacit {

class ByteWriter {
 public:
  virtual ~ByteWriter() = default;
  /// Takes all of `bytes`. IoError where that cannot be.
  virtual void write(ByteView bytes) = 0;
};

class ByteReader {
 public:
  virtual ~ByteReader() = default;
  /// Fills all of `out`. UsageError if there are fewer bytes, or damaged ones; IoError.
  virtual void read(ByteSpan out) = 0;
  /// As many as come at once, one at least and `most` at most, to the beginning of `room`, which has as much:
  /// their number. The rest of `room` may be written over, so that a reader can work in it.
  virtual std::size_t read_some(ByteSpan room, std::size_t most) {
    read(room.first(most));
    return most;
  }
};

/// Over memory.
class MemoryWriter : public ByteWriter {
 public:
  void write(ByteView more) override { append_bytes(bytes, more); }
  Bytes bytes;
};
class MemoryReader : public ByteReader {
 public:
  explicit MemoryReader(ByteView bytes) : left_(bytes) {}
  void read(ByteSpan out) override {
    require(out.size() <= left_.size(), "{} bytes are left, where {} are due", left_.size(), out.size());
    if (!out.empty()) std::memcpy(out.data(), left_.data(), out.size());
    left_ = left_.subspan(out.size());
  }
  std::size_t left() const { return left_.size(); }

 private:
  ByteView left_;
};

}  // namespace tacit
