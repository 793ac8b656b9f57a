// What a broker and its clients say to each other over a Unix domain socket. A frame is the size of its body
// (u32), a tag (u16) and zeros (u16), and the body; all numbers are little-endian. A client says Hello and
// is answered Welcome; then it asks, one thing at a time, to open a model, to run it or to close it, and each
// time is answered with that or Refused. The file of a model that is to be opened comes with the frame, as a
// descriptor (memory_file.h).
//
// Whatever is read here is checked for size and range, and used up; what is not as it must be is a PeerError.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tacit/base/bytes.h"
#include "tacit/base/shape.h"

namespace tacit::broker {

constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kFrameHead = 8;
/// Bytes of a body, at most: of a client's tensors and of the answers.
constexpr std::size_t kMostBody = std::size_t{16} << 20;
constexpr std::size_t kMostAxes = 8, kLongestFileName = 255, kLongestName = 80, kLongestWords = 2000;

enum class Tag : std::uint16_t {
  Hello = 1,
  Open = 2,
  Run = 3,
  Close = 4,
  Welcome = 101,
  Opened = 102,
  Answer = 103,
  Closed = 104,
  Refused = 105,
};

/// Numbers as they lie one after the other, the last axis fastest.
struct Tensor {
  Shape shape;
  std::vector<double> values;
  bool operator==(const Tensor&) const = default;
};

struct Hello {
  static constexpr Tag kTag = Tag::Hello;
  std::array<std::byte, 12> magic = kMagic;             ///< "tacit broker"
  std::uint16_t lowest = kVersion, highest = kVersion;  ///< versions that the client speaks
  bool operator==(const Hello&) const = default;

  static const std::array<std::byte, 12> kMagic;
};
struct Welcome {
  static constexpr Tag kTag = Tag::Welcome;
  std::uint16_t version = kVersion;  ///< that both speak from now on
  std::uint32_t models = 0;          ///< that a client may have open
  std::uint64_t body = 0, tile = 0;  ///< bytes: of a frame's body, at most; of a model in the clear at a time
  bool operator==(const Welcome&) const = default;
};
struct Open {
  static constexpr Tag kTag = Tag::Open;
  std::string name;  ///< how messages call the file
  bool operator==(const Open&) const = default;
};
struct Opened {
  static constexpr Tag kTag = Tag::Opened;
  std::uint32_t model = 0;  ///< its number, among this client's
  std::uint8_t level = 0;
  std::string model_name, vendor_name;
  std::int64_t expires = 0;  ///< seconds since 1970, UTC; the largest number for never
  Shape example;             ///< of one, without the axis that counts them
  bool operator==(const Opened&) const = default;
};
struct Run {
  static constexpr Tag kTag = Tag::Run;
  std::uint32_t model = 0;
  Tensor examples;
  bool operator==(const Run&) const = default;
};
struct Answer {
  static constexpr Tag kTag = Tag::Answer;
  Tensor answers;
  bool operator==(const Answer&) const = default;
};
struct Close {
  static constexpr Tag kTag = Tag::Close;
  std::uint32_t model = 0;
  bool operator==(const Close&) const = default;
};
struct Closed {
  static constexpr Tag kTag = Tag::Closed;
  std::uint32_t model = 0;
  bool operator==(const Closed&) const = default;
};
struct Refused {
  static constexpr Tag kTag = Tag::Refused;
  std::uint8_t code = 0;  ///< 1 to 5, as the program's exit codes
  std::string words;      ///< one sentence
  bool operator==(const Refused&) const = default;
};

/// The head of a frame.
struct FrameHead {
  std::uint32_t size = 0;
  std::uint16_t tag = 0;
};
/// PeerError, about `who`, for a body of more than `most` bytes, or a head that is none.
FrameHead parse_head(ByteView head, std::size_t most, const std::string& who);

/// The frame whole, head and body. UsageError if a text or tensor in it is longer than it may be.
template <class Message>
Bytes to_frame(const Message& message);
/// Of a body. PeerError, about `who`.
template <class Message>
Message parse(ByteView body, const std::string& who);

}  // namespace tacit::broker
