#include "tacit/broker/messages.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::broker {

namespace {

constexpr std::array<std::byte, 12> magic_bytes() {
  constexpr char kText[] = "tacit broker";
  std::array<std::byte, 12> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(kText[i]);
  return out;
}

/// Writes a message's fields.
class Writer {
 public:
  template <class T>
  void number(const T& value) {
    append(out, value);
  }
  void raw(const std::array<std::byte, 12>& bytes) { append_bytes(out, bytes); }
  void text(const std::string& text, std::size_t most) {
    require(text.size() <= most, "a text of {} bytes is longer than a broker's message may have: {}",
            text.size(), most);
    append(out, static_cast<std::uint16_t>(text.size()));
    append_bytes(out, bytes_of(text));
  }
  void shape(const Shape& shape) {
    require(shape.size() <= kMostAxes, "a tensor for a broker has {} axes, and may have {}", shape.size(),
            kMostAxes);
    append(out, static_cast<std::uint8_t>(shape.size()));
    for (const std::size_t extent : shape) append(out, static_cast<std::uint64_t>(extent));
  }
  void tensor(const Tensor& t) {
    shape(t.shape);
    require(elements(t.shape) == t.values.size(), "a tensor of shape {} has {} numbers", to_string(t.shape),
            t.values.size());
    require(t.values.size() <= kMostBody / sizeof(double),
            "a tensor of {} numbers does not fit a broker's message: take fewer rows at a time",
            t.values.size());
    append_bytes(out, bytes_of(std::span<const double>(t.values)));
  }
  Bytes out = Bytes(kFrameHead);
};

/// Takes a message's fields off the front of a body.
class Reader {
 public:
  Reader(ByteView body, const std::string& who) : left_(body), who_(who) {}
  template <class T>
  void number(T& value) {
    value = read_at<T>(take(sizeof(T)), 0);
  }
  void raw(std::array<std::byte, 12>& bytes) {
    const ByteView from = take(bytes.size());
    std::copy(from.begin(), from.end(), bytes.begin());
  }
  void text(std::string& text, std::size_t most) {
    std::uint16_t size = 0;
    number(size);
    if (size > most) bad(fmt::format("has a text of {} bytes, and may have {}", size, most));
    text = text_of(take(size));
  }
  void shape(Shape& shape) {
    std::uint8_t axes = 0;
    number(axes);
    if (axes > kMostAxes) bad(fmt::format("has a tensor of {} axes", axes));
    shape.clear();
    for (unsigned i = 0; i < axes; ++i) {
      std::uint64_t extent = 0;
      number(extent);
      shape.push_back(extent);
    }
    try {
      elements(shape);
    } catch (const UsageError&) { bad("has a tensor of more numbers than there can be"); }
  }
  void tensor(Tensor& t) {
    shape(t.shape);
    const std::size_t count = elements(t.shape);
    if (left_.size() / sizeof(double) < count) bad("has a tensor with fewer numbers than its shape needs");
    t.values.resize(count);
    const ByteView from = take(count * sizeof(double));
    if (count > 0) std::memcpy(t.values.data(), from.data(), from.size());
  }
  void finish() {
    if (!left_.empty()) bad("is too long");
  }

 private:
  ByteView take(std::size_t size) {
    if (size > left_.size()) bad("is too short");
    const ByteView out = left_.first(size);
    left_ = left_.subspan(size);
    return out;
  }
  [[noreturn]] void bad(std::string_view what) {
    throw PeerError(who_, fmt::format("a message of {} {}", who_, what));
  }
  ByteView left_;
  const std::string& who_;
};

// The fields of each message, once for both ways.

template <class V, class M>
void fields(V& v, M& m) requires std::is_same_v<std::remove_const_t<M>, Hello> {
  v.raw(m.magic);
  v.number(m.lowest);
  v.number(m.highest);
}
template <class V, class M>
void fields(V& v, M& m) requires std::is_same_v<std::remove_const_t<M>, Welcome> {
  v.number(m.version);
  v.number(m.models);
  v.number(m.body);
  v.number(m.tile);
}
template <class V, class M>
void fields(V& v, M& m) requires std::is_same_v<std::remove_const_t<M>, Open> {
  v.text(m.name, kLongestFileName);
}
template <class V, class M>
void fields(V& v, M& m) requires std::is_same_v<std::remove_const_t<M>, Opened> {
  v.number(m.model);
  v.number(m.level);
  v.text(m.model_name, kLongestName);
  v.text(m.vendor_name, kLongestName);
  v.number(m.expires);
  v.shape(m.example);
}
template <class V, class M>
void fields(V& v, M& m) requires std::is_same_v<std::remove_const_t<M>, Run> {
  v.number(m.model);
  v.tensor(m.examples);
}
template <class V, class M>
void fields(V& v, M& m) requires std::is_same_v<std::remove_const_t<M>, Answer> {
  v.tensor(m.answers);
}
template <class V, class M>
void fields(V& v, M& m) requires(std::is_same_v<std::remove_const_t<M>, Close> ||
                                 std::is_same_v<std::remove_const_t<M>, Closed>) {
  v.number(m.model);
}
template <class V, class M>
void fields(V& v, M& m) requires std::is_same_v<std::remove_const_t<M>, Refused> {
  v.number(m.code);
  v.text(m.words, kLongestWords);
}

}  // namespace

const std::array<std::byte, 12> Hello::kMagic = magic_bytes();

FrameHead parse_head(ByteView head, std::size_t most, const std::string& who) {
  ensure(head.size() == kFrameHead, "a head is whole");
  const FrameHead out{read_at<std::uint32_t>(head, 0), read_at<std::uint16_t>(head, 4)};
  if (read_at<std::uint16_t>(head, 6) != 0)
    throw PeerError(who, fmt::format("what {} says is no message of a broker and its clients", who));
  if (out.size > most)
    throw PeerError(who,
                    fmt::format("a message of {} claims {} bytes, and may have {}", who, out.size, most));
  return out;
}

template <class Message>
Bytes to_frame(const Message& message) {
  Writer to;
  fields(to, message);
  const std::size_t size = to.out.size() - kFrameHead;
  require(size <= kMostBody,
          "a message of {} bytes is longer than a broker's may be: take fewer rows at a time", size);
  const auto claimed = static_cast<std::uint32_t>(size);
  const auto tag = static_cast<std::uint16_t>(Message::kTag);
  std::memcpy(to.out.data(), &claimed, sizeof claimed);
  std::memcpy(to.out.data() + sizeof claimed, &tag, sizeof tag);
  return std::move(to.out);
}

template <class Message>
Message parse(ByteView body, const std::string& who) {
  Message out;
  Reader from(body, who);
  fields(from, out);
  from.finish();
  return out;
}

template Bytes to_frame(const Hello&);
template Bytes to_frame(const Welcome&);
template Bytes to_frame(const Open&);
template Bytes to_frame(const Opened&);
template Bytes to_frame(const Run&);
template Bytes to_frame(const Answer&);
template Bytes to_frame(const Close&);
template Bytes to_frame(const Closed&);
template Bytes to_frame(const Refused&);
template Hello parse(ByteView, const std::string&);
template Welcome parse(ByteView, const std::string&);
template Open parse(ByteView, const std::string&);
template Opened parse(ByteView, const std::string&);
template Run parse(ByteView, const std::string&);
template Answer parse(ByteView, const std::string&);
template Close parse(ByteView, const std::string&);
template Closed parse(ByteView, const std::string&);
template Refused parse(ByteView, const std::string&);

}  // namespace tacit::broker
