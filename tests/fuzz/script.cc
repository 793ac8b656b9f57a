#include "script.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::fuzz {

std::string to_input(const std::vector<ScriptedFrame>& frames, std::span<const std::string_view> tags) {
  std::string out;
  for (const ScriptedFrame& f : frames) {
    const auto tag = std::find(tags.begin(), tags.end(), f.tag);
    ensure(tag != tags.end() && f.body.size() < (1u << 16), "a frame that fits a script");
    out += static_cast<char>(index(f.from));
    out += static_cast<char>(tag - tags.begin());
    out += static_cast<char>(f.body.size() & 255);
    out += static_cast<char>(f.body.size() >> 8);
    out += text_of(f.body);
  }
  return out;
}

std::vector<ScriptedFrame> from_input(Cursor cursor, std::span<const std::string_view> tags) {
  std::vector<ScriptedFrame> out;
  while (!cursor.done()) {
    ScriptedFrame f;
    f.from = party_id(cursor.byte());
    f.tag = tags[cursor.byte() % tags.size()];
    const ByteView body = cursor.bytes(cursor.number());
    f.body.assign(body.begin(), body.end());
    out.push_back(std::move(f));
  }
  return out;
}

ScriptTransport::ScriptTransport(std::vector<ScriptedFrame> frames, std::vector<std::string> names)
    : queues_(names.size()), names_(std::move(names)) {
  for (ScriptedFrame& f : frames)
    if (index(f.from) < queues_.size()) queues_[index(f.from)].push_back(std::move(f));
}

FrameHead ScriptTransport::receive_head(PartyId from) {
  auto& queue = queues_[index(from)];
  if (!queue.empty() && queue.front().tag == "cut") {
    queue.pop_front();
    PeerError broke(names_[index(from)], names_[index(from)] + " broke the connection");
    broke.cut = true;
    throw broke;
  }
  if (queue.empty()) throw PeerError(names_[index(from)], names_[index(from)] + " has left");
  FrameHead head;
  head.tag = queue.front().tag;
  head.size = queue.front().body.size();
  return head;
}

void ScriptTransport::receive_body(PartyId from, ByteSpan body) {
  auto& queue = queues_[index(from)];
  ensure(!queue.empty() && queue.front().body.size() == body.size(), "receive_body follows receive_head");
  std::copy(queue.front().body.begin(), queue.front().body.end(), body.begin());
  queue.pop_front();
}

FrameHead RecordingTransport::receive_head(PartyId from) {
  const FrameHead head = inner_.receive_head(from);
  tag_ = head.tag;
  return head;
}

void RecordingTransport::receive_body(PartyId from, ByteSpan body) {
  inner_.receive_body(from, body);
  frames_.push_back({from, tag_, Bytes(body.begin(), body.end())});
}

}  // namespace tacit::fuzz
