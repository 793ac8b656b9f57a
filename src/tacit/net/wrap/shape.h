// A link of given delay and rate, made of a faster one: for measuring wide-area behaviour on one machine,
// where all endpoints read the same clock. Each frame says when it is due; the receiver waits until then.
#pragma once

#include <memory>

#include "tacit/net/transport.h"

namespace tacit {

struct LinkShape {
  double one_way_seconds = 0;
  double bytes_per_second = 0;  ///< of each sender, over all its links; 0: no limit
};
/// "40ms,100mbit": the round trip's time and the rate of a sender; UsageError otherwise.
LinkShape parse_link(std::string_view text);

/// Frames as seen by callers are those of `inner`; on the wire each body is 8 bytes longer.
std::unique_ptr<Transport> shaped(Transport& inner, const LinkShape& shape);

}  // namespace tacit
